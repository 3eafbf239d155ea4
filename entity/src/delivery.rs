//! The `delivery` table: deliveries of events to webhook endpoints, pending or with an outcome.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// The delivery of one event to one endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "delivery")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub event_id: i64,
    pub endpoint_id: i64,
    /// The number of attempts so far.
    pub attempts: i64,
    /// The number of attempts before the last replay, which the retry schedule does not count.
    pub attempts_before: i64,
    /// The time of the next attempt; `None` once there is an outcome.
    pub due_at: Option<DateTime<Utc>>,
    /// The time until which the delivery is reserved for one server.
    pub leased_until: Option<DateTime<Utc>>,
    pub outcome: Option<Outcome>,
    pub ended_at: Option<DateTime<Utc>>,
    /// The HTTP status of the last response, if there was one.
    pub last_status: Option<i64>,
    /// The error of the last attempt, for people.
    pub last_error: Option<String>,
    /// The time of the last attempt.
    #[sea_orm(column_name = "tried_at")]
    pub last_attempt_at: Option<DateTime<Utc>>,
}

/// The outcome of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Outcome {
    /// The receiver accepted the event.
    Delivered,
    /// All attempts of the schedule failed, or the endpoint was disabled.
    Failed,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::event::Entity",
        from = "Column::EventId",
        to = "super::event::Column::Id"
    )]
    Event,
}

impl Related<super::event::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Event.def()
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
