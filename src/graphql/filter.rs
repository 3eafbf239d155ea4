//! Conditions on one field, of each type that a filter can look at. Inside one filter object every condition must hold;
//! an operator left out, or null, is no condition.

use async_graphql::{ID, InputObject};
use sea_orm::ColumnTrait;

use super::scalar::{Date, DateTime, Decimal, key};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::query::Filter;
use crate::query::filter::{Comparison, Place};

/// Conditions on an id.
#[derive(InputObject, Clone, Debug, Default)]
#[graphql(name = "IDFilter")]
pub struct IdFilter {
    eq: Option<ID>,
    ne: Option<ID>,
    #[graphql(name = "in")]
    among: Option<Vec<ID>>,
    not_in: Option<Vec<ID>>,
}

impl IdFilter {
    /// The condition on a column of ids. A text that is no id is the id of nothing.
    pub fn on<C: ColumnTrait>(self, column: C) -> Filter {
        let keys = |ids: Vec<ID>| ids.iter().filter_map(key).collect::<Vec<i64>>();
        all([
            self.eq.map(|id| match key(&id) {
                Some(id) => Filter::compare(column, Comparison::Equal, id),
                None => Filter::nothing(),
            }),
            self.ne
                .and_then(|id| key(&id))
                .map(|id| Filter::compare(column, Comparison::NotEqual, id)),
            self.among.map(|ids| Filter::among(column, keys(ids))),
            self.not_in.map(|ids| Filter::not_among(column, keys(ids))),
        ])
    }
}

/// Conditions on a text. `contains`, `startsWith` and `endsWith` ignore letter case
/// and diacritics in every alphabet; `%` and `_` mean themselves. `eq`, `ne`, `in` and `notIn` are
/// exact.
#[derive(InputObject, Clone, Debug, Default)]
pub struct StringFilter {
    eq: Option<String>,
    ne: Option<String>,
    #[graphql(name = "in")]
    among: Option<Vec<String>>,
    not_in: Option<Vec<String>>,
    contains: Option<String>,
    starts_with: Option<String>,
    ends_with: Option<String>,
    /// True: there is no text. False: there is one.
    is_null: Option<bool>,
}

impl StringFilter {
    /// The condition on a text's column and on its folded shadow.
    pub fn on<C: ColumnTrait>(self, column: C, folded: C) -> Filter {
        all([
            self.eq
                .map(|text| Filter::compare(column, Comparison::Equal, text)),
            self.ne
                .map(|text| Filter::compare(column, Comparison::NotEqual, text)),
            self.among.map(|texts| Filter::among(column, texts)),
            self.not_in.map(|texts| Filter::not_among(column, texts)),
            self.contains
                .map(|text| Filter::text(folded, Place::Anywhere, &text)),
            self.starts_with
                .map(|text| Filter::text(folded, Place::Start, &text)),
            self.ends_with.map(|text| Filter::text(folded, Place::End, &text)),
            self.is_null.map(|is_null| Filter::is_null(column, is_null)),
        ])
    }
}

/// Conditions on a whole number.
#[derive(InputObject, Clone, Debug, Default)]
pub struct IntFilter {
    eq: Option<i32>,
    ne: Option<i32>,
    #[graphql(name = "in")]
    among: Option<Vec<i32>>,
    not_in: Option<Vec<i32>>,
    gt: Option<i32>,
    gte: Option<i32>,
    lt: Option<i32>,
    lte: Option<i32>,
}

impl IntFilter {
    /// The condition on a column of whole numbers.
    pub fn on<C: ColumnTrait>(self, column: C) -> Filter {
        let wide = |numbers: Vec<i32>| numbers.into_iter().map(i64::from).collect::<Vec<i64>>();
        let compared = [
            (self.eq, Comparison::Equal),
            (self.ne, Comparison::NotEqual),
            (self.gt, Comparison::Greater),
            (self.gte, Comparison::GreaterOrEqual),
            (self.lt, Comparison::Less),
            (self.lte, Comparison::LessOrEqual),
        ]
        .map(|(number, comparison)| {
            number.map(|number| Filter::compare(column, comparison, i64::from(number)))
        });
        all(compared).and(all([
            self.among.map(|numbers| Filter::among(column, wide(numbers))),
            self.not_in
                .map(|numbers| Filter::not_among(column, wide(numbers))),
        ]))
    }
}

