//! The `removed_endpoint` table: deleted webhook endpoints with deliveries that remain to be deleted.
//!
//! There may be millions of deliveries, and deleting all of them in one transaction would block other writers.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "removed_endpoint")]
pub struct Model {
    /// The id of the deleted endpoint, which is never reused.
    #[sea_orm(primary_key, auto_increment = false)]
    pub endpoint_id: i64,
    pub removed_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
