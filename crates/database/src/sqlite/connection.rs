//! One connection to SQLite.
//!
//! SeaORM's own SQLite driver passes each statement, and each row of its result, to a thread of the connection, which
//! costs several times what SQLite needs to find a row by id. Here a statement runs on the calling thread and is
//! prepared once. Rows are returned as SeaORM's `ProxyRow`, so entities read them as they read PostgreSQL's.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, OpenFlags, StatementStatus, params_from_iter};
use sea_orm::{DbErr, ExecResult, ModelTrait as _, ProxyExecResult, ProxyRow, QueryResult, Statement};

use super::error::error;
use super::sum_product;
use super::value::{DeclaredType, parameters, unreadable};
use crate::models::{Table, column_finder};

/// How long a statement waits for another process that is writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The memory that is divided among the cores for the page caches of readers, in KiB. There are more readers than cores while
/// long statements run.
const READER_CACHES: usize = 64 * 1024;
/// The bounds of the page cache of one reader, in KiB.
const READER_CACHE: RangeInclusive<usize> = 8 * 1024..=32 * 1024;
/// The length of the write-ahead log, in pages, from which a commit also copies it into the database file. A page that many
/// transactions have changed is copied once, so SQLite's default of 1,000 pages would copy more. A single table of the log's
/// index has room for these pages.
const CHECKPOINT_PAGES: &str = "4000";
/// The maximum number of prepared statements of a connection.
const PREPARED_STATEMENTS: usize = 256;
/// The number of instructions of SQLite's virtual machine between two calls of the progress handler, which take about a
/// quarter of a millisecond.
const PROGRESS_INTERVAL: i32 = 20_000;

pub(crate) struct Connection {
    inner: rusqlite::Connection,
    progress: Arc<Progress>,
}

/// The state of the progress handler.
#[derive(Default)]
struct Progress {
    /// Whether long statements are interrupted.
    short_only: AtomicBool,
    /// Whether the handler was called, which happens in long statements only.
    was_called: AtomicBool,
}

impl Connection {
    /// Opens the file for writing and creates it if it is missing. Uses a write-ahead log, syncs each commit to disk and
    /// enforces foreign keys.
    pub(crate) fn writer(path: &Path) -> Result<Self, DbErr> {
        let connection = Self::open(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        )?;
        connection.pragma("journal_mode", "WAL")?;
        connection.pragma("synchronous", "FULL")?;
        connection.pragma("foreign_keys", "ON")?;
        connection.pragma("wal_autocheckpoint", CHECKPOINT_PAGES)?;
        // Savepoints store the previous content of changed pages: in memory instead of in a file.
        connection.pragma("temp_store", "MEMORY")?;
        Ok(connection)
    }

    /// Opens the file for reading.
    pub(crate) fn reader(path: &Path) -> Result<Self, DbErr> {
        let connection = Self::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.pragma("query_only", "ON")?;
        let cores = available_parallelism().map_or(1, NonZero::get);
        let cache = (READER_CACHES / cores).clamp(*READER_CACHE.start(), *READER_CACHE.end());
        // SQLite expects a size in KiB as a negative number.
        connection.pragma("cache_size", &format!("-{cache}"))?;
        Ok(connection)
    }

    fn open(path: &Path, flags: OpenFlags) -> Result<Self, DbErr> {
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_PRIVATE_CACHE;
        let inner = rusqlite::Connection::open_with_flags(path, flags).map_err(error)?;
        inner.busy_timeout(BUSY_TIMEOUT).map_err(error)?;
        inner.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
        sum_product::register(&inner).map_err(error)?;
        // Without this, SQLite prepares a statement again for each new value of a parameter that it has statistics for.
        inner
            .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
            .map_err(error)?;
        let progress = Arc::<Progress>::default();
        let handler = {
            let progress = Arc::clone(&progress);
            move || {
                progress.was_called.store(true, Ordering::Relaxed);
                progress.short_only.load(Ordering::Relaxed)
            }
        };
        inner
            .progress_handler(PROGRESS_INTERVAL, Some(handler))
            .map_err(error)?;
        Ok(Self { inner, progress })
    }

    fn pragma(&self, name: &str, value: &str) -> Result<(), DbErr> {
        self.inner.pragma_update(None, name, value).map_err(error)
    }

    /// Sets whether long statements are interrupted; see [`is_interrupted`](super::error::is_interrupted).
    pub(super) fn set_short_only(&self, short_only: bool) {
        self.progress.short_only.store(short_only, Ordering::Relaxed);
        self.progress.was_called.store(false, Ordering::Relaxed);
    }

    /// Whether a statement since the last call of [`set_short_only`](Self::set_short_only) was long.
    pub(super) fn was_long(&self) -> bool {
        self.progress.was_called.load(Ordering::Relaxed)
    }

