//! The number of rows of each listed table, maintained by triggers (see the migration `m20261125_000009_tallies`).
//!
//! On PostgreSQL each statement that adds or removes rows inserts its change into `tally`. [`merge`] regularly replaces the
//! changes by their sum, so that a count reads few rows. The table `tally` and its column `noun`, which is the name of the
//! counted table, keep the names that the migration gave them.

use database::bulk::analyze_table;
use database::{Backend, Database};
use sea_orm::{ConnectionTrait, Statement};

use super::revision;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::tx::Tx;

/// The tables with a maintained count.
pub const TABLES: [&str; 7] = [
    "brand",
    "category",
    "supplier",
    "product",
    "inflow",
    "outflow",
    "stock_change",
];

/// The maximum number of changes that one statement merges.
const MERGE_MAX: u32 = 10_000;
/// The minimum number of changes for a merge.
const MERGE_MIN: u32 = 50;
/// The key of the advisory lock on PostgreSQL that a merge and a recount hold. Without it, a recount could store its count in
/// addition to the sum of a concurrent merge.
pub const MERGE_LOCK: i64 = 0x5354_4f43_4b01;

/// Updates the statistics that the query planner uses for these tables, after many rows were added.
pub async fn analyze(db: &impl ConnectionTrait) -> Result<()> {
    for table in TABLES {
        analyze_table(db, table).await?;
    }
    Ok(())
}

/// The number of rows of a table, if its count is maintained.
pub async fn row_count(db: &Database, table: &str) -> Result<Option<u64>> {
    if !TABLES.contains(&table) {
        return Ok(None);
    }
    let sql = format!("SELECT {}", revision::sum_of_changes("tally", table));
    let sum = db
        .number(Statement::from_string(db.get_database_backend(), sql))
        .await?;
    Ok(Some(u64::try_from(sum).unwrap_or_default()))
}

/// Merges the changes of each table, and those of each revision, into one. Does nothing while another server merges or
/// recounts.
pub async fn merge(db: &Database) -> Result<()> {
    // On SQLite the triggers update one row for each table and revision.
    if db.backend() == Backend::Sqlite {
        return Ok(());
    }
    for table in ["tally", "revision"] {
        let sql = format!(
            "WITH deleted AS (
                DELETE FROM {table} WHERE id IN (SELECT id FROM {table} ORDER BY id LIMIT {MERGE_MAX} FOR UPDATE SKIP LOCKED)
                    AND (SELECT pg_try_advisory_xact_lock({MERGE_LOCK}))
                    AND (SELECT COUNT(*) FROM (SELECT 1 FROM {table} LIMIT {MERGE_MIN}) AS first) = {MERGE_MIN}
                RETURNING noun, change)
             INSERT INTO {table} (noun, change) SELECT noun, SUM(change) FROM deleted GROUP BY noun"
        );
        let statement = Statement::from_string(db.get_database_backend(), sql);
        db.execute_raw(statement).await?;
    }
    Ok(())
}

/// The result of counting the rows of a table again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recount {
    pub table: &'static str,
    /// The count that was stored before.
    pub stored: i64,
    /// The number of rows, which is stored instead.
    pub counted: i64,
}

/// Counts the rows of a table and stores their number. Transactions that write to the table wait until it is stored.
///
/// # Errors
/// [`Unavailable`](crate::error::Error::Unavailable) when another transaction keeps the table locked.
pub async fn recount(ctx: &Ctx, table: &'static str) -> Result<Recount> {
    ctx.transaction(move |tx| {
        Box::pin(async move {
            if tx.backend() == Backend::Postgres {
                tx.execute_unprepared("SET LOCAL lock_timeout = '2s'").await?;
                tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MERGE_LOCK})"))
                    .await?;
                tx.execute_unprepared(&format!("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"))
                    .await?;
            }
            let stored = number(tx, &revision::sum_of_changes("tally", table)).await?;
            tx.execute_unprepared(&format!("DELETE FROM tally WHERE noun = '{table}'"))
                .await?;
            let counted = number(tx, &format!("(SELECT COUNT(*) FROM {table})")).await?;
            tx.execute_unprepared(&format!(
                "INSERT INTO tally (noun, change) VALUES ('{table}', {counted})"
            ))
            .await?;
            // Servers cache the count of the table under its revision.
            revision::advance(tx, table).await?;
            Ok(Recount {
                table,
                stored,
                counted,
            })
        })
    })
    .await
}

async fn number(tx: &Tx, expression: &str) -> Result<i64> {
    let sql = format!("SELECT {expression} AS number");
    let statement = Statement::from_string(tx.get_database_backend(), sql);
    match tx.query_one_raw(statement).await? {
        Some(row) => Ok(row.try_get("", "number")?),
        None => Ok(0),
    }
}
