//! Indexes for lists that are sorted by text: they compare the folded form and then the id, so that one index contains the
//! whole order. The text itself is removed from SQLite's indexes; PostgreSQL's do not contain it. Products get indexes by
//! category and id, and by brand and id.
//!
//! The folded form changes, too: it ignores diacritics. `refold_due` lists the tables with rows to be folded again.
//! [`refold_batch`](crate::refold_batch) folds them after the migrations, in short transactions.

use sea_orm_migration::prelude::*;

use crate::column::{create, drop_tables, run, run_on_both};

#[derive(DeriveMigrationName, Debug)]
pub struct Migration;

const LABELS: [&str; 3] = ["brand", "category", "supplier"];
const TABLES_WITH_FOLDED_TEXTS: [&str; 6] = ["brand", "category", "supplier", "product", "inflow", "outflow"];
const REFERENCES: [&str; 2] = ["category_id", "brand_id"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for label in LABELS {
            replace_on_sqlite(manager, &format!("{label}_name_idx"), label, "name_folded, id").await?;
        }
        replace_on_sqlite(manager, "product_title_idx", "product", "title_folded, id").await?;
        for reference in REFERENCES {
            let columns = format!("{reference}, title_folded, id, selling_price");
            replace_on_sqlite(manager, &format!("product_{reference}_idx"), "product", &columns).await?;
            let sql = format!("CREATE INDEX product_{reference}_id_idx ON product ({reference}, id)");
            run_on_both(manager, &sql).await?;
        }
        create(
            manager,
            "CREATE TABLE refold_due (noun {text} PRIMARY KEY NOT NULL, last_id {int} NOT NULL)",
        )
        .await?;
        for table in TABLES_WITH_FOLDED_TEXTS {
            let sql = format!(
                "INSERT INTO refold_due (noun, last_id) SELECT '{table}', 0 WHERE EXISTS (SELECT 1 FROM {table})"
            );
            run_on_both(manager, &sql).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["refold_due"]).await?;
        for reference in REFERENCES {
            run_on_both(manager, &format!("DROP INDEX product_{reference}_id_idx")).await?;
            let columns = format!("{reference}, title_folded, title, id, selling_price");
            replace_on_sqlite(manager, &format!("product_{reference}_idx"), "product", &columns).await?;
        }
        replace_on_sqlite(manager, "product_title_idx", "product", "title_folded, title, id").await?;
        for label in LABELS {
            let columns = "name_folded, name, id";
            replace_on_sqlite(manager, &format!("{label}_name_idx"), label, columns).await?;
        }
        Ok(())
    }
}

async fn replace_on_sqlite(
    manager: &SchemaManager<'_>,
    index: &str,
    table: &str,
    columns: &str,
) -> Result<(), DbErr> {
    run(manager, &format!("DROP INDEX {index}"), "SELECT 1").await?;
    let create = format!("CREATE INDEX {index} ON {table} ({columns})");
    run(manager, &create, "SELECT 1").await
}