    /// A statement from the cache, with its step count reset. SQLite calls the progress handler by that count, which otherwise
    /// accumulates over the runs of the statement, so that short runs would be interrupted too.
    fn prepare(&self, sql: &str) -> Result<CachedStatement<'_>, DbErr> {
        let prepared = self.inner.prepare_cached(sql).map_err(error)?;
        prepared.reset_status(StatementStatus::VmStep);
        Ok(prepared)
    }

    pub(crate) fn query(&self, statement: &Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut prepared = self.prepare(&statement.sql)?;
        let columns: Vec<(String, DeclaredType)> = prepared
            .columns()
            .iter()
            .map(|column| (column.name().to_owned(), DeclaredType::of(column.decl_type())))
            .collect();
        let mut rows = prepared
            .query(params_from_iter(parameters(statement)))
            .map_err(error)?;
        let mut results = Vec::new();
        while let Some(row) = rows.next().map_err(error)? {
            let mut values = BTreeMap::new();
            for (index, (name, declared)) in columns.iter().enumerate() {
                values.insert(name.clone(), declared.read(row.get_ref(index).map_err(error)?)?);
            }
            results.push(ProxyRow::new(values).into());
        }
        Ok(results)
    }

    /// The integers in the first columns of the first row.
    pub(crate) fn numbers<const N: usize>(&self, statement: &Statement) -> Result<Option<[i64; N]>, DbErr> {
        let mut prepared = self.prepare(&statement.sql)?;
        let mut rows = prepared
            .query(params_from_iter(parameters(statement)))
            .map_err(error)?;
        let Some(row) = rows.next().map_err(error)? else {
            return Ok(None);
        };
        let mut numbers = [0; N];
        for (index, number) in numbers.iter_mut().enumerate() {
            *number = row.get(index).map_err(error)?;
        }
        Ok(Some(numbers))
    }

    /// The rows of a statement that selects columns of one table; see `models.rs`.
    pub(crate) fn models<E: Table>(&self, statement: &Statement) -> Result<Vec<E::Model>, DbErr> {
        let mut prepared = self.prepare(&statement.sql)?;
        let mut find = column_finder::<E>();
        let columns: Vec<(E::Column, DeclaredType)> = prepared
            .columns()
            .iter()
            .map(|column| {
                find(column.name())
                    .map(|of_table| (of_table, DeclaredType::of(column.decl_type())))
                    .ok_or_else(|| unreadable("column"))
            })
            .collect::<Result<_, _>>()?;
        let mut rows = prepared
            .query(params_from_iter(parameters(statement)))
            .map_err(error)?;
        let mut models = Vec::new();
        while let Some(row) = rows.next().map_err(error)? {
            let mut model = E::Model::default();
            for (index, (column, declared)) in columns.iter().enumerate() {
                let value = row.get_ref(index).map_err(error)?;
                // Nullable columns already default to null.
                if value != ValueRef::Null {
                    model.try_set(*column, declared.read(value)?)?;
                }
            }
            models.push(model);
        }
        Ok(models)
    }

    pub(crate) fn execute(&self, statement: &Statement) -> Result<ExecResult, DbErr> {
        let mut prepared = self.prepare(&statement.sql)?;
        let affected = prepared
            .execute(params_from_iter(parameters(statement)))
            .map_err(error)?;
        let last_id = u64::try_from(self.inner.last_insert_rowid()).unwrap_or_default();
        Ok(ProxyExecResult::new(last_id, u64::try_from(affected).unwrap_or_default()).into())
    }

    /// Runs statements without parameters, separated by semicolons.
    pub(crate) fn run(&self, sql: &str) -> Result<(), DbErr> {
        self.inner.execute_batch(sql).map_err(error)
    }

    /// Whether no transaction is running, because none was begun or SQLite has rolled it back on its own.
    pub(crate) fn is_autocommit(&self) -> bool {
        self.inner.is_autocommit()
    }

    /// Writes the write-ahead log into the file and truncates it, waiting up to `timeout` for readers of the log. False if
    /// readers remained.
    pub(super) fn truncate_wal(&self, timeout: Duration) -> Result<bool, DbErr> {
        self.inner.busy_timeout(timeout).map_err(error)?;
        let busy = self
            .inner
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
        self.inner.busy_timeout(BUSY_TIMEOUT).map_err(error)?;
        Ok(!busy.map_err(error)?)
    }

    /// Copies the database to a new file; see [`backup`](super::backup()).
    pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), DbErr> {
        let connection = Self::open(from, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let to = to
            .to_str()
            .ok_or_else(|| DbErr::Custom("the path is not UTF-8".to_owned()))?;
        connection
            .inner
            .execute("VACUUM INTO ?", [to])
            .map(|_| ())
            .map_err(error)
    }

    /// Runs one of the few statements that the writer repeats for each transaction.
    pub(crate) fn run_prepared(&self, sql: &'static str) -> Result<(), DbErr> {
        let prepared = self.inner.prepare_cached(sql);
        let run = prepared.and_then(|mut prepared| prepared.execute([]));
        run.map(|_| ()).map_err(error)
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::DbBackend;

    use super::*;
    use crate::sqlite::error::is_interrupted;

    /// A statement that counts to `end`, in about 12 steps for each number.
    fn count_to(end: u32) -> Statement {
        let sql = format!(
            "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {end})
             SELECT COUNT(*) FROM number"
        );
        Statement::from_string(DbBackend::Sqlite, sql)
    }

    #[test]
    fn steps_are_limited_for_each_run_of_a_statement() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("steps.db");
        drop(Connection::writer(&path).expect("a file"));
        let connection = Connection::reader(&path).expect("a connection");
        connection.set_short_only(true);
        let short = count_to(500);
        for run in 0..50 {
            let counted = connection.numbers(&short);
            assert_eq!(counted.expect("no interruption"), Some([500]), "run {run}");
        }
        let long = connection.numbers::<1>(&count_to(50_000));
        assert!(long.is_err_and(|error| is_interrupted(&error)));
        connection.set_short_only(false);
        assert_eq!(
            connection.numbers(&count_to(50_000)).expect("no limit"),
            Some([50_000])
        );
    }
}
