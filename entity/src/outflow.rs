//! The `outflow` table: stock that went out. A row never changes.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::Money;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "outflow")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub product_id: i64,
    /// 1 to 2³¹−1.
    pub quantity: i64,
    /// The product's selling price at the time of the outflow.
    pub unit_price: Money,
    /// The product's cost price at the time of the outflow.
    pub unit_cost: Money,
    pub description: Option<String>,
    /// `description`, folded.
    pub description_folded: Option<String>,
    pub created_at: DateTime<Utc>,
    /// Equal to `created_at`, except in rows that were imported; the documented API returns both.
    pub updated_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::product::Entity",
        from = "Column::ProductId",
        to = "super::product::Column::Id"
    )]
    Product,
}

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
