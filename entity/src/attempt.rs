//! The `attempt` table: each try of a delivery, and what came of it.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

/// One try.
#[derive(Clone, Debug, Default, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attempt")]
pub struct Model {
    /// The primary key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which delivery.
    pub delivery_id: i64,
    /// Which of its tries, counted from 1.
    pub number: i64,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// The status of the answer, if there was one.
    pub status: Option<i64>,
    /// What was wrong, for people; nothing when the receiver took it.
    pub error: Option<String>,
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
        1
    }
}
