//! One connection to SQLite, as SeaORM asks it questions.
//!
//! SeaORM's own SQLite driver hands every statement, and every row back, to a thread of the connection; measured, that
//! costs several times what SQLite itself needs for a row by id. Here a statement runs where it is asked, prepared once,
//! and this file says how a value looks in SQLite:
//!
//! * a moment is the number of microseconds since 1970 (declared `MOMENT`), which orders as time does;
//! * money is text of fixed width (declared `MONEY_TEXT`), which orders as numbers do and is exact where SQLite's own
//!   numbers would round;
//! * a boolean is 0 or 1 (declared `BOOLEAN`).
//!
//! Rows go back as SeaORM's `ProxyRow`, so entities read them as they read PostgreSQL's.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::DateTime;
use rusqlite::types::{ToSqlOutput, Value as Stored, ValueRef};
use rusqlite::{OpenFlags, ToSql};
use rust_decimal::Decimal;
use sea_orm::{
    DbErr, ExecResult, IdenStatic as _, Iterable as _, ModelTrait as _, ProxyExecResult, ProxyRow,
    QueryResult, RuntimeErr, Statement, Value,
};

use super::models::Table;
use super::sum_product;

/// How long a statement waits for another process that is writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// What a reader keeps of the file in memory, in kibibytes as SQLite spells them. There are about as many as cores.
const CACHE: &str = "-16384";
/// Prepared statements kept by each connection.
const PREPARED: usize = 256;
/// After how many steps of SQLite's machine a statement is asked whether it may go on: about a quarter of a millisecond.
const STEPS: i32 = 20_000;

/// A connection, and whether its statements have to be short.
pub struct Connection {
    inner: rusqlite::Connection,
    short_only: Arc<AtomicBool>,
}

impl Connection {
    /// Opens the file for writing, and makes it if it isn't there: write-ahead log, every commit on the disk before it
    /// is acknowledged, foreign keys enforced.
    pub fn writer(path: &Path) -> Result<Self, DbErr> {
        let connection = Self::open(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        )?;
        connection.pragma("journal_mode", "WAL")?;
        connection.pragma("synchronous", "FULL")?;
        connection.pragma("foreign_keys", "ON")?;
        Ok(connection)
    }

    /// Opens the file for reading.
    pub fn reader(path: &Path) -> Result<Self, DbErr> {
        let connection = Self::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.pragma("query_only", "ON")?;
        connection.pragma("cache_size", CACHE)?;
        Ok(connection)
    }

    fn open(path: &Path, flags: OpenFlags) -> Result<Self, DbErr> {
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_PRIVATE_CACHE;
        let inner = rusqlite::Connection::open_with_flags(path, flags).map_err(error)?;
        inner.busy_timeout(BUSY_TIMEOUT).map_err(error)?;
        inner.set_prepared_statement_cache_capacity(PREPARED);
        sum_product::register(&inner).map_err(error)?;
        let short_only = Arc::new(AtomicBool::new(false));
        let interrupt = Arc::clone(&short_only);
        inner
            .progress_handler(STEPS, Some(move || interrupt.load(Ordering::Relaxed)))
            .map_err(error)?;
        Ok(Self { inner, short_only })
    }

    fn pragma(&self, name: &str, value: &str) -> Result<(), DbErr> {
        self.inner.pragma_update(None, name, value).map_err(error)
    }

    /// Whether statements that turn out long are given up with [`is_interrupted`] instead of run to their end.
    pub fn keep_short(&self, short_only: bool) {
        self.short_only.store(short_only, Ordering::Relaxed);
    }

