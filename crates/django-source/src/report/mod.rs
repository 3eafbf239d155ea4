//! The report of a check, for people and as JSON for programs.

mod findings;
mod notes;

use std::collections::BTreeMap;

use serde::Serialize;

pub use findings::Finding;
pub(crate) use findings::{Code, Findings};
pub use notes::{Note, NoteItem};
pub(crate) use notes::{NoteCode, Notes};

use crate::options::TenantValue;

/// The maximum number of ids that a finding or a note lists. Its count includes the others.
pub const MAX_IDS: usize = 1000;
/// The maximum number of products in [`StockReport::largest`].
pub const MAX_DIFFERENCES: usize = 100;

/// Whether the source can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckResult {
    /// The source can be imported.
    Import,
    /// A finding is not resolved by a flag.
    Stop,
    /// The source belongs to another system, or to several companies.
    Refuse,
}

/// The reason why a source is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum RefusalReason {
    /// No table has these roles.
    NoTable {
        /// The roles, such as `brand`, sorted.
        roles: Vec<&'static str>,
    },
    /// A table lacks required columns.
    NoColumn {
        table: String,
        /// The documented names of the columns.
        columns: Vec<&'static str>,
    },
    /// Several tables are equally likely; `--map TABLE=ROLE` chooses one.
    AmbiguousTable {
        /// The role, such as `brand`.
        role: &'static str,
        tables: Vec<String>,
    },
    /// More than one company has rows; `--tenant` chooses one.
    SeveralTenants {
        /// The column that identifies the company of a row, or `schema`.
        column: String,
        /// The companies, at most 20.
        values: Vec<TenantValue>,
    },
}

/// A column of the source and its meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColumnReport {
    pub table: String,
    pub column: String,
    /// The documented column, such as `product.selling_price`.
    pub role: String,
    /// How it was recognised: `name`, `foreign_key`, `known_spelling`, `likeness` or `map`.
    pub how: &'static str,
}

/// A product with a quantity that is not the sum of its movements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StockDifference {
    pub product_id: i64,
    pub title: String,
    /// The quantity in the source.
    pub quantity: i64,
    /// The sum of its movements.
    pub movements: i64,
    /// The change of the ledger entry before the first movement.
    pub opening: i64,
    /// The change of the ledger entry after the last movement.
    pub closing: i64,
}

/// The products with a quantity that is not the sum of their movements.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StockReport {
    /// The number of products that are imported.
    pub products: u64,
    /// The number of them with an opening or a closing entry.
    pub differing: u64,
    /// The products with the largest differences, in descending order, at most [`MAX_DIFFERENCES`].
    pub largest: Vec<StockDifference>,
}

/// The whole report. In JSON, the codes and keys are stable.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Whether the source can be imported.
    #[serde(rename = "verdict")]
    pub result: CheckResult,
    /// The reasons, if the source is refused.
    pub because: Vec<RefusalReason>,
    /// The table of each role.
    pub roles: BTreeMap<&'static str, String>,
    /// The meaning of each column.
    pub columns: Vec<ColumnReport>,
    /// The number of rows of each table in the source; null if there is no such table.
    pub source: BTreeMap<&'static str, Option<u64>>,
    /// The findings, which flags resolve.
    pub findings: Vec<Finding>,
    /// Changes, omissions and other information.
    pub notes: Vec<Note>,
    /// The products with a quantity that is not the sum of their movements.
    pub stock: StockReport,
    /// The number of rows of each table after the import, including those that migrations add.
    pub target: BTreeMap<&'static str, u64>,
    /// The next generated id of each table.
    pub next_id: BTreeMap<&'static str, i64>,
}
