//! Adds the table of compatible migrations: versions of the program without these migrations can still use the database. So
//! servers of an older version can continue while those of a newer version replace them.

use sea_orm_migration::prelude::*;

use crate::column::{create, drop_tables, mark_compatible};

#[derive(DeriveMigrationName, Debug)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(
            manager,
            "CREATE TABLE compatible_migration (name {text} PRIMARY KEY NOT NULL)",
        )
        .await?;
        mark_compatible(manager, self.name()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["compatible_migration"]).await
    }
}
