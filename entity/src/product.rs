//! The `product` table: what is kept in stock.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::Money;

/// One product.
#[derive(Clone, Debug, Default, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "product")]
pub struct Model {
    /// The primary key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// 1 to 500 characters.
    pub title: String,
    /// `title`, case-folded.
    pub title_folded: String,
    /// What kind of thing it is.
    pub category_id: i64,
    /// Who makes it.
    pub brand_id: i64,
    /// More about it.
    pub description: Option<String>,
    /// `description`, case-folded.
    pub description_folded: Option<String>,
    /// Up to 200 characters, unique among products that have one.
    pub serie_number: Option<String>,
    /// `serie_number`, case-folded.
    pub serie_number_folded: Option<String>,
    /// What one unit costs the shop.
    pub cost_price: Money,
    /// What one unit is sold for.
    pub selling_price: Money,
    /// How many are in stock now: 0 to 2³¹−1. Written by `resolvers/stock.rs` alone.
    pub quantity: i64,
    /// Grows by one with each change, of stock too.
    pub version: i64,
    /// When it came to be.
    pub created_at: DateTime<Utc>,
    /// When it last changed, its stock included.
    pub updated_at: DateTime<Utc>,
}

/// What a product refers to.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// What kind of thing it is.
    #[sea_orm(
        belongs_to = "super::category::Entity",
        from = "Column::CategoryId",
        to = "super::category::Column::Id"
    )]
    Category,
    /// Who makes it.
    #[sea_orm(
        belongs_to = "super::brand::Entity",
        from = "Column::BrandId",
        to = "super::brand::Column::Id"
    )]
    Brand,
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
        self.version
    }
}
