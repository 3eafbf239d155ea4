//! Values that the program's rules refuse. Each stops the import until a flag decides it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::MOST_IDS;
use crate::options::{Options, PricePolicy, SeriePolicy};

/// What can be wrong with a row.
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

    /// The flags that decide it, the one to recommend first.
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

/// Rows of one table with one fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `negative_quantity`, …
    pub code: &'static str,
    /// `product`, …
    pub table: &'static str,
    /// How many rows.
    pub count: u64,
    /// Their ids, at most [`MOST_IDS`].
    pub ids: Vec<i64>,
    /// The flag that decides it, as recommended.
    pub flag: &'static str,
    /// All flags that do.
    pub flags: Vec<&'static str>,
    /// The flag that was given.
    pub decided: Option<&'static str>,
    /// What is wrong, for people.
    pub message: &'static str,
}

/// Collects findings.
#[derive(Debug, Default)]
pub(crate) struct Findings(BTreeMap<(Code, &'static str), (u64, Vec<i64>)>);

impl Findings {
    pub(crate) fn add(&mut self, code: Code, table: &'static str, id: Option<i64>) {
        let (count, ids) = self.0.entry((code, table)).or_default();
        *count += 1;
        if ids.len() < MOST_IDS {
            ids.extend(id);
        }
    }

    /// Takes over what another has collected.
    pub(crate) fn merge(&mut self, other: Self) {
        for (key, (more, found)) in other.0 {
            let (count, ids) = self.0.entry(key).or_default();
            *count += more;
            let room = MOST_IDS.saturating_sub(ids.len());
            ids.extend(found.into_iter().take(room));
        }
    }

    pub(crate) fn list(self, options: &Options) -> Vec<Finding> {
        let finding = |((code, table), (count, mut ids)): ((Code, &'static str), (u64, Vec<i64>))| {
            let flags = code.flags(table);
            ids.sort_unstable();
            // A row with two bad prices is one row.
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
