//! Reads either database, row by row, from one snapshot.

mod in_place;
mod postgres;
mod sqlite;
mod tls;

use crate::catalogue::Catalogue;
use crate::clean::money::Precision;
use crate::error::Result;
use crate::progress::Progress;
use crate::value::{Kind, Value};

pub(crate) use postgres::PostgresReader;
pub(crate) use sqlite::SqliteReader;

/// A query, and the kind of each column that it returns.
#[derive(Clone, Debug)]
pub(crate) struct Select {
    /// The table that it reads, for messages.
    pub(crate) table: String,
    pub(crate) sql: String,
    pub(crate) kinds: Vec<Kind>,
}

impl Select {
    /// A query that returns one number.
    pub(crate) fn number(table: &str, sql: String) -> Self {
        Self {
            table: table.to_owned(),
            sql,
            kinds: vec![Kind::Integer],
        }
    }
}

/// The callback for each row, which borrows the values.
pub(crate) type EachRow<'a> = &'a mut dyn FnMut(&[Value]) -> Result<()>;

/// An open source. All methods block.
pub(crate) enum Reader {
    Sqlite(SqliteReader),
    Postgres(PostgresReader),
}

impl Reader {
    /// Makes reading fail once this progress is cancelled.
    pub(crate) fn set_progress(&mut self, progress: &Progress) {
        match self {
            Self::Sqlite(reader) => reader.set_progress(progress),
            Self::Postgres(reader) => reader.set_progress(progress),
        }
    }

    /// The tables of the installation; `schema` chooses one of several in PostgreSQL.
    pub(crate) fn catalogue(&mut self, schema: Option<&str>) -> Result<Catalogue> {
        match self {
            Self::Sqlite(reader) => crate::catalogue::sqlite::read(reader),
            Self::Postgres(reader) => crate::catalogue::postgres::read(reader, schema),
        }
    }

    /// Checks the pages of a table in a SQLite file. Does nothing on PostgreSQL.
    pub(crate) fn verify(&mut self, table: &str) -> Result<()> {
        match self {
            Self::Sqlite(reader) => reader.verify(table),
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Calls `each` with every row, in order, and keeps a bounded number of rows in memory.
    pub(crate) fn for_each(&mut self, select: &Select, each: EachRow<'_>) -> Result<()> {
        match self {
            Self::Sqlite(reader) => reader.for_each(select, each),
            Self::Postgres(reader) => reader.for_each(select, each),
        }
    }

    /// The number that a statement returns; 0 for null or no row.
    pub(crate) fn number(&mut self, table: &str, sql: String) -> Result<i64> {
        let mut number = 0;
        self.for_each(&Select::number(table, sql), &mut |row| {
            number = row.first().and_then(Value::integer).unwrap_or(0);
            Ok(())
        })?;
        Ok(number)
    }

    /// The precision of stored numbers.
    pub(crate) const fn precision(&self) -> Precision {
        match self {
            Self::Sqlite(_) => Precision::Fifteen,
            Self::Postgres(_) => Precision::Exact,
        }
    }

    /// The SQL after a table's name in `FROM` that makes SQLite ignore indexes, which may lack rows in a damaged file.
    pub(crate) const fn not_indexed(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => " NOT INDEXED",
            Self::Postgres(_) => "",
        }
    }
}
