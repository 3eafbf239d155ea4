//! Rows of any table, and their summaries.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sea_orm::{DbErr, QueryResult, Value};
use serde::Serialize;
use table_digest::{Digest, Fields, Record};

use crate::table::{Column, Kind, Table};

/// One value of a row, with the same representation for both databases.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    Integer(Option<i64>),
    Boolean(Option<bool>),
    Moment(Option<DateTime<Utc>>),
    Money(Option<Decimal>),
    Text(Option<String>),
}

impl Cell {
    fn read(row: &QueryResult, column: &Column) -> Result<Self, DbErr> {
        let name = column.name.as_str();
        Ok(match column.kind {
            Kind::Integer => Self::Integer(row.try_get("", name)?),
            Kind::Boolean => Self::Boolean(row.try_get("", name)?),
            Kind::Moment => Self::Moment(row.try_get("", name)?),
            Kind::Money => Self::Money(row.try_get("", name)?),
            Kind::Text => Self::Text(row.try_get("", name)?),
        })
    }
}

impl From<Cell> for Value {
    fn from(cell: Cell) -> Self {
        match cell {
            Cell::Integer(value) => value.into(),
            Cell::Boolean(value) => value.into(),
            Cell::Moment(value) => value.into(),
            Cell::Money(value) => value.into(),
            Cell::Text(value) => value.into(),
        }
    }
}

pub(crate) type Row = Vec<Cell>;

pub(crate) fn read(row: &QueryResult, table: &Table) -> Result<Row, DbErr> {
    table
        .columns
        .iter()
        .map(|column| Cell::read(row, column))
        .collect()
}

/// The number, sums and hash of a table's rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub rows: u64,
    /// The sum of the columns in [`Plan::summed_columns`](crate::Plan::summed_columns); `None` if the table has none of them.
    pub quantity: Option<String>,
    /// The sum of all money columns, with two decimals; `None` if the table has none.
    pub money: Option<String>,
    pub hash: String,
    /// The largest id that the table has generated or contains; 0 if it generates none.
    pub last_id: i64,
}

/// The summaries of one table in the source and in the target.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    pub table: String,
    pub source: Summary,
    pub target: Summary,
}

impl Comparison {
    pub fn is_equal(&self) -> bool {
        self.source == self.target
    }
}

/// Computes the [`Summary`] of a table, row by row.
pub(crate) struct SummaryBuilder<'t> {
    table: &'t Table,
    digest: Digest,
}

impl<'t> SummaryBuilder<'t> {
    pub(crate) const fn new(table: &'t Table) -> Self {
        Self {
            table,
            digest: Digest::new(),
        }
    }

    pub(crate) fn add(&mut self, row: &Row) {
        self.digest.add(&TableRow {
            table: self.table,
            row,
        });
    }

    pub(crate) fn summary(self, last_id: i64) -> Summary {
        let has_column = |matches: fn(&Column) -> bool| self.table.columns.iter().any(matches);
        Summary {
            rows: self.digest.rows(),
            quantity: has_column(|column| column.is_summed).then(|| self.digest.quantity()),
            money: has_column(|column| column.kind == Kind::Money).then(|| self.digest.money()),
            hash: self.digest.hash(),
            last_id,
        }
    }
}

struct TableRow<'r> {
    table: &'r Table,
    row: &'r Row,
}

impl Record for TableRow<'_> {
    fn write(&self, fields: &mut Fields) {
        for (column, cell) in self.table.columns.iter().zip(self.row) {
            fields.text(&column.name);
            match cell {
                Cell::Integer(Some(number)) if column.is_summed => {
                    fields.quantity(*number);
                }
                Cell::Integer(number) => fields.optional_integer(*number),
                Cell::Boolean(truth) => fields.optional_integer(truth.map(i64::from)),
                Cell::Moment(moment) => {
                    fields.optional_integer(moment.map(|moment| moment.timestamp_micros()));
                }
                Cell::Money(Some(amount)) => fields.money(*amount),
                Cell::Money(None) => fields.optional_integer(None),
                Cell::Text(text) => fields.optional_text(text.as_deref()),
            }
        }
    }
}
