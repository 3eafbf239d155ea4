//! The content of the database after an import, compared with the expectations in `expected.json`.

use std::collections::{BTreeMap, BTreeSet};

use ::entity::stock_change::Reason;
use ::entity::{
    brand, category, group, inflow, outflow, permission, product, spent_token, stock_change, supplier, user,
    user_group,
};
use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use serde_json::{Value, json};

use crate::support::gateway::Gateway;

pub struct ImportedRows {
    brands: Vec<brand::Model>,
    categories: Vec<category::Model>,
    suppliers: Vec<supplier::Model>,
    products: Vec<product::Model>,
    inflows: Vec<inflow::Model>,
    outflows: Vec<outflow::Model>,
    changes: Vec<stock_change::Model>,
    users: Vec<user::Model>,
    groups: Vec<group::Model>,
    memberships: Vec<user_group::Model>,
    permissions: Vec<permission::Model>,
    tokens: Vec<spent_token::Model>,
}

impl ImportedRows {
    pub async fn read(gateway: &Gateway) -> Self {
        let db = &gateway.services.db;
        let changes = stock_change::Entity::find().order_by_asc(stock_change::Column::Id);
        Self {
            brands: brand::Entity::find().all(db).await.unwrap(),
            categories: category::Entity::find().all(db).await.unwrap(),
            suppliers: supplier::Entity::find().all(db).await.unwrap(),
            products: product::Entity::find().all(db).await.unwrap(),
            inflows: inflow::Entity::find().all(db).await.unwrap(),
            outflows: outflow::Entity::find().all(db).await.unwrap(),
            changes: changes.all(db).await.unwrap(),
            users: user::Entity::find().all(db).await.unwrap(),
            groups: group::Entity::find().all(db).await.unwrap(),
            memberships: user_group::Entity::find().all(db).await.unwrap(),
            permissions: permission::Entity::find().all(db).await.unwrap(),
            tokens: spent_token::Entity::find().all(db).await.unwrap(),
        }
    }

    pub async fn user(gateway: &Gateway, name: &str) -> user::Model {
        let users = user::Entity::find().filter(user::Column::Username.eq(name));
        users.one(&gateway.services.db).await.unwrap().expect("the user")
    }

    pub fn assert_expected(&self, expected: &Value) {
        let counts = json!({
            "brand": self.brands.len(), "category": self.categories.len(), "supplier": self.suppliers.len(),
            "product": self.products.len(), "inflow": self.inflows.len(), "outflow": self.outflows.len(),
            "user": self.users.len(), "group": self.groups.len(), "stock_change": self.changes.len(),
        });
        assert_eq!(counts, expected["target"]);
        for cell in expected["cells"].as_array().expect("cells") {
            let (table, id) = (cell[0].as_str().unwrap(), cell[1].as_i64().unwrap());
            let row = self.row(table, id);
            assert_eq!(row[cell[2].as_str().unwrap()], cell[3], "{cell}");
        }
        assert_eq!(self.stock(), expected["stock"]);
        for (name, group) in expected["groups"].as_object().expect("groups") {
            assert_eq!(self.group(name), *group, "{name}");
        }
        assert_eq!(self.rights(), expected["rights"]);
        let tokens: BTreeSet<&str> = self.tokens.iter().map(|token| token.jti.as_str()).collect();
        let expected_tokens = expected["spent_tokens"].as_array().into_iter().flatten();
        assert_eq!(
            tokens,
            expected_tokens.map(|token| token.as_str().unwrap()).collect()
        );
        for (table, actors) in expected["actors"].as_object().into_iter().flatten() {
            let reason = if table == "inflow" {
                Reason::InflowCreated
            } else {
                Reason::OutflowCreated
            };
            for (id, actor) in actors.as_object().expect("actors") {
                let id: i64 = id.parse().expect("an id");
                let of_movement =
                    |entry: &&stock_change::Model| entry.reason == reason && entry.movement_id == Some(id);
                let entry = self.changes.iter().find(of_movement).expect("an entry");
                assert_eq!(json!(entry.actor_id), *actor, "{table} {id}");
            }
        }
        for (key, is_superuser) in [("inactive", false), ("superusers", true)] {
            let Some(names) = expected[key].as_array() else {
                continue;
            };
            let matches = |user: &&user::Model| {
                if is_superuser {
                    user.is_superuser
                } else {
                    !user.is_active
                }
            };
            let found: BTreeSet<&str> = self
                .users
                .iter()
                .filter(matches)
                .map(|user| user.username.as_str())
                .collect();
            assert_eq!(
                found,
                names.iter().map(|name| name.as_str().unwrap()).collect(),
                "{key}"
            );
        }
    }

