//! `Filter`: conditions on rows, built by both faces from their own spellings and from nothing else.

use ::entity::fold;
use chrono::{DateTime, Days, NaiveDate, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, IntoCondition, LikeExpr, SelectStatement};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QuerySelect, QueryTrait, Value};

use super::{Collection, key};
use crate::db::Backend;

/// The longest pattern that SQLite compares with, in bytes. No name is that long, and no one looks for a description by
/// so much of it.
const LONGEST_PATTERN: usize = 50_000;

/// A condition on the rows of one table; the default holds for all.
#[derive(Clone, Debug, Default)]
pub struct Filter(Option<Condition>);

/// How a column is compared with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The same.
    Equal,
    /// Another; also where there is none.
    NotEqual,
    /// More.
    Greater,
    /// As much or more.
    GreaterOrEqual,
    /// Less.
    Less,
    /// As much or less.
    LessOrEqual,
}

/// Where a text stands in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Anywhere.
    Anywhere,
    /// At its beginning.
    Start,
    /// At its end.
    End,
}

impl Filter {
    fn of(condition: impl IntoCondition) -> Self {
        Self(Some(condition.into_condition()))
    }

    /// Holds for nothing.
    pub fn nothing() -> Self {
        Self::of(Expr::val(1).eq(0))
    }

    /// Both must hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Some(left), Some(right)) => Self(Some(Condition::all().add(left).add(right))),
            (one, other) => Self(one.or(other)),
        }
    }

    /// One of them must hold; none of nothing does.
    pub fn any(filters: impl IntoIterator<Item = Self>) -> Self {
        let mut any = Condition::any();
        let mut empty = true;
        for filter in filters {
            empty = false;
            let Some(condition) = filter.0 else {
                return Self::default();
            };
            any = any.add(condition);
        }
        if empty { Self::nothing() } else { Self(Some(any)) }
    }

    /// It must not hold. What can't be told, because there is no value, does not hold.
    #[must_use]
    pub fn negated(self) -> Self {
        match self.0 {
            None => Self::nothing(),
            Some(condition) => {
                let holds = Expr::expr(
                    sea_orm::sea_query::CaseStatement::new()
                        .case(condition, 1)
                        .finally(0),
                );
                Self::of(holds.eq(0))
            }
        }
    }

    /// A column compared with a value.
    pub fn compare<C: ColumnTrait>(column: C, comparison: Comparison, value: impl Into<Value>) -> Self {
        let value = value.into();
        Self::of(match comparison {
            Comparison::Equal => column.eq(value),
            Comparison::NotEqual => {
                return Self::of(Condition::any().add(column.ne(value)).add(column.is_null()));
            }
            Comparison::Greater => column.gt(value),
            Comparison::GreaterOrEqual => column.gte(value),
            Comparison::Less => column.lt(value),
            Comparison::LessOrEqual => column.lte(value),
        })
    }

    /// A column that is one of some values; of none, nothing is.
    pub fn among<C: ColumnTrait, V: Into<Value>>(column: C, values: Vec<V>) -> Self {
        if values.is_empty() {
            Self::nothing()
        } else {
            Self::of(column.is_in(values))
        }
    }

    /// A column that is none of some values; also where there is none.
    pub fn not_among<C: ColumnTrait, V: Into<Value>>(column: C, values: Vec<V>) -> Self {
        if values.is_empty() {
            return Self::default();
        }
        Self::of(
            Condition::any()
                .add(column.is_not_in(values))
                .add(column.is_null()),
        )
    }

    /// Whether there is a value.
    pub fn is_null<C: ColumnTrait>(column: C, is_null: bool) -> Self {
        Self::of(if is_null {
            column.is_null()
        } else {
            column.is_not_null()
        })
    }

    /// A folded column that has this text in it, in any letter case. `%` and `_` mean themselves, and no text has a NUL.
    pub fn text<C: ColumnTrait>(folded: C, place: Place, text: &str) -> Self {
        if text.contains('\0') {
            return Self::nothing();
        }
        let text = fold(text)
            .replace('\\', "\\\\")
            .replace('%', "\\%")
            .replace('_', "\\_");
        let pattern = match place {
            Place::Anywhere => format!("%{text}%"),
            Place::Start => format!("{text}%"),
            Place::End => format!("%{text}"),
        };
        if pattern.len() > LONGEST_PATTERN {
            return Self::nothing();
        }
        Self::of(Expr::col(folded.as_column_ref()).like(LikeExpr::new(pattern).escape('\\')))
    }

    /// A moment on this UTC day or later.
    pub fn from_day<C: ColumnTrait>(column: C, day: NaiveDate) -> Self {
        Self::compare(column, Comparison::GreaterOrEqual, start_of(day))
    }

    /// A moment on this UTC day or earlier, the whole day included.
    pub fn to_day<C: ColumnTrait>(column: C, day: NaiveDate) -> Self {
        match day.checked_add_days(Days::new(1)) {
            Some(next) => Self::compare(column, Comparison::Less, start_of(next)),
            None => Self::default(),
        }
    }

    /// A column that is the id of a row of `R` for which this holds.
    pub fn refers_to<R: Collection>(column: impl ColumnTrait, filter: Self) -> Self {
        Self::of(column.in_subquery(filter.ids::<R>(key::<R>())))
    }

    /// There is a row of `R` for which this holds and whose `reference` is this table's `key`.
    pub fn referred_by<R: Collection>(key: impl ColumnTrait, reference: R::Column, filter: Self) -> Self {
        Self::of(key.in_subquery(filter.ids::<R>(reference)))
    }

    fn ids<R: Collection>(self, column: R::Column) -> SelectStatement {
        self.apply(R::find()).select_only().column(column).into_query()
    }

    /// Adds it to a query.
    pub fn apply<Q: QueryFilter>(self, query: Q) -> Q {
        match self.0 {
            Some(condition) => query.filter(condition),
            None => query,
        }
    }

    /// A column that is one of these ids, as one parameter.
    pub fn among_ids<C: ColumnTrait>(backend: Backend, column: C, ids: &[i64]) -> Self {
        Self::of(backend.among(column.as_column_ref(), ids))
    }
}

fn start_of(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(chrono::NaiveTime::MIN).and_utc()
}
