//! Collects all rows of a source in memory.

use std::collections::BTreeMap;

use django_source::digest::{TableDigest, TableSummary};
use django_source::row::{
    Batch, Group, Inflow, Label, Membership, Outflow, Product, Reason, SpentToken, StockChange, User,
    UserPermission,
};
use django_source::{BATCH_ROWS, Plan};
use serde_json::{Value, json};

#[derive(Default)]
pub struct Collected {
    pub users: Vec<User>,
    pub groups: Vec<Group>,
    pub memberships: Vec<Membership>,
    pub permissions: Vec<UserPermission>,
    pub labels: BTreeMap<&'static str, Vec<Label>>,
    pub products: Vec<Product>,
    pub inflows: Vec<Inflow>,
    pub outflows: Vec<Outflow>,
    pub changes: Vec<StockChange>,
    pub tokens: Vec<SpentToken>,
    pub summaries: Vec<TableSummary>,
}

impl Collected {
    pub async fn of(plan: Plan) -> django_source::Result<Self> {
        let mut all = Self::default();
        let mut rows = plan.rows();
        while let Some(batch) = rows.next().await {
            match batch {
                Batch::Users(rows) => take(&mut all.users, rows),
                Batch::Groups(rows) => take(&mut all.groups, rows),
                Batch::Memberships(rows) => take(&mut all.memberships, rows),
                Batch::UserPermissions(rows) => take(&mut all.permissions, rows),
                Batch::Brands(rows) => take(all.labels.entry("brand").or_default(), rows),
                Batch::Categories(rows) => take(all.labels.entry("category").or_default(), rows),
                Batch::Suppliers(rows) => take(all.labels.entry("supplier").or_default(), rows),
                Batch::Products(rows) => take(&mut all.products, rows),
                Batch::Inflows(rows) => take(&mut all.inflows, rows),
                Batch::Outflows(rows) => take(&mut all.outflows, rows),
                Batch::StockChanges(rows) => take(&mut all.changes, rows),
                Batch::SpentTokens(rows) => take(&mut all.tokens, rows),
            }
        }
        all.summaries = rows.finish().await?;
        Ok(all)
    }

    /// The summaries, recomputed from the rows.
    pub fn digests(&self) -> Vec<TableSummary> {
        let mut digests = vec![sum("user", &self.users)];
        for table in ["brand", "category", "supplier"] {
            digests.push(sum(table, self.labels.get(table).map_or(&[][..], Vec::as_slice)));
        }
        digests.push(sum("product", &self.products));
        digests.push(sum("inflow", &self.inflows));
        digests.push(sum("outflow", &self.outflows));
        digests.push(sum("stock_change", &self.changes));
        digests.push(sum("group_permission", &self.groups));
        digests.push(sum("user_group", &self.memberships));
        digests.push(sum("user_permission", &self.permissions));
        digests.push(sum("spent_token", &self.tokens));
        digests
    }

    /// A cell in the format of `expected.json`.
    pub fn cell(&self, table: &str, id: i64, column: &str) -> Value {
        let times = |created: chrono::DateTime<chrono::Utc>, updated: chrono::DateTime<chrono::Utc>| {
            let text = |moment: chrono::DateTime<chrono::Utc>| {
                let text = moment.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
                text.replace(".000000Z", "Z")
            };
            (text(created), text(updated))
        };
        let row = match table {
            "product" => {
                let row = self
                    .products
                    .iter()
                    .find(|row| row.id == id)
                    .expect("the product is there");
                let (created, updated) = times(row.created_at, row.updated_at);
                json!({"title": row.title, "description": row.description, "serie_number": row.serie_number,
                    "cost_price": row.cost_price.to_string(), "selling_price": row.selling_price.to_string(),
                    "quantity": row.quantity, "brand_id": row.brand_id, "category_id": row.category_id,
                    "created_at": created, "updated_at": updated})
            }
            "inflow" => {
                let row = self
                    .inflows
                    .iter()
                    .find(|row| row.id == id)
                    .expect("the inflow is there");
                let (created, updated) = times(row.created_at, row.updated_at);
                json!({"description": row.description, "supplier_id": row.supplier_id, "created_at": created, "updated_at": updated})
            }
            "outflow" => {
                let row = self
                    .outflows
                    .iter()
                    .find(|row| row.id == id)
                    .expect("the outflow is there");
                let (created, updated) = times(row.created_at, row.updated_at);
                json!({"description": row.description, "unit_price": row.unit_price.to_string(),
                    "unit_cost": row.unit_cost.to_string(), "created_at": created, "updated_at": updated})
            }
            label => {
                let row = self.labels[label]
                    .iter()
                    .find(|row| row.id == id)
                    .expect("the row is there");
                let (created, updated) = times(row.created_at, row.updated_at);
                json!({"name": row.name, "description": row.description, "created_at": created, "updated_at": updated})
            }
        };
        row.get(column)
            .unwrap_or_else(|| panic!("{table} has {column}"))
            .clone()
    }

