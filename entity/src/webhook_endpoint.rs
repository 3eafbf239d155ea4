//! The `endpoint` table: who is told of events by webhook.

use std::fmt;

use chrono::{DateTime, Utc};
use sea_orm::DeriveValueType;
use sea_orm::entity::prelude::*;

/// One receiver.
#[derive(Clone, Debug, Default, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "endpoint")]
pub struct Model {
    /// The primary key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whether it is managed through the program; the one of the settings is not, and its secret is not stored.
    pub managed: bool,
    /// Where it is.
    pub url: String,
    /// What it is for, for people.
    pub description: Option<String>,
    /// The names of the events it is told of, with commas.
    pub events: String,
    /// What its messages are signed with.
    pub secret: Option<Secret>,
    /// What they were signed with before, and still are for a while.
    pub previous_secret: Option<Secret>,
    /// Until when.
    pub previous_secret_until: Option<DateTime<Utc>>,
    /// Since when it has not taken any message that was tried; nothing while it takes them.
    pub failing_since: Option<DateTime<Utc>>,
    /// Since when it is told of nothing any more.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why.
    pub ended_because: Option<Ending>,
    /// Grows by one with each change.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A signing secret as it is written, `whsec_…`. It never prints.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Why an endpoint is told of nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Ending {
    /// Somebody wanted it so.
    Requested,
    /// It answered 410.
    Gone,
    /// It has taken nothing for days.
    Failing,
}

/// Nothing here is followed from the row.
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
        self.version
    }
}
