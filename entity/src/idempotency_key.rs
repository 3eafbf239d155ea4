//! The `idempotency_key` table: requests with an idempotency key, and their results.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_key")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub user_id: i64,
    /// 1 to 255 visible ASCII characters, unique for each user.
    pub key: String,
    /// SHA-256 of the request in hexadecimal digits.
    pub fingerprint: String,
    /// The result of the business logic, as JSON. If the response is not stored, it is rendered from this.
    pub outcome: String,
    /// The status of the stored response; `None` before it has been rendered, or if it is too large.
    pub status: Option<i64>,
    /// The headers of the stored response, as a JSON object.
    pub headers: Option<String>,
    pub body: Option<String>,
    pub created_at: chrono::DateTime<chrono::Utc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
