//! Tallies: how many rows each listed table has, kept by triggers instead of counted (see the migration
//! `m20261125_000009_tallies`).
//!
//! On PostgreSQL each statement that adds or removes rows leaves a row in `tally`; they are added up from time to time
//! (`upkeep.rs`), so that asking stays cheap. Whoever asks sees them before or after that, and the same sum.

use sea_orm::{ConnectionTrait as _, Statement};

use super::{Backend, Database};
use crate::error::Result;

/// The tables whose rows are tallied.
pub const TABLES: [&str; 7] = [
    "brand",
    "category",
    "supplier",
    "product",
    "inflow",
    "outflow",
    "stock_change",
];

/// The most changes that are added up at once.
const AT_ONCE: u32 = 10_000;
/// So few are not worth it.
const FEW: u32 = 50;

/// The sum of a table's changes.
pub const SUM: &str = "SELECT CAST(COALESCE(SUM(change), 0) AS bigint) FROM tally WHERE noun = $1";

impl Database {
    /// How many rows a table has; nothing for one that is not tallied.
    ///
    /// # Errors
    /// What the database says.
    pub async fn tally(&self, table: &str) -> Result<Option<u64>> {
        if !TABLES.contains(&table) {
            return Ok(None);
        }
        let statement = Statement::from_sql_and_values(self.get_database_backend(), SUM, [table.into()]);
        let sum = self.number(statement).await?;
        Ok(Some(u64::try_from(sum).unwrap_or_default()))
    }

    /// Adds up the changes that have come together. Gateways that do it at the same time leave each other's alone.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn add_up_tallies(&self) -> Result<()> {
        // SQLite's are one number each.
        if self.backend() == Backend::Sqlite {
            return Ok(());
        }
        let sql = format!(
            "WITH gone AS (
                DELETE FROM tally WHERE id IN (SELECT id FROM tally ORDER BY id LIMIT {AT_ONCE} FOR UPDATE SKIP LOCKED)
                    AND (SELECT COUNT(*) FROM (SELECT 1 FROM tally LIMIT {FEW}) AS first) = {FEW}
                RETURNING noun, change)
             INSERT INTO tally (noun, change) SELECT noun, SUM(change) FROM gone GROUP BY noun"
        );
        let statement = Statement::from_string(self.get_database_backend(), sql);
        self.execute_raw(statement).await?;
        Ok(())
    }
}