    fn row(&self, table: &str, id: i64) -> Value {
        let label = |name: &str, description: &Option<String>, created, updated| json!({"name": name, "description": description, "created_at": time(created), "updated_at": time(updated)});
        let row = match table {
            "brand" => self
                .brands
                .iter()
                .find(|row| row.id == id)
                .map(|row| label(&row.name, &row.description, row.created_at, row.updated_at)),
            "category" => self
                .categories
                .iter()
                .find(|row| row.id == id)
                .map(|row| label(&row.name, &row.description, row.created_at, row.updated_at)),
            "supplier" => self
                .suppliers
                .iter()
                .find(|row| row.id == id)
                .map(|row| label(&row.name, &row.description, row.created_at, row.updated_at)),
            "product" => self.products.iter().find(|row| row.id == id).map(|row| {
                json!({"title": row.title, "description": row.description, "serie_number": row.serie_number,
                    "cost_price": price(row.cost_price), "selling_price": price(row.selling_price),
                    "quantity": row.quantity, "brand_id": row.brand_id, "category_id": row.category_id,
                    "created_at": time(row.created_at), "updated_at": time(row.updated_at)})
            }),
            "inflow" => self.inflows.iter().find(|row| row.id == id).map(|row| {
                json!({"description": row.description, "supplier_id": row.supplier_id,
                    "created_at": time(row.created_at), "updated_at": time(row.updated_at)})
            }),
            _ => self.outflows.iter().find(|row| row.id == id).map(|row| {
                json!({"description": row.description, "unit_price": price(row.unit_price),
                    "unit_cost": price(row.unit_cost),
                    "created_at": time(row.created_at), "updated_at": time(row.updated_at)})
            }),
        };
        row.unwrap_or_else(|| panic!("{table} {id} is missing"))
    }

    fn stock(&self) -> Value {
        let mut stock = BTreeMap::new();
        for product in &self.products {
            let entries: Vec<&stock_change::Model> = self
                .changes
                .iter()
                .filter(|entry| entry.product_id == product.id)
                .collect();
            let sum = |reason| -> i64 {
                entries
                    .iter()
                    .filter(|entry| entry.reason == reason)
                    .map(|entry| entry.change)
                    .sum()
            };
            let summary = json!({"quantity": product.quantity, "opening": sum(Reason::ProductCreated),
                "closing": sum(Reason::Adjustment), "entries": entries.len()});
            stock.insert(product.id.to_string(), summary);
        }
        json!(stock)
    }

    fn group(&self, name: &str) -> Value {
        let id = self
            .groups
            .iter()
            .find(|group| group.name == name)
            .expect("the group")
            .id;
        let members = self
            .memberships
            .iter()
            .filter(|membership| membership.group_id == id);
        let members: BTreeSet<&str> = members
            .map(|membership| self.username(membership.user_id))
            .collect();
        let permissions = self
            .permissions
            .iter()
            .filter(|permission| permission.group_id == Some(id));
        let codenames: BTreeSet<&str> = permissions
            .map(|permission| permission.codename.as_str())
            .collect();
        json!({ "members": members, "permissions": codenames })
    }

    fn rights(&self) -> Value {
        let mut rights: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for permission in &self.permissions {
            if let Some(user) = permission.user_id {
                rights
                    .entry(self.username(user))
                    .or_default()
                    .insert(&permission.codename);
            }
        }
        json!(rights)
    }

    fn username(&self, id: i64) -> &str {
        let user = self.users.iter().find(|user| user.id == id);
        &user.expect("the user").username
    }
}

fn price(price: ::entity::Money) -> String {
    let mut amount = price.0;
    amount.rescale(2);
    amount.to_string()
}

fn time(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.6fZ")
        .to_string()
        .replace(".000000Z", "Z")
}
