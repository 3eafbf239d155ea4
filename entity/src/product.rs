//! The `product` table: products, and their current stock.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::Money;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "product")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    /// 1 to 500 characters.
    pub title: String,
    /// `title`, folded.
    pub title_folded: String,
    pub category_id: i64,
    pub brand_id: i64,
    pub description: Option<String>,
    /// `description`, folded.
    pub description_folded: Option<String>,
    /// Up to 200 characters, unique among products that have one.
    pub serie_number: Option<String>,
    /// `serie_number`, folded.
    pub serie_number_folded: Option<String>,
    /// Cost of one unit.
    pub cost_price: Money,
    /// Price of one unit.
    pub selling_price: Money,
    /// Units in stock, 0 to 2³¹−1. Changed only together with the ledger.
    pub quantity: i64,
    /// Incremented by each change, including changes of stock.
    pub version: i64,
    pub created_at: DateTime<Utc>,
    /// The time of the last change, including changes of stock.
    pub updated_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::category::Entity",
        from = "Column::CategoryId",
        to = "super::category::Column::Id"
    )]
    Category,
    #[sea_orm(
        belongs_to = "super::brand::Entity",
        from = "Column::BrandId",
        to = "super::brand::Column::Id"
    )]
    Brand,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// A new row without values, created at this time.
    pub fn blank(now: DateTime<Utc>) -> Self {
        Self {
            version: 1,
            created_at: now,
            updated_at: now,
            ..Self::default()
        }
    }
}

impl crate::Record for Model {
    fn id(&self) -> i64 {
        self.id
    }
    fn set_id(&mut self, id: i64) {
        self.id = id;
    }
    fn version(&self) -> i64 {
        self.version
    }
}
