//! The `ended_session` table: sessions ended by a logout, kept until their last token would have expired.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ended_session")]
pub struct Model {
    /// What the `jti`s of the session begin with, 16 hex digits.
    #[sea_orm(primary_key, auto_increment = false)]
    pub session: String,
    /// When the row may go.
    pub expires_at: chrono::DateTime<chrono::Utc>,
}

/// Nothing here is followed from the row.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
