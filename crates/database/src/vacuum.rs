//! Vacuums a table of PostgreSQL after a number of updates.

use sea_orm::{ConnectionTrait, DbErr, Statement};

use crate::{Backend, Database};

/// Vacuums one table when it is due.
///
/// PostgreSQL reads an index alone, without the table, for the pages that a vacuum has marked as visible to all. Each update
/// removes the mark of a page. Autovacuum counts the old versions of rows, but reads and updates remove most of those
/// within their page ("heap-only tuples"), and never renew the mark. So autovacuum can ignore a table that is
/// updated and read often, until all marks are gone.
#[derive(Debug)]
pub struct TableVacuum {
    table: &'static str,
    /// The number of updates after which the table is vacuumed.
    updates: i64,
    last: Option<Activity>,
}

/// What PostgreSQL has counted since its statistics were reset.
#[derive(Clone, Copy, Debug)]
struct Activity {
    updates: i64,
    /// By `VACUUM` and by autovacuum.
    vacuums: i64,
}

impl TableVacuum {
    #[must_use]
    pub const fn new(table: &'static str, updates: i64) -> Self {
        Self {
            table,
            updates,
            last: None,
        }
    }

    /// Vacuums the table if it has been updated often enough since its last vacuum, or since the first call. Returns whether
    /// it did. To be called regularly; does nothing on SQLite.
    ///
    /// # Errors
    /// Those of the statements. A role that does not own the table can't vacuum it, which is no error.
    pub async fn run_if_due(&mut self, db: &Database) -> Result<bool, DbErr> {
        if db.backend() == Backend::Sqlite {
            return Ok(false);
        }
        let statistics = format!(
            "SELECT n_tup_upd, vacuum_count + autovacuum_count FROM pg_stat_user_tables WHERE relid = '{}'::regclass",
            self.table
        );
        let statement = Statement::from_string(db.get_database_backend(), statistics);
        let [updates, vacuums] = db.numbers(statement).await?;
        let now = Activity { updates, vacuums };
        let last = *self.last.get_or_insert(now);
        // Another server or autovacuum may have vacuumed the table, or the statistics were reset.
        if vacuums != last.vacuums || updates < last.updates {
            self.last = Some(now);
            return Ok(false);
        }
        if updates - last.updates < self.updates {
            return Ok(false);
        }
        self.last = Some(Activity {
            updates,
            vacuums: vacuums + 1,
        });
        // Truncating the file would lock the table.
        let vacuum = format!("VACUUM (SKIP_LOCKED, TRUNCATE false) {}", self.table);
        db.execute_unprepared(&vacuum).await?;
        Ok(true)
    }
}