    /// Runs a statement and returns its rows.
    pub fn query(&self, statement: &Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut prepared = self.inner.prepare_cached(&statement.sql).map_err(error)?;
        let columns: Vec<(String, Declared)> = prepared
            .columns()
            .iter()
            .map(|column| (column.name().to_owned(), Declared::of(column.decl_type())))
            .collect();
        let mut rows = prepared
            .query(rusqlite::params_from_iter(parameters(statement)))
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

    /// Runs a statement that returns one number.
    pub fn number(&self, statement: &Statement) -> Result<Option<i64>, DbErr> {
        let mut prepared = self.inner.prepare_cached(&statement.sql).map_err(error)?;
        let mut rows = prepared
            .query(rusqlite::params_from_iter(parameters(statement)))
            .map_err(error)?;
        match rows.next().map_err(error)? {
            Some(row) => row.get(0).map(Some).map_err(error),
            None => Ok(None),
        }
    }

    /// Runs a statement that returns whole rows of one table, and reads them; see `models.rs`.
    pub fn models<E: Table>(&self, statement: &Statement) -> Result<Vec<E::Model>, DbErr> {
        let mut prepared = self.inner.prepare_cached(&statement.sql).map_err(error)?;
        let columns: Vec<(E::Column, Declared)> = prepared
            .columns()
            .iter()
            .map(|column| {
                let name = column.name();
                E::Column::iter()
                    .find(|known| known.as_str() == name)
                    .map(|known| (known, Declared::of(column.decl_type())))
                    .ok_or_else(|| unreadable("column"))
            })
            .collect::<Result<_, _>>()?;
        let mut rows = prepared
            .query(rusqlite::params_from_iter(parameters(statement)))
            .map_err(error)?;
        let mut models = Vec::new();
        while let Some(row) = rows.next().map_err(error)? {
            let mut model = E::Model::default();
            for (index, (column, declared)) in columns.iter().enumerate() {
                let value = row.get_ref(index).map_err(error)?;
                // A null is what the default has already.
                if value != ValueRef::Null {
                    model.try_set(*column, declared.read(value)?)?;
                }
            }
            models.push(model);
        }
        Ok(models)
    }

    /// Runs a statement that returns no rows.
    pub fn execute(&self, statement: &Statement) -> Result<ExecResult, DbErr> {
        let mut prepared = self.inner.prepare_cached(&statement.sql).map_err(error)?;
        let affected = prepared
            .execute(rusqlite::params_from_iter(parameters(statement)))
            .map_err(error)?;
        let last_id = u64::try_from(self.inner.last_insert_rowid()).unwrap_or_default();
        Ok(ProxyExecResult::new(last_id, u64::try_from(affected).unwrap_or_default()).into())
    }

    /// Runs statements without parameters, several with semicolons.
    pub fn run(&self, sql: &str) -> Result<(), DbErr> {
        self.inner.execute_batch(sql).map_err(error)
    }

    /// Whether no transaction is under way: none was begun, or SQLite itself has undone it.
    pub fn is_outside_transaction(&self) -> bool {
        self.inner.is_autocommit()
    }

    /// Writes what the write-ahead log holds into the file and empties the log; false when somebody has read from it all
    /// the time. Waits so long for those who read from it.
    pub fn empty_log(&self, patience: Duration) -> Result<bool, DbErr> {
        self.inner.busy_timeout(patience).map_err(error)?;
        let busy = self
            .inner
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
        self.inner.busy_timeout(BUSY_TIMEOUT).map_err(error)?;
        Ok(!busy.map_err(error)?)
    }

    /// Writes a copy of a database, as it is at one moment, into an empty file, while others go on to read and write.
    /// The copy may not be on the disk yet.
    pub fn copy(from: &Path, to: &Path) -> Result<(), DbErr> {
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

    /// Runs one of the few statements that the writer repeats.
    pub fn run_prepared(&self, sql: &'static str) -> Result<(), DbErr> {
        let prepared = self.inner.prepare_cached(sql);
        let run = prepared.and_then(|mut prepared| prepared.execute([]));
        run.map(|_| ()).map_err(error)
    }
}

fn parameters(statement: &Statement) -> impl Iterator<Item = Parameter<'_>> {
    statement
        .values
        .iter()
        .flat_map(|values| values.0.iter())
        .map(Parameter)
}

/// A value on its way in.
struct Parameter<'a>(&'a Value);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let integer = |value: i64| ToSqlOutput::Owned(Stored::Integer(value));
        let null = ToSqlOutput::Owned(Stored::Null);
        Ok(match self.0 {
            Value::Bool(value) => value.map_or(null, |value| integer(i64::from(value))),
            Value::TinyInt(value) => value.map_or(null, |value| integer(i64::from(value))),
            Value::SmallInt(value) => value.map_or(null, |value| integer(i64::from(value))),
            Value::Int(value) => value.map_or(null, |value| integer(i64::from(value))),
            Value::BigInt(value) => value.map_or(null, integer),
            Value::Unsigned(value) => value.map_or(null, |value| integer(i64::from(value))),
            Value::BigUnsigned(value) => match value.map(i64::try_from) {
                None => null,
                Some(Ok(value)) => integer(value),
                Some(Err(error)) => return Err(rusqlite::Error::ToSqlConversionFailure(error.into())),
            },
            Value::String(value) => match value {
                Some(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
                None => null,
            },
            Value::ChronoDateTimeUtc(value) => {
                value.map_or(null, |moment| integer(moment.timestamp_micros()))
            }
            Value::Decimal(value) => match value {
                Some(value) => ToSqlOutput::Owned(Stored::Text(money_text(*value))),
                None => null,
            },
            other => {
                let message = format!("SQLite is never given a {other:?}");
                return Err(rusqlite::Error::ToSqlConversionFailure(message.into()));
            }
        })
    }
}

