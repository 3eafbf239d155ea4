//! Adds the time at which a user's tokens were last revoked, by a change of password or a deactivation, and the number of
//! revocations.

use sea_orm_migration::prelude::*;

use crate::column::{create, run_on_both};

#[derive(DeriveMigrationName, Debug)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(
            manager,
            "ALTER TABLE \"user\" ADD COLUMN tokens_revoked_at {moment}",
        )
        .await?;
        create(
            manager,
            "ALTER TABLE \"user\" ADD COLUMN token_generation {int} NOT NULL DEFAULT 0",
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["token_generation", "tokens_revoked_at"] {
            run_on_both(manager, &format!("ALTER TABLE \"user\" DROP COLUMN {column}")).await?;
        }
        Ok(())
    }
}
