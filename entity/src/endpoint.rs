//! The `endpoint` table: who is told of events by webhook.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

/// One receiver.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "endpoint")]
pub struct Model {
    /// The primary key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whether it is managed through the program; the one of the settings is not, and its secret is not stored.
    pub managed: bool,
    /// Where it is.
    pub url: String,
    /// The names of the events it is told of, with commas.
    pub events: String,
    /// When it was given up: it is told of nothing any more.
    pub ended_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Nothing here is followed from the row.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
