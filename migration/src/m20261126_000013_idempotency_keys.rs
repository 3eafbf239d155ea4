//! Adds the table of requests with an idempotency key.

use sea_orm_migration::prelude::*;

use crate::column::{create, drop_tables};

#[derive(DeriveMigrationName, Debug)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for sql in [
            r#"CREATE TABLE idempotency_key (
                id {id},
                user_id {key} NOT NULL CONSTRAINT idempotency_key_user_id_fkey REFERENCES "user" (id) ON DELETE CASCADE,
                key {text} NOT NULL,
                fingerprint {text} NOT NULL,
                outcome {text} NOT NULL,
                status {int},
                headers {text},
                body {text},
                created_at {moment} NOT NULL,
                CONSTRAINT idempotency_key_user_id_key_key UNIQUE (user_id, key))"#,
            "CREATE INDEX idempotency_key_created_at_idx ON idempotency_key (created_at)",
        ] {
            create(manager, sql).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["idempotency_key"]).await
    }
}
