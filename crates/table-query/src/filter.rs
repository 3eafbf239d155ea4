//! `Filter`: a condition on rows.

use chrono::{DateTime, Days, NaiveDate, Utc};
use database::Backend;
use sea_orm::sea_query::{Expr, ExprTrait, IntoCondition, LikeExpr, SelectStatement};
use sea_orm::{ColumnTrait, Condition, EntityName as _, QueryFilter, QuerySelect, QueryTrait, Value};

use crate::comparison::{Comparison, Range};
use crate::error::Error;
use crate::table::{Table, key};

/// The maximum length of a pattern in SQLite, in bytes.
const MAX_PATTERN: usize = 50_000;

/// A condition on the rows of one table; the default matches all rows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    condition: Option<Condition>,
    /// Ranges of numbers that must match too. They are kept apart because [`Range::condition`] depends on the whole filter.
    ranges: Vec<Range>,
    /// Whether the filter compares a reference with one id.
    has_reference: bool,
    size: Size,
}

#[derive(Clone, Copy, Debug, Default)]
struct Size {
    conditions: usize,
    values: usize,
}

impl Size {
    fn and(self, other: Self) -> Self {
        Self {
            conditions: self.conditions.saturating_add(other.conditions),
            values: self.values.saturating_add(other.values),
        }
    }
}

/// The maximum number of conditions of one filter. SQLite accepts expressions of 1,000 levels, and a condition has up to four.
pub const MAX_CONDITIONS: usize = 200;
/// The maximum number of values in the conditions of one filter. SQLite accepts 32,766 parameters.
pub const MAX_VALUES: usize = 10_000;

/// The suffix of the names of columns that refer to other rows.
const REFERENCE: &str = "_id";

/// The position of one text in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextPosition {
    Anywhere,
    Start,
    End,
}

impl Filter {
    fn of(condition: impl IntoCondition) -> Self {
        Self::with(
            condition,
            Size {
                conditions: 1,
                values: 1,
            },
        )
    }

    fn with(condition: impl IntoCondition, size: Size) -> Self {
        Self {
            condition: Some(condition.into_condition()),
            size,
            ..Self::default()
        }
    }

    /// The filter as one condition; `None` if it matches all rows.
    fn into_condition(self) -> Option<Condition> {
        let without_index = self.has_reference;
        let mut ranges = self
            .ranges
            .into_iter()
            .map(|range| range.condition(without_index))
            .peekable();
        if ranges.peek().is_none() {
            return self.condition;
        }
        let all = Condition::all().add_option(self.condition);
        Some(ranges.fold(all, Condition::add))
    }

    /// Checks that both databases can process the filter.
    ///
    /// # Errors
    /// [`Error::Parameter`] for too many conditions or values.
    pub fn checked(self) -> Result<Self, Error> {
        if self.size.conditions > MAX_CONDITIONS {
            return Err(Error::parameter(
                "filter",
                format!("It has more than {MAX_CONDITIONS} conditions."),
            ));
        }
        if self.size.values > MAX_VALUES {
            return Err(Error::parameter(
                "filter",
                format!("It has more than {MAX_VALUES} values."),
            ));
        }
        Ok(self)
    }

    /// Whether the filter matches all rows because it has no conditions.
    pub fn matches_all(&self) -> bool {
        self.condition.is_none() && self.ranges.is_empty()
    }

    /// A filter that matches no rows.
    pub fn nothing() -> Self {
        Self::of(Expr::val(1).eq(0))
    }

