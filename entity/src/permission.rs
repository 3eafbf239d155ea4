//! The `permission` table: what a user or a group may do; one of the two holds it.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "permission")]
pub struct Model {
    /// The primary key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The user who holds it.
    pub user_id: Option<i64>,
    /// The group that holds it.
    pub group_id: Option<i64>,
    /// `add_brand`, `change_product`, `delete_outflow`, …
    pub codename: String,
}

/// Nothing here is followed from the row.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
