//! What was found, for people and programs.

mod findings;
mod notes;

use std::collections::BTreeMap;

use serde::Serialize;

pub use findings::Finding;
pub(crate) use findings::{Code, Findings};
pub use notes::{Note, NoteItem};
pub(crate) use notes::{NoteCode, Notes};

use crate::options::TenantValue;

/// Ids that a finding or a note lists; its count goes on.
pub const MOST_IDS: usize = 1000;
/// Products that [`StockReport::largest`] lists.
pub const MOST_DIFFERENCES: usize = 100;

/// Whether the import can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing is left to decide.
    Import,
    /// A finding is not decided.
    Stop,
    /// The source is of another system, or of several companies.
    Refuse,
}

/// Why a source is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Because {
    /// No table plays these parts.
    NoTable {
        /// `brand`, …, sorted.
        roles: Vec<&'static str>,
    },
    /// A table lacks columns.
    NoColumn {
        /// The table of the source.
        table: String,
        /// The documented names.
        columns: Vec<&'static str>,
    },
    /// Two tables are equally likely; `--map TABLE=ROLE` decides.
    AmbiguousTable {
        /// `brand`, …
        role: &'static str,
        /// The tables of the source.
        tables: Vec<String>,
    },
    /// More than one company has rows; `--tenant` chooses one.
    SeveralTenants {
        /// The column that says whose a row is, or `schema`.
        column: String,
        /// The companies, at most 20.
        values: Vec<TenantValue>,
    },
}

/// A column of the source and what it is taken for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColumnReport {
    /// The table of the source.
    pub table: String,
    /// Its column.
    pub column: String,
    /// `product.selling_price`, …
    pub role: String,
    /// `name`, `foreign_key`, `known_spelling`, `likeness` or `map`.
    pub how: &'static str,
}

/// A product whose movements do not explain its quantity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StockDifference {
    /// The product.
    pub product_id: i64,
    /// Its title.
    pub title: String,
    /// What the source says is there.
    pub quantity: i64,
    /// The sum of its movements.
    pub movements: i64,
    /// The entry before the first movement.
    pub opening: i64,
    /// The entry after the last.
    pub closing: i64,
}

/// The products whose movements do not explain their quantity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StockReport {
    /// All products that are taken over.
    pub products: u64,
    /// Those with an opening or a closing entry.
    pub differing: u64,
    /// Those that differ most, the largest difference first, at most [`MOST_DIFFERENCES`].
    pub largest: Vec<StockDifference>,
}

/// The whole report. In JSON, the codes and keys are stable.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Whether the import can go on.
    pub verdict: Verdict,
    /// Why not, if the source is refused.
    pub because: Vec<Because>,
    /// The table that plays each part.
    pub roles: BTreeMap<&'static str, String>,
    /// What each column is taken for.
    pub columns: Vec<ColumnReport>,
    /// Rows in the source; null where there is no table.
    pub source: BTreeMap<&'static str, Option<u64>>,
    /// What has to be decided, or is.
    pub findings: Vec<Finding>,
    /// What is changed, dropped or worth a look.
    pub notes: Vec<Note>,
    /// Products that the movements do not explain.
    pub stock: StockReport,
    /// Rows after the import, what migrations put there included.
    pub target: BTreeMap<&'static str, u64>,
    /// The id that the next row of each table gets.
    pub next_id: BTreeMap<&'static str, i64>,
}
