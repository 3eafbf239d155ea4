//! Conditions on one column: an input for each type of column. All conditions of one input must hold. An operator that is
//! absent or null adds no condition.

use async_graphql::{ID, InputObject};
use sea_orm::ColumnTrait;
use table_query::{Comparison, Filter, TextPosition};

use crate::context::TableContext;
use crate::decimal::Decimal;
use crate::error::Error;
use crate::scalar::{Date, DateTime, parse_id};

/// Conditions on an id.
#[derive(InputObject, Clone, Debug, Default)]
#[graphql(name = "IDFilter")]
pub struct IdFilter {
    eq: Option<ID>,
    ne: Option<ID>,
    #[graphql(name = "in")]
    is_in: Option<Vec<ID>>,
    not_in: Option<Vec<ID>>,
}

impl IdFilter {
    /// A string that is not an id matches no row.
    pub fn on<C: ColumnTrait>(self, _: &impl TableContext, column: C) -> Result<Filter, Error> {
        let keys = |ids: Vec<ID>| ids.iter().filter_map(parse_id).collect::<Vec<i64>>();
        Ok(all([
            self.eq.map(|id| match parse_id(&id) {
                Some(id) => Filter::compare(column, Comparison::Equal, id),
                None => Filter::nothing(),
            }),
            self.ne
                .and_then(|id| parse_id(&id))
                .map(|id| Filter::compare(column, Comparison::NotEqual, id)),
            self.is_in.map(|ids| Filter::is_in(column, keys(ids))),
            self.not_in.map(|ids| Filter::is_not_in(column, keys(ids))),
        ]))
    }
}

/// Conditions on a text. `contains`, `startsWith` and `endsWith` ignore letter case
/// and diacritics in every alphabet; `%` and `_` are ordinary. `eq`, `ne`, `in`
/// and `notIn` are exact.
#[derive(InputObject, Clone, Debug, Default)]
pub struct StringFilter {
    eq: Option<String>,
    ne: Option<String>,
    #[graphql(name = "in")]
    is_in: Option<Vec<String>>,
    not_in: Option<Vec<String>>,
    contains: Option<String>,
    starts_with: Option<String>,
    ends_with: Option<String>,
    /// True: the value is null. False: it is not.
    is_null: Option<bool>,
}

impl StringFilter {
    /// `folded` is the column of the folded text, which makes comparisons ignore letter case and diacritics.
    pub fn on<C: ColumnTrait>(self, ctx: &impl TableContext, column: C, folded: C) -> Result<Filter, Error> {
        Ok(all([
            self.eq
                .map(|text| Filter::compare(column, Comparison::Equal, text)),
            self.ne
                .map(|text| Filter::compare(column, Comparison::NotEqual, text)),
            self.is_in.map(|texts| Filter::is_in(column, texts)),
            self.not_in.map(|texts| Filter::is_not_in(column, texts)),
            self.contains
                .map(|text| Filter::text(folded, TextPosition::Anywhere, &ctx.fold(&text))),
            self.starts_with
                .map(|text| Filter::text(folded, TextPosition::Start, &ctx.fold(&text))),
            self.ends_with
                .map(|text| Filter::text(folded, TextPosition::End, &ctx.fold(&text))),
            self.is_null.map(|is_null| Filter::is_null(column, is_null)),
        ]))
    }
}

/// Conditions on a whole number.
#[derive(InputObject, Clone, Debug, Default)]
pub struct IntFilter {
    eq: Option<i32>,
    ne: Option<i32>,
    #[graphql(name = "in")]
    is_in: Option<Vec<i32>>,
    not_in: Option<Vec<i32>>,
    gt: Option<i32>,
    gte: Option<i32>,
    lt: Option<i32>,
    lte: Option<i32>,
}

impl IntFilter {
    pub fn on<C: ColumnTrait>(self, _: &impl TableContext, column: C) -> Result<Filter, Error> {
        let wide = |numbers: Vec<i32>| numbers.into_iter().map(i64::from).collect::<Vec<i64>>();
        let comparisons = [
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
        Ok(all(comparisons).and(all([
            self.is_in.map(|numbers| Filter::is_in(column, wide(numbers))),
            self.not_in
                .map(|numbers| Filter::is_not_in(column, wide(numbers))),
        ])))
    }
}

/// Conditions on a decimal, compared as a number.
#[derive(InputObject, Clone, Debug, Default)]
pub struct DecimalFilter {
    eq: Option<Decimal>,
    ne: Option<Decimal>,
    #[graphql(name = "in")]
    is_in: Option<Vec<Decimal>>,
    not_in: Option<Vec<Decimal>>,
    gt: Option<Decimal>,
    gte: Option<Decimal>,
    lt: Option<Decimal>,
    lte: Option<Decimal>,
}

impl DecimalFilter {
    /// # Errors
    /// [`Error::Argument`] for a string that is not a number, and for a number that may have been rounded.
    pub fn on<C: ColumnTrait>(self, ctx: &impl TableContext, column: C) -> Result<Filter, Error> {
        let bound = |decimal: Decimal| {
            decimal.bound(ctx).ok_or_else(|| {
                Error::argument(
                    "filter",
                    "A decimal is a number. Send it as a string from 10,000,000,000,000 on.",
                )
            })
        };
        let bounds = |decimals: Vec<Decimal>| decimals.into_iter().map(bound).collect::<Result<Vec<_>, _>>();
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
        if let Some(decimals) = self.is_in {
            filter = filter.and(Filter::is_in(column, bounds(decimals)?));
        }
        if let Some(decimals) = self.not_in {
            filter = filter.and(Filter::is_not_in(column, bounds(decimals)?));
        }
        Ok(filter)
    }
}

/// Conditions on a point in time.
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
    pub fn on<C: ColumnTrait>(self, _: &impl TableContext, column: C) -> Result<Filter, Error> {
        let comparisons = [
            (self.gt, Comparison::Greater),
            (self.gte, Comparison::GreaterOrEqual),
            (self.lt, Comparison::Less),
            (self.lte, Comparison::LessOrEqual),
        ]
        .map(|(time, comparison)| time.map(|time| Filter::compare(column, comparison, time.0)));
        Ok(all(comparisons).and(all([
            self.from.map(|day| Filter::from_day(column, day.0)),
            self.to.map(|day| Filter::to_day(column, day.0)),
        ])))
    }
}

/// The conjunction of the conditions that were given.
fn all<const N: usize>(conditions: [Option<Filter>; N]) -> Filter {
    conditions
        .into_iter()
        .flatten()
        .fold(Filter::default(), Filter::and)
}
