//! Has PostgreSQL vacuum products sooner.
//!
//! Searches within a category, counts and several orders of nested lists are read from an index alone, as long as a vacuum has
//! marked the pages of the table as visible to all. Every movement removes the mark of one page. By default PostgreSQL vacuums a
//! table after a fifth of its rows has changed, but it removes most old versions of rows earlier and then no longer
//! counts them. So the marks were never renewed, and a search read its whole category from the table.

use sea_orm_migration::prelude::*;

use crate::column::{mark_compatible, run, unmark_compatible};

#[derive(DeriveMigrationName, Debug)]
pub struct Migration;

const NO_CHANGE: &str = "SELECT 1";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // After 500 changes and one for every 200 products.
        let sooner = "ALTER TABLE product SET (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.005)";
        run(manager, NO_CHANGE, sooner).await?;
        mark_compatible(manager, self.name()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let default =
            "ALTER TABLE product RESET (autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor)";
        run(manager, NO_CHANGE, default).await?;
        unmark_compatible(manager, self.name()).await
    }
}
