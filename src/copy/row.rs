//! Rows of any table, and what they come to.

use chrono::{DateTime, Utc};
use django_source::digest::{Fields, Record, TableDigest};
use rust_decimal::Decimal;
use sea_orm::{DbErr, QueryResult, Value};
use serde::Serialize;

use super::table::{Column, Kind, Table};

/// Columns whose sum is shown.
const SUMMED: [&str; 2] = ["quantity", "change"];

/// One cell, alike on both databases.
#[derive(Clone, Debug)]
pub(super) enum Cell {
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

pub(super) type Row = Vec<Cell>;

pub(super) fn read(row: &QueryResult, table: &Table) -> Result<Row, DbErr> {
    table
        .columns
        .iter()
        .map(|column| Cell::read(row, column))
        .collect()
}

/// What the rows of a table come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Summary {
    pub(crate) rows: u64,
    /// The sum of quantities, or of changes.
    pub(crate) quantity: Option<String>,
    /// The sum of all prices.
    pub(crate) money: Option<String>,
    pub(crate) hash: String,
    /// The largest id that the table has given out.
    pub(crate) last_id: i64,
}

/// One table on both sides.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Comparison {
    pub(crate) table: String,
    pub(crate) source: Summary,
    pub(crate) target: Summary,
}

impl Comparison {
    pub(crate) fn is_equal(&self) -> bool {
        self.source == self.target
    }
}

/// Adds up the rows of a table.
pub(super) struct Summing<'t> {
    table: &'t Table,
    digest: TableDigest,
}

impl<'t> Summing<'t> {
    pub(super) const fn new(table: &'t Table) -> Self {
        Self {
            table,
            digest: TableDigest::new(""),
        }
    }

    pub(super) fn add(&mut self, row: &Row) {
        self.digest.add(&Named {
            table: self.table,
            row,
        });
    }

    pub(super) fn summary(self, last_id: i64) -> Summary {
        let has = |is: fn(&Column) -> bool| self.table.columns.iter().any(is);
        let summary = self.digest.summary();
        Summary {
            rows: summary.rows,
            quantity: has(|column| SUMMED.contains(&column.name.as_str())).then(|| self.digest.quantity()),
            money: has(|column| column.kind == Kind::Money).then(|| self.digest.money()),
            hash: summary.hash,
            last_id,
        }
    }
}

struct Named<'r> {
    table: &'r Table,
    row: &'r Row,
}

impl Record for Named<'_> {
    fn write(&self, fields: &mut Fields) {
        for (column, cell) in self.table.columns.iter().zip(self.row) {
            fields.text(&column.name);
            match cell {
                Cell::Integer(Some(number)) if SUMMED.contains(&column.name.as_str()) => {
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
