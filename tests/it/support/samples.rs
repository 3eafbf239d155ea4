//! One row of each kind, and bodies that create further ones, for tests that cover every kind.

use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::actors::Actor;

/// The three kinds that differ only in their names.
pub const LABELS: [Kind; 3] = [Kind::Brand, Kind::Category, Kind::Supplier];
/// The two kinds that are never updated.
pub const MOVEMENTS: [Kind; 2] = [Kind::Inflow, Kind::Outflow];

/// The ids of one row of each kind.
pub struct Sample {
    pub brand: i64,
    pub category: i64,
    pub supplier: i64,
    pub product: i64,
    pub inflow: i64,
    pub outflow: i64,
}

impl Sample {
    /// Creates one row of each kind. The product has 100 in stock.
    pub async fn create(actor: &Actor) -> Self {
        let mut sample = Self {
            brand: 0,
            category: 0,
            supplier: 0,
            product: 0,
            inflow: 0,
            outflow: 0,
        };
        sample.brand = actor.make(Kind::Brand, json!({ "name": "Samsung" })).await;
        sample.category = actor.make(Kind::Category, json!({ "name": "Electronics" })).await;
        sample.supplier = actor
            .make(Kind::Supplier, json!({ "name": "Tech Distributors Inc." }))
            .await;
        sample.product = actor.make(Kind::Product, sample.body(Kind::Product)).await;
        sample.inflow = actor.make(Kind::Inflow, sample.body(Kind::Inflow)).await;
        sample.outflow = actor.make(Kind::Outflow, sample.body(Kind::Outflow)).await;
        sample
    }

    /// A body that creates another row of a kind.
    pub fn body(&self, kind: Kind) -> Value {
        match kind {
            Kind::Brand | Kind::Category | Kind::Supplier => json!({ "name": "Another" }),
            Kind::Product => json!({
                "title": "Galaxy S23", "category": self.category, "brand": self.brand,
                "cost_price": "500.00", "selling_price": "799.99", "quantity": 100,
            }),
            Kind::Inflow => json!({ "supplier": self.supplier, "product": self.product, "quantity": 7 }),
            Kind::Outflow => json!({ "product": self.product, "quantity": 7 }),
            Kind::Webhook => json!({ "url": "https://example.com/hook", "events": ["outflow.created"] }),
        }
    }

    /// The body of a kind with this value of one field.
    pub fn with(&self, kind: Kind, field: &str, value: Value) -> Value {
        let mut body = self.body(kind);
        body[field] = value;
        body
    }

    /// The body of a kind without one field.
    pub fn without(&self, kind: Kind, field: &str) -> Value {
        let mut body = self.body(kind);
        body.as_object_mut().expect("an object").remove(field);
        body
    }

    /// The id of the row of this kind.
    pub fn id(&self, kind: Kind) -> i64 {
        match kind {
            Kind::Brand => self.brand,
            Kind::Category => self.category,
            Kind::Supplier => self.supplier,
            Kind::Product => self.product,
            Kind::Inflow => self.inflow,
            Kind::Outflow => self.outflow,
            Kind::Webhook => panic!("samples have no webhook endpoints"),
        }
    }

    /// The path of the row of this kind, below `/api/v1/`.
    pub fn path(&self, kind: Kind) -> String {
        format!("{}/{}/", kind.plural(), self.id(kind))
    }
}

/// The path of all rows of a kind, below `/api/v1/`.
pub fn list(kind: Kind) -> String {
    format!("{}/", kind.plural())
}
