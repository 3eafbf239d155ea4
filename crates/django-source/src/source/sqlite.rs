//! Reads a SQLite file, which is opened read-only and treated as hostile.
//!
//! One read transaction is open from beginning to end, so that all statements see the same state. Meanwhile, writers of a
//! database that is not in WAL mode have to wait.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::in_place::{SourceFile, find};
use super::{EachRow, Select};
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::value::{Value, quoted};

/// The number of steps of SQLite's virtual machine between two calls of the progress handler.
const STEPS_PER_CALL: u64 = 10_000;
/// The number of calls after which a statement on a small file is interrupted.
const MIN_CALLS: u64 = 5_000;
/// The number of bytes of the file for which a statement is allowed one more call. A row of Django takes about 20 steps and
/// 50 bytes.
const BYTES_PER_CALL: u64 = 250;

pub(crate) struct SqliteReader {
    connection: Connection,
    progress: Progress,
    /// The number of calls left for the current statement.
    calls_left: Arc<AtomicU64>,
    /// The number of calls allowed for each statement.
    calls: u64,
    // Declared after the connection, so that a temporary copy is removed after it is closed.
    _file: SourceFile,
}

impl SqliteReader {
    /// Opens the file and begins the transaction.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = find(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let fault = |error: rusqlite::Error| translate(&error, "the database", &Progress::default());
        let connection = Connection::open_with_flags(&file.path, flags).map_err(fault)?;
        restrict(&connection).map_err(fault)?;
        let calls = MIN_CALLS + file.bytes / BYTES_PER_CALL;
        let calls_left = Arc::new(AtomicU64::new(calls));
        let mut reader = Self {
            connection,
            progress: Progress::default(),
            calls_left,
            calls,
            _file: file,
        };
        reader.set_progress(&Progress::default());
        // The snapshot of the transaction is taken by its first read.
        reader
            .connection
            .execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")
            .map_err(fault)?;
        Ok(reader)
    }

    pub(super) fn set_progress(&mut self, progress: &Progress) {
        self.progress = progress.clone();
        let (progress, calls_left) = (progress.clone(), Arc::clone(&self.calls_left));
        let steps = i32::try_from(STEPS_PER_CALL).unwrap_or(i32::MAX);
        let stop = move || {
            let remaining = calls_left.load(Ordering::Relaxed);
            calls_left.store(remaining.saturating_sub(1), Ordering::Relaxed);
            remaining == 0 || progress.is_cancelled()
        };
        // This fails only on a connection that rusqlite does not own.
        drop(self.connection.progress_handler(steps, Some(stop)));
    }

    /// Checks a table's pages, so that a loop among them can't return rows without end.
    pub(super) fn verify(&mut self, table: &str) -> Result<()> {
        let select = Select {
            table: table.to_owned(),
            sql: format!("PRAGMA main.quick_check({})", quoted(table)),
            kinds: Vec::new(),
        };
        self.for_each(&select, &mut |row| match row.first().and_then(Value::text) {
            None | Some("ok") => Ok(()),
            // Values of a wrong type are not damage; they are handled when they are read.
            Some(line)
                if ["NULL value in ", "TEXT value in ", "NUMERIC value in ", "non-"]
                    .iter()
                    .any(|start| line.starts_with(start)) =>
            {
                Ok(())
            }
            Some(line) => Err(Error::Damaged(line.lines().next().unwrap_or_default().to_owned())),
        })
    }

    pub(crate) fn for_each(&mut self, select: &Select, each: EachRow<'_>) -> Result<()> {
        if self.progress.is_cancelled() {
            return Err(Error::Cancelled);
        }
        self.calls_left.store(self.calls, Ordering::Relaxed);
        let fault = |error: rusqlite::Error| translate(&error, &select.table, &self.progress);
        let mut statement = self.connection.prepare(&select.sql).map_err(fault)?;
        let columns = statement.column_count();
        let mut rows = statement.query([]).map_err(fault)?;
        let mut values = Vec::with_capacity(columns);
        while let Some(row) = rows.next().map_err(fault)? {
            values.clear();
            for column in 0..columns {
                values.push(value(row.get_ref(column).map_err(fault)?));
            }
            each(&values)?;
        }
        Ok(())
    }
}

fn restrict(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(10))?;
    for (config, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
    ] {
        connection.set_db_config(config, on)?;
    }
    let max_bytes = i32::try_from(crate::MAX_ROW_BYTES).unwrap_or(i32::MAX);
    for (limit, max) in [
        (Limit::SQLITE_LIMIT_LENGTH, max_bytes),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
        (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 10),
        (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 1),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    ] {
        connection.set_limit(limit, max)?;
    }
    connection.execute_batch(
        "PRAGMA query_only = ON; PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON;
         PRAGMA ignore_check_constraints = ON; PRAGMA cache_size = -8192",
    )
}

fn value(cell: ValueRef<'_>) -> Value {
    match cell {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => Value::Bytes(String::from_utf8_lossy(bytes).into_owned()),
        },
        ValueRef::Blob(bytes) => Value::Bytes(String::from_utf8_lossy(bytes).into_owned()),
    }
}

fn translate(error: &rusqlite::Error, table: &str, progress: &Progress) -> Error {
    let table = table.to_owned();
    let (failure, reason) = match error {
        rusqlite::Error::SqliteFailure(failure, reason) => (failure, reason.clone()),
        rusqlite::Error::SqlInputError { error, msg, .. } => (error, Some(msg.clone())),
        _ => {
            return Error::Query {
                table,
                reason: "the result has an unexpected type".to_owned(),
            };
        }
    };
    let reason = reason.unwrap_or_else(|| rusqlite::ffi::code_to_str(failure.extended_code).to_owned());
    match failure.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Error::Busy,
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Error::Damaged(reason),
        ErrorCode::TooBig => Error::TooLong { table },
        ErrorCode::OperationInterrupted if progress.is_cancelled() => Error::Cancelled,
        ErrorCode::OperationInterrupted => Error::TooMuchWork { table },
        ErrorCode::ReadOnly | ErrorCode::CannotOpen
            if failure.extended_code != rusqlite::ffi::SQLITE_CANTOPEN =>
        {
            Error::HotJournal
        }
        _ => Error::Query { table, reason },
    }
}
