//! Reading either database, row by row, within one snapshot.

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

/// A statement that reads, and the kind of each column it returns.
#[derive(Clone, Debug)]
pub(crate) struct Select {
    /// The table it reads, for messages.
    pub(crate) table: String,
    pub(crate) sql: String,
    pub(crate) kinds: Vec<Kind>,
}

impl Select {
    /// A statement that returns one number.
    pub(crate) fn number(table: &str, sql: String) -> Self {
        Self {
            table: table.to_owned(),
            sql,
            kinds: vec![Kind::Integer],
        }
    }
}

/// Gets one row; the values are only lent.
pub(crate) type EachRow<'a> = &'a mut dyn FnMut(&[Value]) -> Result<()>;

/// The source, opened. All methods block.
pub(crate) enum Reader {
    Sqlite(SqliteReader),
    Postgres(PostgresReader),
}

impl Reader {
    /// Stops reading when this progress is cancelled.
    pub(crate) fn watch(&mut self, progress: &Progress) {
        match self {
            Self::Sqlite(reader) => reader.watch(progress),
            Self::Postgres(reader) => reader.watch(progress),
        }
    }

    /// The tables of the installation; `schema` chooses one of several in PostgreSQL.
    pub(crate) fn catalogue(&mut self, schema: Option<&str>) -> Result<Catalogue> {
        match self {
            Self::Sqlite(reader) => crate::catalogue::sqlite::read(reader),
            Self::Postgres(reader) => crate::catalogue::postgres::read(reader, schema),
        }
    }

    /// Checks the pages of a table where the database can be damaged: in a file.
    pub(crate) fn verify(&mut self, table: &str) -> Result<()> {
        match self {
            Self::Sqlite(reader) => reader.verify(table),
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Calls `each` with every row, in order, holding a bounded number of them.
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

    /// How numbers are stored.
    pub(crate) const fn precision(&self) -> Precision {
        match self {
            Self::Sqlite(_) => Precision::Fifteen,
            Self::Postgres(_) => Precision::Exact,
        }
    }

    /// Follows a table's name in `FROM`: keeps SQLite away from indexes, which may lack rows in a damaged file.
    pub(crate) const fn unindexed(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => " NOT INDEXED",
            Self::Postgres(_) => "",
        }
    }
}
