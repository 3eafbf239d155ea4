//! The `removed_endpoint` table: endpoints that are gone, until their deliveries are too.
//!
//! There may be millions of them, which one transaction would hold everybody up to remove.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

/// One endpoint that was.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "removed_endpoint")]
pub struct Model {
    /// What its id was; no other endpoint ever has it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub endpoint_id: i64,
    /// When it was removed.
    pub removed_at: DateTime<Utc>,
}

/// Nothing here is followed from the row.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
