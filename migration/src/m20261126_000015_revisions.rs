//! Revisions: counters of changes, which triggers increment. Data that was read at a revision can be reused as long as the
//! revision is the same.
//!
//! The revision `label` increases when a brand, category or supplier is changed or deleted. The revisions `product`, `brand`,
//! `category` and `supplier` increase when a row of that table is added, deleted or moved in the default order.
//!
//! A revision is the sum of `change` over its rows, as in `tally`: on SQLite, with its single writer, that is one row, which
//! the triggers update. On PostgreSQL each statement inserts a row, so that no transaction waits for another. The program
//! regularly merges these rows.

use sea_orm_migration::prelude::*;

use crate::column::{create, drop_tables, mark_compatible, run, run_on_both, unmark_compatible};

#[derive(DeriveMigrationName, Debug)]
pub struct Migration;

/// The tables with a revision of their own, and the column that their default order compares.
const ORDERED: [(&str, &str); 4] = [
    ("product", "title_folded"),
    ("brand", "name_folded"),
    ("category", "name_folded"),
    ("supplier", "name_folded"),
];

const LABELS: [&str; 3] = ["brand", "category", "supplier"];

struct Trigger {
    table: &'static str,
    revision: &'static str,
    events: Vec<String>,
}

/// The triggers of all revisions.
fn triggers() -> Vec<Trigger> {
    let order = ORDERED.map(|(table, column)| Trigger {
        table,
        revision: table,
        events: vec![
            "INSERT".to_owned(),
            "DELETE".to_owned(),
            format!("UPDATE OF {column}"),
        ],
    });
    let content = LABELS.map(|table| Trigger {
        table,
        revision: "label",
        events: vec!["UPDATE".to_owned(), "DELETE".to_owned()],
    });
    order.into_iter().chain(content).collect()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(
            manager,
            "CREATE TABLE revision (id {id}, noun {text} NOT NULL, change {int} NOT NULL)",
        )
        .await?;
        run(
            manager,
            "CREATE UNIQUE INDEX revision_noun_idx ON revision (noun)",
            "CREATE INDEX revision_noun_idx ON revision (noun, change)",
        )
        .await?;
        for revision in ["label"].into_iter().chain(ORDERED.map(|(table, _)| table)) {
            run_on_both(
                manager,
                &format!("INSERT INTO revision (noun, change) VALUES ('{revision}', 1)"),
            )
            .await?;
        }
        run(
            manager,
            "SELECT 1",
            "CREATE FUNCTION revision_advance() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN INSERT INTO revision (noun, change) VALUES (TG_ARGV[0], 1); RETURN NULL; END $$",
        )
        .await?;
        for Trigger {
            table,
            revision,
            events,
        } in triggers()
        {
            for (number, event) in events.iter().enumerate() {
                let sqlite = format!(
                    "CREATE TRIGGER {table}_revision_{revision}_{number} AFTER {event} ON {table}
                     BEGIN UPDATE revision SET change = change + 1 WHERE noun = '{revision}'; END"
                );
                run(manager, &sqlite, "SELECT 1").await?;
            }
            let postgres = format!(
                "CREATE TRIGGER {table}_revision_{revision} AFTER {} OR TRUNCATE ON {table}
                 FOR EACH STATEMENT EXECUTE FUNCTION revision_advance('{revision}')",
                events.join(" OR ")
            );
            run(manager, "SELECT 1", &postgres).await?;
        }
        // The triggers run for the statements of every version of the program.
        mark_compatible(manager, self.name()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for Trigger {
            table,
            revision,
            events,
        } in triggers()
        {
            for number in 0..events.len() {
                let sqlite = format!("DROP TRIGGER {table}_revision_{revision}_{number}");
                run(manager, &sqlite, "SELECT 1").await?;
            }
            let postgres = format!("DROP TRIGGER {table}_revision_{revision} ON {table}");
            run(manager, "SELECT 1", &postgres).await?;
        }
        run(manager, "SELECT 1", "DROP FUNCTION revision_advance()").await?;
        drop_tables(manager, &["revision"]).await?;
        unmark_compatible(manager, self.name()).await
    }
}
