//! The `endpoint` table: receivers of webhooks.

use std::fmt;

use chrono::{DateTime, Utc};
use sea_orm::DeriveValueType;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "endpoint")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whether the endpoint is managed through the APIs. If false, it comes from the settings, and its secret is not stored.
    pub managed: bool,
    pub url: String,
    pub description: Option<String>,
    /// The names of the events that the endpoint subscribes to, separated by commas.
    pub events: String,
    pub secret: Option<Secret>,
    /// The secret before the last rotation. It signs messages, too, until `previous_secret_until`.
    pub previous_secret: Option<Secret>,
    pub previous_secret_until: Option<DateTime<Utc>>,
    /// The time since which all attempts have failed; `None` unless the last one failed.
    pub failing_since: Option<DateTime<Utc>>,
    /// The time at which the endpoint was disabled; `None` if it is enabled.
    pub ended_at: Option<DateTime<Utc>>,
    pub ended_because: Option<DisabledReason>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A signing secret, `whsec_…`. `Debug` does not print it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, DeriveValueType)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// The reason why an endpoint is disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum DisabledReason {
    /// A user disabled the endpoint, or it was removed from the settings.
    Requested,
    /// The endpoint responded with status 410.
    Gone,
    /// All attempts have failed for five days or longer.
    Failing,
}

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
