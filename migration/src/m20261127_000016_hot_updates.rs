//! Drops the indexes of products by stock and by last change on PostgreSQL.
//!
//! Each movement changes these columns. While one of them is indexed, PostgreSQL adds an entry to every index of the table
//! for each movement; otherwise it updates the row within its page, which takes half the time (heap-only tuples). A list of
//! all products in one of these orders is sorted without an index: about 30 milliseconds for 100,000 products. SQLite keeps
//! its indexes, because it changes only those of the changed columns.

use sea_orm_migration::prelude::*;

use crate::column::{mark_compatible, run, unmark_compatible};

#[derive(DeriveMigrationName, Debug)]
pub struct Migration;

const COLUMNS: [&str; 2] = ["quantity", "updated_at"];
const NO_CHANGE: &str = "SELECT 1";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS {
            run(manager, NO_CHANGE, &format!("DROP INDEX product_{column}_idx")).await?;
        }
        // Leave room in each page for the new versions of its rows.
        run(manager, NO_CHANGE, "ALTER TABLE product SET (fillfactor = 90)").await?;
        mark_compatible(manager, self.name()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS {
            let index = format!("CREATE INDEX product_{column}_idx ON product ({column}, id)");
            run(manager, NO_CHANGE, &index).await?;
        }
        run(manager, NO_CHANGE, "ALTER TABLE product RESET (fillfactor)").await?;
        unmark_compatible(manager, self.name()).await
    }
}