/// Conditions on a decimal, compared as a number.
#[derive(InputObject, Clone, Debug, Default)]
pub struct DecimalFilter {
    eq: Option<Decimal>,
    ne: Option<Decimal>,
    #[graphql(name = "in")]
    among: Option<Vec<Decimal>>,
    not_in: Option<Vec<Decimal>>,
    gt: Option<Decimal>,
    gte: Option<Decimal>,
    lt: Option<Decimal>,
    lte: Option<Decimal>,
}

impl DecimalFilter {
    /// The condition on a column of prices.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a text that is no number, and for a number that may have been rounded.
    pub fn on<C: ColumnTrait>(self, column: C) -> Result<Filter> {
        let bound = |decimal: Decimal| {
            decimal.bound().ok_or_else(|| {
                Error::parameter(
                    "filter",
                    "A decimal is a number, as a string from 10,000,000,000,000 on.",
                )
            })
        };
        let bounds = |decimals: Vec<Decimal>| decimals.into_iter().map(bound).collect::<Result<Vec<_>>>();
        let mut filter = Filter::default();
        for (decimal, comparison) in [
            (self.eq, Comparison::Equal),
            (self.ne, Comparison::NotEqual),
            (self.gt, Comparison::Greater),
            (self.gte, Comparison::GreaterOrEqual),
            (self.lt, Comparison::Less),
            (self.lte, Comparison::LessOrEqual),
        ] {
            if let Some(decimal) = decimal {
                filter = filter.and(Filter::compare(column, comparison, bound(decimal)?));
            }
        }
        if let Some(decimals) = self.among {
            filter = filter.and(Filter::among(column, bounds(decimals)?));
        }
        if let Some(decimals) = self.not_in {
            filter = filter.and(Filter::not_among(column, bounds(decimals)?));
        }
        Ok(filter)
    }
}

/// Conditions on a moment.
#[derive(InputObject, Clone, Debug, Default)]
pub struct DateTimeFilter {
    gt: Option<DateTime>,
    gte: Option<DateTime>,
    lt: Option<DateTime>,
    lte: Option<DateTime>,
    /// On this UTC day or later.
    from: Option<Date>,
    /// On this UTC day or earlier, the whole day included.
    to: Option<Date>,
}

impl DateTimeFilter {
    /// The condition on a column of moments.
    pub fn on<C: ColumnTrait>(self, column: C) -> Filter {
        let compared = [
            (self.gt, Comparison::Greater),
            (self.gte, Comparison::GreaterOrEqual),
            (self.lt, Comparison::Less),
            (self.lte, Comparison::LessOrEqual),
        ]
        .map(|(moment, comparison)| moment.map(|moment| Filter::compare(column, comparison, moment.0)));
        all(compared).and(all([
            self.from.map(|day| Filter::from_day(column, day.0)),
            self.to.map(|day| Filter::to_day(column, day.0)),
        ]))
    }
}

/// What a noun's filter is made of: conditions on its fields, put together with `and`, `or` and `not`.
pub trait Conditions: Sized {
    /// The filter that it stands for.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a value that can't be compared with.
    fn filter(self, ctx: &Ctx) -> Result<Filter>;
}

/// All of the filters that are there.
pub fn all<const N: usize>(filters: [Option<Filter>; N]) -> Filter {
    filters.into_iter().flatten().fold(Filter::default(), Filter::and)
}

/// `and`, `or` and `not` of one filter object. An empty `or` matches nothing.
pub fn logic<F: Conditions>(
    ctx: &Ctx,
    and: Option<Vec<F>>,
    or: Option<Vec<F>>,
    not: Option<Box<F>>,
) -> Result<Filter> {
    let mut filter = Filter::default();
    for part in and.into_iter().flatten() {
        filter = filter.and(part.filter(ctx)?);
    }
    if let Some(parts) = or {
        let parts: Result<Vec<Filter>> = parts.into_iter().map(|part| part.filter(ctx)).collect();
        filter = filter.and(Filter::any(parts?));
    }
    match not {
        Some(part) => Ok(filter.and(part.filter(ctx)?.negated())),
        None => Ok(filter),
    }
}

/// The filter of an optional argument.
///
/// # Errors
/// [`Error::Parameter`] for a value that can't be compared with, and for a filter that is too large.
pub fn given<F: Conditions>(ctx: &Ctx, filter: Option<Box<F>>) -> Result<Filter> {
    match filter {
        Some(filter) => filter.filter(ctx)?.checked(),
        None => Ok(Filter::default()),
    }
}
