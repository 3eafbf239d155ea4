//! The `ended_session` table: sessions ended by a logout, kept until their last token would have expired.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ended_session")]
pub struct Model {
    /// The prefix of the session's `jti`s: 16 hex digits.
    #[sea_orm(primary_key, auto_increment = false)]
    pub session: String,
    /// The time from which the row can be deleted.
    pub expires_at: chrono::DateTime<chrono::Utc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
