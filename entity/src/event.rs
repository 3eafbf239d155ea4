//! The `event` table: the events that webhooks deliver, written in the same transaction as the change.
//!
//! The quantities are in the ledger, which never changes. An event adds data that the ledger does not contain, as of the time
//! of the change: it may be changed or deleted before the event is delivered.

use chrono::{DateTime, Utc};
use sea_orm::Iterable as _;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::product;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The id that is sent to receivers, the same in each attempt.
    pub message_id: String,
    pub name: Name,
    /// The entry of the ledger; `None` for a test event.
    pub stock_change_id: Option<i64>,
    /// The product's title at the time of the event; empty for a test event.
    pub product_title: String,
    /// The movement's description.
    pub description: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// The columns that are copies of product columns, each with the original: `product_title` is a copy of `title`.
pub fn product_copies() -> impl Iterator<Item = (Column, product::Column)> {
    Column::iter().filter_map(|column| {
        let name = column.as_str().strip_prefix("product_")?;
        let original = product::Column::iter().find(|original| original.as_str() == name)?;
        Some((column, original))
    })
}

/// The kinds of events.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Name {
    /// Stock went out.
    #[default]
    #[sea_orm(string_value = "outflow.created")]
    OutflowCreated,
    /// Stock came in.
    #[sea_orm(string_value = "inflow.created")]
    InflowCreated,
    /// A product's stock fell to the threshold or below.
    #[sea_orm(string_value = "product.low_stock")]
    LowStock,
    /// Sent on request to test an endpoint. Endpoints can't subscribe to it.
    #[sea_orm(string_value = "webhook.test")]
    Test,
}

impl Name {
    /// The events that an endpoint can subscribe to.
    pub const SUBSCRIBABLE: [Self; 3] = [Self::OutflowCreated, Self::InflowCreated, Self::LowStock];

    /// The name in payloads and settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OutflowCreated => "outflow.created",
            Self::InflowCreated => "inflow.created",
            Self::LowStock => "product.low_stock",
            Self::Test => "webhook.test",
        }
    }

    /// The event with this name, if endpoints can subscribe to it.
    pub fn subscribable(name: &str) -> Option<Self> {
        Self::SUBSCRIBABLE
            .into_iter()
            .find(|event| event.as_str() == name)
    }
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
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
