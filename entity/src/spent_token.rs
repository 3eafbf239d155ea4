//! The `spent_token` table: refresh tokens that were rotated, or were blacklisted in an imported installation, kept until
//! they would have expired.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "spent_token")]
pub struct Model {
    /// The `jti` of the token: 32 hex digits, unless it was imported.
    #[sea_orm(primary_key, auto_increment = false)]
    pub jti: String,
    /// The time from which the row can be deleted.
    pub expires_at: chrono::DateTime<chrono::Utc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
