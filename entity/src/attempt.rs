//! The `attempt` table: attempts to deliver a webhook, with their results.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, Default, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attempt")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub delivery_id: i64,
    /// The number of the attempt within its delivery, from 1.
    pub number: i64,
    pub started_at: DateTime<Utc>,
    pub duration_ms: i64,
    /// The HTTP status of the response, if there was one.
    pub status: Option<i64>,
    /// A description of the failure, for people; `None` if the receiver accepted the webhook.
    pub error: Option<String>,
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
        1
    }
}
