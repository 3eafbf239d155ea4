//! Brands, categories and suppliers: three tables with the same columns.
//!
//! On PostgreSQL the index for sorting contains only the folded name. With the name itself, an entry could exceed the size
//! limit: each of the two has up to 500 characters of four bytes. The name only orders rows with equal folded names.

use sea_orm_migration::prelude::*;

use crate::column::{create, drop_tables, run};

#[derive(DeriveMigrationName, Debug)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["brand", "category", "supplier"] {
            create(
                manager,
                &format!(
                    "CREATE TABLE {table} (
                        id {{id}},
                        name {{text}} NOT NULL,
                        name_folded {{text}} NOT NULL,
                        description {{text}},
                        description_folded {{text}},
                        version {{int}} NOT NULL,
                        created_at {{moment}} NOT NULL,
                        updated_at {{moment}} NOT NULL)"
                ),
            )
            .await?;
            run(
                manager,
                &format!("CREATE INDEX {table}_name_idx ON {table} (name_folded, name, id)"),
                &format!("CREATE INDEX {table}_name_idx ON {table} (name_folded, id)"),
            )
            .await?;
            for column in ["created_at", "updated_at"] {
                create(
                    manager,
                    &format!("CREATE INDEX {table}_{column}_idx ON {table} ({column}, id)"),
                )
                .await?;
            }
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["supplier", "category", "brand"]).await
    }
}
