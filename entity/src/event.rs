//! The `event` table: what happened, written in the transaction that made it happen.
//!
//! The ledger, which never changes, holds the numbers; here stands what the ledger does not know and what may be gone
//! or renamed when the event is told.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    /// The primary key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What receivers know it by, the same on every try.
    pub message_id: String,
    /// What happened.
    pub name: Name,
    /// The entry of the ledger behind it.
    pub stock_change_id: i64,
    /// What the product was called.
    pub product_title: String,
    /// The movement's description.
    pub description: Option<String>,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// What receivers are told of. None is part of another: the endpoints' lists are searched for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Name {
    /// Stock went out.
    #[sea_orm(string_value = "outflow.created")]
    OutflowCreated,
    /// Stock came in.
    #[sea_orm(string_value = "inflow.created")]
    InflowCreated,
    /// A product's stock crossed the threshold downwards.
    #[sea_orm(string_value = "product.low_stock")]
    LowStock,
}

impl Name {
    /// As receivers and the settings write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OutflowCreated => "outflow.created",
            Self::InflowCreated => "inflow.created",
            Self::LowStock => "product.low_stock",
        }
    }
}

/// What an event refers to.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The numbers.
    #[sea_orm(
        belongs_to = "super::stock_change::Entity",
        from = "Column::StockChangeId",
        to = "super::stock_change::Column::Id"
    )]
    StockChange,
}

impl Related<super::stock_change::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::StockChange.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
