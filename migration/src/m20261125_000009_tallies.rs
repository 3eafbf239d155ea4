//! Row counts: the number of rows of each table with lists, maintained by triggers, so that a page of a large list can show
//! the total without counting.
//!
//! The count of a table is the sum of `change` over its rows in `tally`. On SQLite, with its single writer, that is one
//! row, which the triggers update. On PostgreSQL each statement that adds or removes rows inserts a row, so that no
//! transaction waits for another. The program regularly merges these rows.

use sea_orm_migration::prelude::*;

use crate::column::{create, drop_tables, run, run_on_both};

#[derive(DeriveMigrationName, Debug)]
pub struct Migration;

const TABLES: [&str; 7] = [
    "brand",
    "category",
    "supplier",
    "product",
    "inflow",
    "outflow",
    "stock_change",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(
            manager,
            "CREATE TABLE tally (id {id}, noun {text} NOT NULL, change {int} NOT NULL)",
        )
        .await?;
        run(
            manager,
            "CREATE UNIQUE INDEX tally_noun_idx ON tally (noun)",
            // The index includes the change, so that the sum is computed from the index alone.
            "CREATE INDEX tally_noun_idx ON tally (noun, change)",
        )
        .await?;
        run(
            manager,
            "SELECT 1",
            "CREATE FUNCTION tally_keep() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN
                IF TG_OP = 'INSERT' THEN
                    INSERT INTO tally (noun, change)
                    SELECT TG_TABLE_NAME, COUNT(*) FROM rows_now HAVING COUNT(*) > 0;
                ELSIF TG_OP = 'DELETE' THEN
                    INSERT INTO tally (noun, change)
                    SELECT TG_TABLE_NAME, -COUNT(*) FROM rows_then HAVING COUNT(*) > 0;
                ELSE
                    DELETE FROM tally WHERE noun = TG_TABLE_NAME;
                END IF;
                RETURN NULL;
             END $$",
        )
        .await?;
        for table in TABLES {
            for (event, sign, rows) in [
                ("INSERT", '+', "REFERENCING NEW TABLE AS rows_now"),
                ("DELETE", '-', "REFERENCING OLD TABLE AS rows_then"),
            ] {
                let name = format!("{table}_tally_{}", event.to_lowercase());
                run(
                    manager,
                    &format!(
                        "CREATE TRIGGER {name} AFTER {event} ON {table}
                         BEGIN UPDATE tally SET change = change {sign} 1 WHERE noun = '{table}'; END"
                    ),
                    &format!(
                        "CREATE TRIGGER {name} AFTER {event} ON {table} {rows}
                         FOR EACH STATEMENT EXECUTE FUNCTION tally_keep()"
                    ),
                )
                .await?;
            }
            run(
                manager,
                "SELECT 1",
                &format!(
                    "CREATE TRIGGER {table}_tally_truncate AFTER TRUNCATE ON {table}
                     FOR EACH STATEMENT EXECUTE FUNCTION tally_keep()"
                ),
            )
            .await?;
            // The count is inserted last. Creating a trigger waits for transactions that write to the table and blocks further
            // ones, so the count includes all rows that the triggers have not counted.
            run_on_both(
                manager,
                &format!("INSERT INTO tally (noun, change) SELECT '{table}', COUNT(*) FROM {table}"),
            )
            .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            for event in ["insert", "delete"] {
                let name = format!("{table}_tally_{event}");
                run(
                    manager,
                    &format!("DROP TRIGGER {name}"),
                    &format!("DROP TRIGGER {name} ON {table}"),
                )
                .await?;
            }
            run(
                manager,
                "SELECT 1",
                &format!("DROP TRIGGER {table}_tally_truncate ON {table}"),
            )
            .await?;
        }
        run(manager, "SELECT 1", "DROP FUNCTION tally_keep()").await?;
        drop_tables(manager, &["tally"]).await
    }
}
