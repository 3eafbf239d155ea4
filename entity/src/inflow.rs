//! The `inflow` table: stock that came in from a supplier. A row never changes.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

/// One inflow.
#[derive(Clone, Debug, Default, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "inflow")]
pub struct Model {
    /// The primary key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Who delivered it.
    pub supplier_id: i64,
    /// What moved.
    pub product_id: i64,
    /// How many moved: 1 to 2³¹−1.
    pub quantity: i64,
    /// Why, in somebody's words.
    pub description: Option<String>,
    /// `description`, case-folded.
    pub description_folded: Option<String>,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// The same moment: the documented API shows both.
    pub updated_at: DateTime<Utc>,
}

/// What an inflow refers to.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Who delivered it.
    #[sea_orm(
        belongs_to = "super::supplier::Entity",
        from = "Column::SupplierId",
        to = "super::supplier::Column::Id"
    )]
    Supplier,
    /// What moved.
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
