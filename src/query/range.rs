//! `Range`: the numbers of a column on one side of a bound, as a part of a [`super::Filter`].

use sea_orm::Value;
use sea_orm::sea_query::{Expr, ExprTrait as _};

use super::filter::Comparison;

/// A number compared with a bound.
#[derive(Clone, Debug)]
pub struct Range {
    /// Of which table.
    pub table: &'static str,
    /// Which of its columns.
    pub column: &'static str,
    /// How.
    pub comparison: Comparison,
    /// With what.
    pub bound: Value,
}

impl Range {
    /// As a condition; `aside` keeps the databases from using an index of the column.
    ///
    /// Neither knows, when it plans a statement for all values of its parameters, that a range of prices may hold half of
    /// the products. Where there is a reference to look for, its index finds far fewer.
    pub fn condition(self, aside: bool) -> Expr {
        let column = if aside {
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
