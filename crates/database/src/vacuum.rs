//! Vacuums a table of PostgreSQL after a number of updates.

use sea_orm::{ConnectionTrait, DbErr, Statement};

use crate::{Backend, Database};

/// Vacuums one table when it is due.
///
/// An index-only scan skips the table only for pages that a vacuum has marked as all-visible, and each update removes the
/// mark of its page. Autovacuum counts dead rows. Reads and updates remove most of them ("heap-only tuples") without restoring
/// the mark, so autovacuum may not run until all marks are gone.
#[derive(Debug)]
pub struct TableVacuum {
    table: &'static str,
    /// The number of updates after which the table is vacuumed.
    min_updates: i64,
    /// The activity from which updates are counted; `None` before the first call.
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
    pub const fn new(table: &'static str, min_updates: i64) -> Self {
        Self {
            table,
            min_updates,
            last: None,
        }
    }

    /// Vacuums the table if it has been updated often enough since the last vacuum that was noticed, or since the first
    /// call. Returns whether it did. To be called regularly; does nothing on SQLite.
    ///
    /// If the role may not vacuum the table, or another statement has locked it, PostgreSQL skips it with a warning, which is
    /// not an error; then the updates are counted again. Rows that have changed since the beginning of a transaction that
    /// is still open are not marked.
    ///
    /// # Errors
    /// Those of the statements.
    pub async fn run_if_due(&mut self, db: &Database) -> Result<bool, DbErr> {
        if db.backend() == Backend::Sqlite {
            return Ok(false);
        }
        let now = self.activity(db).await?;
        let last = *self.last.get_or_insert(now);
        // Another server or autovacuum may have vacuumed the table, or the statistics were reset.
        if now.vacuums != last.vacuums || now.updates < last.updates {
            self.last = Some(now);
            return Ok(false);
        }
        if now.updates - last.updates < self.min_updates {
            return Ok(false);
        }
        // Set first, so that a vacuum that fails is not repeated at every call.
        self.last = Some(now);
        // Truncating the file would lock the table.
        let vacuum = format!(r#"VACUUM (SKIP_LOCKED, TRUNCATE false) "{}""#, self.table);
        db.execute_unprepared(&vacuum).await?;
        let after = self.activity(db).await?;
        self.last = Some(after);
        Ok(after.vacuums != now.vacuums)
    }

    async fn activity(&self, db: &Database) -> Result<Activity, DbErr> {
        let statistics = format!(
            r#"SELECT n_tup_upd, vacuum_count + autovacuum_count FROM pg_stat_user_tables WHERE relid = '"{}"'::regclass"#,
            self.table
        );
        let statement = Statement::from_string(db.get_database_backend(), statistics);
        let [updates, vacuums] = db.numbers(statement).await?;
        Ok(Activity { updates, vacuums })
    }
}
