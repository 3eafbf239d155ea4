//! The `stock_change` table: the append-only ledger of stock.
//!
//! For every product the sum of `change` is its `quantity`. Rows outlive their product and their movement, so neither is
//! a foreign key.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

/// One change of one product's stock.
#[derive(Clone, Debug, Default, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stock_change")]
pub struct Model {
    /// The primary key: a later entry of the same product has a larger one.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose stock changed.
    pub product_id: i64,
    /// Why.
    pub reason: Reason,
    /// What was added; negative when it was taken away.
    pub change: i64,
    /// What was in stock right after.
    pub balance: i64,
    /// The inflow or outflow behind it, by `reason`.
    pub movement_id: Option<i64>,
    /// Who did it; nobody for a command.
    pub actor_id: Option<i64>,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Why stock changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Reason {
    /// The product was created with stock.
    #[default]
    ProductCreated,
    /// The product's quantity was edited directly.
    Adjustment,
    /// Stock came in.
    InflowCreated,
    /// An inflow was deleted.
    InflowDeleted,
    /// Stock went out.
    OutflowCreated,
    /// An outflow was deleted.
    OutflowDeleted,
}

/// Nothing: see the file's first lines.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl crate::Record for Model {
    fn id(&self) -> i64 {
        self.id
    }
    fn set_id(&mut self, id: i64) {
        self.id = id;
    }
    fn version(&self) -> i64 {
        1
    }
}