/// The fixed-width text of an amount. Bounds outside the range of prices sort outside of it too: `-` stands before
/// every digit and `:` behind.
fn money_text(value: Decimal) -> String {
    if value.is_sign_negative() && !value.is_zero() {
        return "-".to_owned();
    }
    let mut value = value.normalize();
    if value.scale() < entity::money::DECIMALS {
        value.rescale(entity::money::DECIMALS);
    }
    let text = value.to_string();
    let whole = text.find('.').unwrap_or(text.len());
    if whole > entity::money::WHOLE_DIGITS {
        return ":".to_owned();
    }
    format!("{}{text}", "0".repeat(entity::money::WHOLE_DIGITS - whole))
}

/// What a column was declared to hold, which tells how to read a plain number or text.
#[derive(Clone, Copy)]
enum Declared {
    Moment,
    Money,
    Boolean,
    Plain,
}

impl Declared {
    fn of(declared: Option<&str>) -> Self {
        match declared {
            Some("MOMENT") => Self::Moment,
            Some("MONEY_TEXT") => Self::Money,
            Some("BOOLEAN") => Self::Boolean,
            _ => Self::Plain,
        }
    }

    fn read(self, value: ValueRef<'_>) -> Result<Value, DbErr> {
        Ok(match (self, value) {
            (Self::Moment, ValueRef::Integer(micros)) => Value::ChronoDateTimeUtc(Some(
                DateTime::from_timestamp_micros(micros).ok_or_else(|| unreadable("moment"))?,
            )),
            (Self::Money, ValueRef::Text(text)) => Value::Decimal(Some(
                std::str::from_utf8(text)
                    .ok()
                    .and_then(|text| Decimal::from_str_exact(text).ok())
                    .ok_or_else(|| unreadable("amount"))?,
            )),
            (Self::Boolean, ValueRef::Integer(value)) => Value::Bool(Some(value != 0)),
            (_, ValueRef::Integer(value)) => Value::BigInt(Some(value)),
            (_, ValueRef::Real(value)) => Value::Double(Some(value)),
            (_, ValueRef::Text(text)) => Value::String(Some(
                String::from_utf8(text.to_vec()).map_err(|_| unreadable("text"))?,
            )),
            (_, ValueRef::Blob(bytes)) => Value::Bytes(Some(bytes.to_vec())),
            // SeaORM takes a null of any type for `None`.
            (_, ValueRef::Null) => Value::String(None),
        })
    }
}

fn unreadable(what: &str) -> DbErr {
    DbErr::Type(format!("the database holds a {what} that can't be read"))
}

/// What `error` writes before SQLite's own words: its extended result code, which `dialect.rs` reads back.
const PREFIX: &str = "sqlite ";

fn error(error: rusqlite::Error) -> DbErr {
    let text = match error {
        rusqlite::Error::SqliteFailure(failure, message) => {
            format!(
                "{PREFIX}{}: {}",
                failure.extended_code,
                message.unwrap_or_else(|| failure.to_string())
            )
        }
        other => format!("{PREFIX}0: {other}"),
    };
    DbErr::Exec(RuntimeErr::Internal(text))
}

/// What becomes of work in a transaction that SQLite has undone.
pub fn undone() -> DbErr {
    let code = rusqlite::ffi::SQLITE_ABORT_ROLLBACK;
    DbErr::Exec(RuntimeErr::Internal(format!(
        "{PREFIX}{code}: the transaction was undone"
    )))
}

/// SQLite's extended result code and words, if the error is one of SQLite's.
pub fn failure(error: &DbErr) -> Option<(i32, &str)> {
    let (DbErr::Exec(RuntimeErr::Internal(text)) | DbErr::Query(RuntimeErr::Internal(text))) = error else {
        return None;
    };
    let (code, message) = text.strip_prefix(PREFIX)?.split_once(": ")?;
    Some((code.parse().ok()?, message))
}

/// Whether a statement was given up because it turned out long.
pub fn is_interrupted(error: &DbErr) -> bool {
    matches!(failure(error), Some((rusqlite::ffi::SQLITE_INTERRUPT, _)))
}

#[cfg(test)]
mod tests {
    use super::money_text;
    use rust_decimal::Decimal;

    #[test]
    fn money_orders_as_text() {
        let text = |value: &str| money_text(Decimal::from_str_exact(value).expect("a decimal"));
        assert_eq!(text("799.99"), "00000000000000000799.99");
        assert_eq!(text("0"), "00000000000000000000.00");
        assert_eq!(text("99999999999999999999.99"), "99999999999999999999.99");
        let mut sorted: Vec<String> = [
            "-1",
            "0",
            "0.01",
            "1.0001",
            "1.01",
            "10",
            "9.99",
            "100000000000000000000",
        ]
        .map(text)
        .into();
        sorted.sort();
        let expected: Vec<String> = [
            "-1",
            "0",
            "0.01",
            "1.0001",
            "1.01",
            "9.99",
            "10",
            "100000000000000000000",
        ]
        .map(text)
        .into();
        assert_eq!(sorted, expected);
    }
}
