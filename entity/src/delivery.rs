//! The `delivery` table: which event is still to be told to whom, and how it went.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

/// One event for one endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "delivery")]
pub struct Model {
    /// The primary key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What is told.
    pub event_id: i64,
    /// To whom.
    pub endpoint_id: i64,
    /// How often it was tried.
    pub attempts: i64,
    /// How often it had been tried when it was begun anew: the schedule counts from there.
    pub attempts_before: i64,
    /// When to try next; never again once there is an outcome.
    pub due_at: Option<DateTime<Utc>>,
    /// Until when a gateway has it in hand: nobody else tries before.
    pub leased_until: Option<DateTime<Utc>>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// The status of the last answer, if there was one.
    pub last_status: Option<i64>,
    /// What was wrong the last time, for people.
    pub last_error: Option<String>,
    /// When it was last tried.
    pub tried_at: Option<DateTime<Utc>>,
}

/// How a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Outcome {
    /// The receiver took it.
    Delivered,
    /// It was tried as often as the schedule says, or the endpoint was given up.
    Failed,
}

/// What a delivery refers to.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// What is told.
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
