//! `Comparison` of a column with a value, and `Range`: a comparison of a number with a bound.

use sea_orm::Value;
use sea_orm::sea_query::{Expr, ExprTrait as _};

/// The comparison of a column with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    /// Matches null, too.
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// A number compared with a bound.
#[derive(Clone, Debug)]
pub(crate) struct Range {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    pub(crate) comparison: Comparison,
    pub(crate) bound: Value,
}

impl Range {
    /// The condition; `without_index` prevents the databases from using an index of the column.
    ///
    /// Statements are planned without the values of their parameters, so neither database takes into account that a range
    /// can match half of the table. If the filter also compares a reference, the index of the reference finds
    /// far fewer rows.
    pub(crate) fn condition(self, without_index: bool) -> Expr {
        let column = if without_index {
            Expr::cust(format!(r#"+"{}"."{}""#, self.table, self.column))
        } else {
            Expr::col((self.table, self.column))
        };
        match self.comparison {
            Comparison::Greater => column.gt(self.bound),
            Comparison::GreaterOrEqual => column.gte(self.bound),
            Comparison::Less => column.lt(self.bound),
            Comparison::LessOrEqual => column.lte(self.bound),
            Comparison::Equal => column.eq(self.bound),
            Comparison::NotEqual => column.ne(self.bound),
        }
    }
}