    /// The ledger by product, in the format of `expected.json`. Asserts that the entries are valid.
    pub fn stock(&self) -> Value {
        let mut stock = serde_json::Map::new();
        for product in &self.products {
            let entries: Vec<&StockChange> = self
                .changes
                .iter()
                .filter(|change| change.product_id == product.id)
                .collect();
            let mut balance = 0;
            for (index, entry) in entries.iter().enumerate() {
                balance += entry.change;
                assert_eq!(balance, entry.balance, "product {}", product.id);
                assert!((0..=2_147_483_647).contains(&balance) && entry.change != 0);
                assert!(entry.reason != Reason::Opening || index == 0);
                assert!(entry.reason != Reason::Closing || index + 1 == entries.len());
                assert!(
                    index == 0 || entry.created_at >= entries[index - 1].created_at,
                    "product {}",
                    product.id
                );
            }
            assert_eq!(balance, product.quantity);
            let sum_of = |reason| {
                entries
                    .iter()
                    .filter(|entry| entry.reason == reason)
                    .map(|entry| entry.change)
                    .sum::<i64>()
            };
            stock.insert(
                product.id.to_string(),
                json!({"quantity": product.quantity, "opening": sum_of(Reason::Opening), "closing": sum_of(Reason::Closing),
                    "entries": entries.len()}),
            );
        }
        Value::Object(stock)
    }

    /// Groups with members and permissions, in the format of `expected.json`.
    pub fn groups(&self) -> Value {
        let mut groups = serde_json::Map::new();
        for group in &self.groups {
            let members = self
                .memberships
                .iter()
                .filter(|membership| membership.group_id == group.id);
            let mut names: Vec<&str> = members
                .map(|membership| self.username(membership.user_id))
                .collect();
            names.sort_unstable();
            groups.insert(
                group.name.clone(),
                json!({"members": names, "permissions": group.permissions}),
            );
        }
        Value::Object(groups)
    }

    /// Permissions of users, in the format of `expected.json`.
    pub fn rights(&self) -> Value {
        let mut rights: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for permission in &self.permissions {
            rights
                .entry(self.username(permission.user_id))
                .or_default()
                .push(&permission.codename);
        }
        for codenames in rights.values_mut() {
            codenames.sort_unstable();
        }
        json!(rights)
    }

    fn username(&self, id: i64) -> &str {
        &self
            .users
            .iter()
            .find(|user| user.id == id)
            .expect("the user is there")
            .username
    }
}

fn take<T>(all: &mut Vec<T>, rows: Vec<T>) {
    assert!(!rows.is_empty() && rows.len() <= BATCH_ROWS);
    all.extend(rows);
}

fn sum(table: &'static str, rows: &[impl django_source::digest::Record]) -> TableSummary {
    let mut digest = TableDigest::new(table);
    // In reverse order, because the order must not matter.
    rows.iter().rev().for_each(|row| digest.add(row));
    digest.summary()
}
