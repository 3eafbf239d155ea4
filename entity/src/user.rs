//! The `user` table: accounts.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, Default, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user")]
pub struct Model {
    /// The primary key, which is the claim `user_id` of tokens.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Unique, case-sensitive.
    pub username: String,
    /// Argon2id in PHC format, or Django's format for an imported user who has not logged in since.
    pub password_hash: String,
    /// If false, the tokens of this user are rejected.
    pub is_active: bool,
    /// Whether the user has every permission.
    pub is_superuser: bool,
    pub created_at: chrono::DateTime<chrono::Utc>,
    /// Tokens that were issued before this time are rejected.
    pub tokens_revoked_at: Option<chrono::DateTime<chrono::Utc>>,
    /// The number of revocations. It distinguishes the tokens that were issued before and after a revocation in the same
    /// second.
    pub token_generation: i64,
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
