//! Values that the program's rules reject. Each stops the import until a flag resolves it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::MAX_IDS;
use crate::options::{Options, PricePolicy, SeriePolicy};

/// A fault of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Code {
    NegativeQuantity,
    NegativePrice,
    DuplicateSerieNumber,
    DanglingReference,
    UnreadablePrice,
    QuantityOutOfRange,
    UnreadableQuantity,
    BalanceOutOfRange,
    UnreadableTime,
    UnreadableId,
    UnreadableUsername,
    DuplicateUsername,
}

impl Code {
    const fn name(self) -> &'static str {
        match self {
            Self::NegativeQuantity => "negative_quantity",
            Self::NegativePrice => "negative_price",
            Self::DuplicateSerieNumber => "duplicate_serie_number",
            Self::DanglingReference => "dangling_reference",
            Self::UnreadablePrice => "unreadable_price",
            Self::QuantityOutOfRange => "quantity_out_of_range",
            Self::UnreadableQuantity => "unreadable_quantity",
            Self::BalanceOutOfRange => "balance_out_of_range",
            Self::UnreadableTime => "unreadable_time",
            Self::UnreadableId => "unreadable_id",
            Self::UnreadableUsername => "unreadable_username",
            Self::DuplicateUsername => "duplicate_username",
        }
    }

    const fn message(self) -> &'static str {
        match self {
            Self::NegativeQuantity => "the stock is negative",
            Self::NegativePrice => "a price is negative",
            Self::DuplicateSerieNumber => "several products have the same serial number",
            Self::DanglingReference => "the row refers to one that does not exist",
            Self::UnreadablePrice => "a price is not a number, or has too many digits to be read back",
            Self::QuantityOutOfRange => "the quantity is above 2147483647",
            Self::UnreadableQuantity => "the quantity is not a whole number",
            Self::BalanceOutOfRange => "the movements bring the stock above 2147483647",
            Self::UnreadableTime => "a time cannot be read",
            Self::UnreadableId => "the id is not a positive whole number, or occurs twice",
            Self::UnreadableUsername => "the user has no name",
            Self::DuplicateUsername => "several users have the same name",
        }
    }

    /// The flags that resolve the fault, the recommended one first.
    fn flags(self, table: &str) -> &'static [&'static str] {
        match self {
            Self::NegativeQuantity => &["--stock=zero"],
            Self::QuantityOutOfRange if table == "product" => &["--stock=zero"],
            Self::NegativePrice => &["--price=abs", "--price=zero"],
            Self::DuplicateSerieNumber => &["--serie=null-later", "--serie=suffix"],
            Self::DanglingReference => &["--dangling=skip"],
            _ => &["--unreadable=skip"],
        }
    }

    fn decision(self, table: &str, options: &Options) -> Option<&'static str> {
        match self.flags(table) {
            ["--stock=zero"] => options.stock_zero.then_some("--stock=zero"),
            ["--dangling=skip"] => options.dangling_skip.then_some("--dangling=skip"),
            ["--price=abs", ..] => options.price.map(|price| match price {
                PricePolicy::Abs => "--price=abs",
                PricePolicy::Zero => "--price=zero",
            }),
            ["--serie=null-later", ..] => options.serie.map(|serie| match serie {
                SeriePolicy::NullLater => "--serie=null-later",
                SeriePolicy::Suffix => "--serie=suffix",
            }),
            _ => options.unreadable_skip.then_some("--unreadable=skip"),
        }
    }
}

/// The rows of one table that have the same fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The code of the fault, such as `negative_quantity`.
    pub code: &'static str,
    /// The table, such as `product`.
    pub table: &'static str,
    pub count: u64,
    /// The ids of the rows, at most [`MAX_IDS`].
    pub ids: Vec<i64>,
    /// The recommended flag that resolves the fault.
    pub flag: &'static str,
    /// All flags that resolve the fault.
    pub flags: Vec<&'static str>,
    /// The flag that was set, if any.
    pub decided: Option<&'static str>,
    /// A description of the fault.
    pub message: &'static str,
}

/// Collects findings.
#[derive(Debug, Default)]
pub(crate) struct Findings(BTreeMap<(Code, &'static str), (u64, Vec<i64>)>);

impl Findings {
    pub(crate) fn add(&mut self, code: Code, table: &'static str, id: Option<i64>) {
        let (count, ids) = self.0.entry((code, table)).or_default();
        *count += 1;
        if ids.len() < MAX_IDS {
            ids.extend(id);
        }
    }

    /// Adds the findings of another collection.
    pub(crate) fn merge(&mut self, other: Self) {
        for (key, (other_count, other_ids)) in other.0 {
            let (count, ids) = self.0.entry(key).or_default();
            *count += other_count;
            let room = MAX_IDS.saturating_sub(ids.len());
            ids.extend(other_ids.into_iter().take(room));
        }
    }

    pub(crate) fn list(self, options: &Options) -> Vec<Finding> {
        let finding = |((code, table), (count, mut ids)): ((Code, &'static str), (u64, Vec<i64>))| {
            let flags = code.flags(table);
            ids.sort_unstable();
            // A row with two invalid prices counts once.
            let listed = ids.len();
            ids.dedup();
            let repeated = u64::try_from(listed - ids.len()).unwrap_or(0);
            Finding {
                code: code.name(),
                table,
                count: count - repeated,
                ids,
                flag: flags.first().copied().unwrap_or_default(),
                flags: flags.to_vec(),
                decided: code.decision(table, options),
                message: code.message(),
            }
        };
        self.0.into_iter().map(finding).collect()
    }
}
