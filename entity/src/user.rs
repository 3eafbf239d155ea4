//! The `user` table: accounts.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, Default, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user")]
pub struct Model {
    /// The primary key, the `user_id` of tokens.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Unique, case-sensitive.
    pub username: String,
    /// Argon2id in PHC form; of users who were taken over from Django and have not logged in since, Django's own encoding.
    pub password_hash: String,
    /// If false, the tokens of this user are rejected.
    pub is_active: bool,
    /// Has every permission.
    pub is_superuser: bool,
    pub created_at: chrono::DateTime<chrono::Utc>,
    /// Tokens issued before are rejected.
    pub tokens_revoked_at: Option<chrono::DateTime<chrono::Utc>>,
    /// How often tokens were revoked; distinguishes tokens issued in the second of `tokens_revoked_at`.
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
