//! The `event` table: what happened, written in the transaction that made it happen.
//!
//! The ledger, which never changes, holds the numbers; here stands what the ledger does not know and what may be gone
//! or renamed when the event is told.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    /// The primary key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What receivers know it by, the same on every try.
    pub message_id: String,
    /// What happened.
    pub name: Name,
    /// The entry of the ledger behind it; nothing is behind a test.
    pub stock_change_id: Option<i64>,
    /// What the product was called; empty for a test.
    pub product_title: String,
    /// The movement's description.
    pub description: Option<String>,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// What receivers are told of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Name {
    /// Stock went out.
    #[default]
    #[sea_orm(string_value = "outflow.created")]
    OutflowCreated,
    /// Stock came in.
    #[sea_orm(string_value = "inflow.created")]
    InflowCreated,
    /// A product's stock crossed the threshold downwards.
    #[sea_orm(string_value = "product.low_stock")]
    LowStock,
    /// Nothing happened: somebody tries an endpoint out. Nobody subscribes to it.
    #[sea_orm(string_value = "webhook.test")]
    Test,
}

impl Name {
    /// What an endpoint can ask to be told of.
    pub const SUBSCRIBABLE: [Self; 3] = [Self::OutflowCreated, Self::InflowCreated, Self::LowStock];

    /// As receivers and the settings write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OutflowCreated => "outflow.created",
            Self::InflowCreated => "inflow.created",
            Self::LowStock => "product.low_stock",
            Self::Test => "webhook.test",
        }
    }

    /// The event of this name, if an endpoint can ask to be told of it.
    pub fn subscribable(name: &str) -> Option<Self> {
        Self::SUBSCRIBABLE
            .into_iter()
            .find(|event| event.as_str() == name)
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
