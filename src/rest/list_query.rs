//! The query parameters that filter and order a list.

use ::entity::Money;
use chrono::{Datelike as _, NaiveDate};
use form_fields::{ParameterError, QueryString};
use sea_orm::{ColumnTrait, IdenStatic as _};
use table_query::{Comparison, parse_day};

use crate::error::{Error, Result};
use crate::query::{Collection, Direction, Filter, ListColumn, Order};

/// The number of rows on a page by default.
pub(crate) const DEFAULT_PAGE_SIZE: u64 = 10;

/// A parameter that filters a list.
#[derive(Debug)]
pub(crate) struct ListFilter<C: 'static> {
    /// The name of the parameter.
    pub(crate) name: &'static str,
    pub(crate) by: FilterBy<C>,
    /// The description for OpenAPI.
    pub(crate) description: &'static str,
}

/// The comparison of a [`ListFilter`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum FilterBy<C> {
    /// Keeps rows that refer to the object with this id. If there is no such object, the list is empty.
    Reference(C),
    /// Keeps rows with this price or more.
    AtLeast(C),
    /// Keeps rows with this price or less.
    AtMost(C),
    /// Keeps rows of this UTC day or later.
    FromDay(C),
    /// Keeps rows of this UTC day or earlier.
    ToDay(C),
    /// Keeps rows that match the filter of the chosen name.
    OneOf(&'static [Choice]),
}

/// A value of a parameter, and its filter.
pub(crate) type Choice = (&'static str, fn() -> Filter);

/// Returns the order of the parameter `ordering`.
pub(crate) fn order<R: Collection>(query: &QueryString) -> Result<Vec<Order<R::Column>>> {
    let steps = query.names("ordering").map(|step| {
        let (name, direction) = match step.strip_prefix('-') {
            Some(name) => (name, Direction::Descending),
            None => (step, Direction::Ascending),
        };
        Order::by_name::<R>(name, direction).ok_or_else(|| {
            let names: Vec<&str> = R::COLUMNS.iter().map(ListColumn::name).collect();
            Error::parameter("ordering", format!("Order by one of: {}.", names.join(", ")))
        })
    });
    steps.collect()
}

/// Returns the conjunction of the filters whose parameters were sent.
pub(crate) fn filter<R: Collection>(
    query: &QueryString,
    filters: &[ListFilter<R::Column>],
) -> Result<Filter> {
    let exact = R::texts()
        .filter(|(_, text)| text.rules.filterable)
        .filter_map(|(column, _)| {
            let text = query.get(column.as_str())?.trim();
            Some(Filter::compare(column, Comparison::Equal, text))
        })
        .fold(Filter::default(), Filter::and);
    filters
        .iter()
        .try_fold(exact, |all, filter| Ok(all.and(filter.read(query)?)))
}

impl<C: ColumnTrait> ListFilter<C> {
    /// Reads the parameter. If it was not sent, the filter matches every row.
    fn read(&self, query: &QueryString) -> Result<Filter, ParameterError> {
        let name = self.name;
        let compare = |column, comparison| {
            let bound = price(query, name)?;
            Ok(bound.map(|bound| Filter::compare(column, comparison, bound)))
        };
        let filter = match self.by {
            FilterBy::Reference(column) => query.integer(name)?.map(i64::try_from).map(|id| {
                id.map_or_else(
                    |_| Filter::nothing(),
                    |id| Filter::compare(column, Comparison::Equal, id),
                )
            }),
            FilterBy::AtLeast(column) => compare(column, Comparison::GreaterOrEqual)?,
            FilterBy::AtMost(column) => compare(column, Comparison::LessOrEqual)?,
            FilterBy::FromDay(column) => day(query, name)?.map(|day| Filter::from_day(column, day)),
            FilterBy::ToDay(column) => day(query, name)?.map(|day| Filter::to_day(column, day)),
            FilterBy::OneOf(choices) => {
                let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
                let reason = format!("Choose one of: {}.", names.join(", "));
                let chosen = query.read(name, &reason, |text| {
                    choices.iter().find(|(choice, _)| *choice == text)
                })?;
                chosen.map(|(_, filter)| filter())
            }
        };
        Ok(filter.unwrap_or_default())
    }
}

fn price(query: &QueryString, name: &str) -> Result<Option<Money>, ParameterError> {
    query.read(name, "A valid number is required.", |text| {
        Money::parse_bound(text).ok()
    })
}

fn day(query: &QueryString, name: &str) -> Result<Option<NaiveDate>, ParameterError> {
    query.read(name, "Enter a valid date: YYYY-MM-DD.", |text| {
        // PostgreSQL has no year 0.
        parse_day(text).filter(|day| day.year() > 0)
    })
}