    /// Matches the rows that both filters match.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let condition = match (self.condition, other.condition) {
            (Some(left), Some(right)) => Some(Condition::all().add(left).add(right)),
            (one, other) => one.or(other),
        };
        let mut ranges = self.ranges;
        ranges.extend(other.ranges);
        Self {
            condition,
            ranges,
            has_reference: self.has_reference || other.has_reference,
            size: self.size.and(other.size),
        }
    }

    /// Matches the rows that at least one of the filters matches; none for an empty list.
    pub fn any(filters: impl IntoIterator<Item = Self>) -> Self {
        let mut any = Condition::any();
        let mut size = Size {
            conditions: 1,
            values: 0,
        };
        let (mut empty, mut matches_all) = (true, false);
        for filter in filters {
            empty = false;
            size = size.and(filter.size);
            match filter.into_condition() {
                Some(condition) => any = any.add(condition),
                None => matches_all = true,
            }
        }
        match (empty, matches_all) {
            (true, _) => Self::nothing(),
            (_, true) => Self {
                size,
                ..Self::default()
            },
            _ => Self::with(any, size),
        }
    }

    /// Matches the rows that the filter does not match, including those for which its result is null.
    #[must_use]
    pub fn negated(self) -> Self {
        let size = self.size.and(Size {
            conditions: 1,
            values: 0,
        });
        match self.into_condition() {
            None => Self {
                size,
                ..Self::nothing()
            },
            Some(condition) => {
                let matches = Expr::expr(
                    sea_orm::sea_query::CaseStatement::new()
                        .case(condition, 1)
                        .finally(0),
                );
                Self::with(matches.eq(0), size)
            }
        }
    }

    /// Compares a column with a value. A text with a NUL equals no text in the database, and PostgreSQL would reject it.
    pub fn compare<C: ColumnTrait>(column: C, comparison: Comparison, value: impl Into<Value>) -> Self {
        let value = value.into();
        if has_nul(&value) {
            return match comparison {
                Comparison::NotEqual => Self::default(),
                _ => Self::nothing(),
            };
        }
        // Times are not ranges here, since a reference and a time are often in the same index.
        let is_number = matches!(value, Value::Decimal(_) | Value::BigInt(_));
        let is_range = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        if is_number && is_range {
            return Self {
                ranges: vec![Range {
                    table: C::EntityName::default().table_name(),
                    column: column.as_str(),
                    comparison,
                    bound: value,
                }],
                size: Size {
                    conditions: 1,
                    values: 1,
                },
                ..Self::default()
            };
        }
        let has_reference = comparison == Comparison::Equal && column.as_str().ends_with(REFERENCE);
        let condition = match comparison {
            Comparison::Equal => column.eq(value),
            Comparison::NotEqual => {
                return Self::of(Condition::any().add(column.ne(value)).add(column.is_null()));
            }
            Comparison::Greater => column.gt(value),
            Comparison::GreaterOrEqual => column.gte(value),
            Comparison::Less => column.lt(value),
            Comparison::LessOrEqual => column.lte(value),
        };
        Self {
            has_reference,
            ..Self::of(condition)
        }
    }

    /// Compares a column with a value that is written into the SQL, as a partial index for this value requires.
    pub fn equals_constant<C: ColumnTrait>(column: C, value: &'static str) -> Self {
        Self::of(Expr::col(column.as_column_ref()).eq(Expr::Constant(value.into())))
    }

    /// Matches the rows in which the column has one of these values.
    pub fn is_in<C: ColumnTrait, V: Into<Value>>(column: C, values: Vec<V>) -> Self {
        let values = without_nul(values);
        if values.is_empty() {
            return Self::nothing();
        }
        let size = Size {
            conditions: 1,
            values: values.len(),
        };
        Self::with(column.is_in(values), size)
    }

    /// Matches the rows in which the column has none of these values, or is null.
    pub fn is_not_in<C: ColumnTrait, V: Into<Value>>(column: C, values: Vec<V>) -> Self {
        let values = without_nul(values);
        if values.is_empty() {
            return Self::default();
        }
        let size = Size {
            conditions: 1,
            values: values.len(),
        };
        let other = Condition::any()
            .add(column.is_not_in(values))
            .add(column.is_null());
        Self::with(other, size)
    }

    pub fn is_null<C: ColumnTrait>(column: C, is_null: bool) -> Self {
        Self::of(if is_null {
            column.is_null()
        } else {
            column.is_not_null()
        })
    }

    /// Matches the rows in which the column contains this text at this position. `%` and `_` are matched literally. To ignore
    /// case and diacritics, the column and the text must be folded.
    pub fn text<C: ColumnTrait>(column: C, position: TextPosition, text: &str) -> Self {
        if text.contains('\0') {
            return Self::nothing();
        }
        let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        let pattern = match position {
            TextPosition::Anywhere => format!("%{escaped}%"),
            TextPosition::Start => format!("{escaped}%"),
            TextPosition::End => format!("%{escaped}"),
        };
        if pattern.len() > MAX_PATTERN {
            return Self::nothing();
        }
        let mut pattern = LikeExpr::new(pattern);
        // In the generic plan of a prepared statement, PostgreSQL evaluates `ESCAPE` for each row.
        if escaped != text {
            pattern = pattern.escape('\\');
        }
        Self::of(Expr::col(column.as_column_ref()).like(pattern))
    }

    /// Matches times on this UTC day or later.
    pub fn from_day<C: ColumnTrait>(column: C, day: NaiveDate) -> Self {
        Self::compare(column, Comparison::GreaterOrEqual, start_of(day))
    }

    /// Matches times on this UTC day or earlier, including the whole day.
    pub fn to_day<C: ColumnTrait>(column: C, day: NaiveDate) -> Self {
        match day.checked_add_days(Days::new(1)) {
            Some(next) => Self::compare(column, Comparison::Less, start_of(next)),
            None => Self::default(),
        }
    }

    /// Matches the rows in which the column refers to a row of `R` that `filter` matches.
    pub fn refers_to<R: Table>(column: impl ColumnTrait, filter: Self) -> Self {
        let size = filter.size.and(Size {
            conditions: 1,
            values: 0,
        });
        Self::with(column.in_subquery(filter.ids::<R>(key::<R>())), size)
    }

    /// Matches the rows that are referred to by a row of `R` that `filter` matches: its `reference` equals their `key`.
    pub fn referred_by<R: Table>(key: impl ColumnTrait, reference: R::Column, filter: Self) -> Self {
        let size = filter.size.and(Size {
            conditions: 1,
            values: 0,
        });
        Self::with(key.in_subquery(filter.ids::<R>(reference)), size)
    }

    fn ids<R: Table>(self, column: R::Column) -> SelectStatement {
        self.apply(R::find()).select_only().column(column).into_query()
    }

    /// Adds the filter to a query.
    pub fn apply<Q: QueryFilter>(self, query: Q) -> Q {
        match self.into_condition() {
            Some(condition) => query.filter(condition),
            None => query,
        }
    }

    /// Matches the rows in which the column has one of these ids, with one parameter.
    pub fn id_in<C: ColumnTrait>(backend: Backend, column: C, ids: &[i64]) -> Self {
        Self::of(backend.among(column.as_column_ref(), ids))
    }
}

fn without_nul<V: Into<Value>>(values: Vec<V>) -> Vec<Value> {
    let values = values.into_iter().map(Into::into);
    values.filter(|value| !has_nul(value)).collect()
}

fn has_nul(value: &Value) -> bool {
    matches!(value, Value::String(Some(text)) if text.contains('\0'))
}

fn start_of(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(chrono::NaiveTime::MIN).and_utc()
}
