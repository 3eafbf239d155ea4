//! `Comparison` of a column with a value, and `Range`: a comparison of a number with a bound.

use sea_orm::Value;
use sea_orm::sea_query::{Expr, ExprTrait as _};

/// How a column is compared with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    /// Another value, or null.
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
    /// The condition; `without_index` keeps the databases from using an index of the column.
    ///
    /// A statement is planned for all values of its parameters, so neither database sees that a range of prices may hold half
    /// of the products. Where there is a reference to look for, the reference's index finds far fewer rows.
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
