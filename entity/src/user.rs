//! The `user` table: who can log in.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, Default, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user")]
pub struct Model {
    /// The primary key, the `user_id` of tokens.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Unique, exactly.
    pub username: String,
    /// Argon2id, in PHC form.
    pub password_hash: String,
    /// Without it, no token of this user works.
    pub is_active: bool,
    /// Holds every permission.
    pub is_superuser: bool,
    /// When the account was made.
    pub created_at: chrono::DateTime<chrono::Utc>,
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
