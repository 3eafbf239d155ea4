//! The `stock_change` table: the append-only ledger of stock.
//!
//! For every product the sum of `change` equals its `quantity`. Rows outlive their product and their movement, so they have
//! no foreign keys.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, Default, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stock_change")]
pub struct Model {
    /// A later entry of the same product has a larger id.
    #[sea_orm(primary_key)]
    pub id: i64,
    pub product_id: i64,
    pub reason: Reason,
    /// The change of stock; negative if stock was removed.
    pub change: i64,
    /// The stock after the change.
    pub balance: i64,
    /// The id of the inflow or outflow, depending on `reason`.
    pub movement_id: Option<i64>,
    /// The id of the user; `None` for a change by a command.
    pub actor_id: Option<i64>,
    pub created_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Reason {
    /// The product was created with stock.
    #[default]
    ProductCreated,
    /// The product's quantity was edited directly.
    Adjustment,
    InflowCreated,
    InflowDeleted,
    OutflowCreated,
    OutflowDeleted,
}

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
