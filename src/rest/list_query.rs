//! `ListQuery`: the query parameters of a list.
//!
//! An empty parameter counts as absent and an unknown one is ignored. An invalid one is named in a response with status 400.

use ::entity::Money;
use chrono::NaiveDate;
use table_query::{Comparison, parse_day};
use url::form_urlencoded;

use crate::error::{Error, Result};
use crate::query::paging::MAX_PAGE_SIZE;
use crate::query::{Collection, Direction, Filter, ListColumn, Order};
use sea_orm::{ColumnTrait, IdenStatic as _};

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

/// The parameters in the order in which they were sent.
pub(crate) struct ListQuery(Vec<(String, String)>);

impl ListQuery {
    /// Parses a query string.
    pub(crate) fn parse(query: Option<&str>) -> Self {
        Self(
            form_urlencoded::parse(query.unwrap_or_default().as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// Returns the value of a parameter, or the last one if it was sent several times, as Django does.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let sent = self.0.iter().rev().find(|(key, _)| key == name);
        sent.map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    fn read<T>(&self, name: &str, reason: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        read(value.trim())
            .map(Some)
            .ok_or_else(|| Error::parameter(name, reason))
    }

    /// Reads a whole number, clamped to 128 bits.
    fn integer(&self, name: &str) -> Result<Option<i128>> {
        self.read(name, "A valid integer is required.", |text| {
            let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let limit = if text.starts_with('-') {
                i128::MIN
            } else {
                i128::MAX
            };
            Some(text.parse().unwrap_or(limit))
        })
    }

    /// Returns the number of the requested page, which may be less than 1.
    pub(crate) fn page_number(&self) -> Result<i128> {
        Ok(self.integer("page")?.unwrap_or(1))
    }

    /// Returns the number of rows on a page.
    pub(crate) fn page_size(&self) -> Result<u64> {
        match self.integer("page_size")? {
            None => Ok(DEFAULT_PAGE_SIZE),
            Some(size) if size < 1 => Err(Error::parameter(
                "page_size",
                "Ensure this value is greater than or equal to 1.",
            )),
            Some(size) => Ok(u64::try_from(size.min(i128::from(MAX_PAGE_SIZE))).unwrap_or(DEFAULT_PAGE_SIZE)),
        }
    }

    pub(crate) fn order<R: Collection>(&self) -> Result<Vec<Order<R::Column>>> {
        // Generated clients repeat the parameter for each field, instead of separating the fields by commas.
        let sent = self.0.iter().filter(|(key, _)| key == "ordering");
        sent.flat_map(|(_, text)| text.split(','))
            .map(str::trim)
            .filter(|step| !step.is_empty())
            .map(|step| {
                let (name, direction) = match step.strip_prefix('-') {
                    Some(name) => (name, Direction::Descending),
                    None => (step, Direction::Ascending),
                };
                Order::by_name::<R>(name, direction).ok_or_else(|| {
                    let names: Vec<&str> = R::COLUMNS.iter().map(ListColumn::name).collect();
                    Error::parameter("ordering", format!("Order by one of: {}.", names.join(", ")))
                })
            })
            .collect()
    }

    /// Returns the conjunction of the filters whose parameters were sent.
    pub(crate) fn filter<R: Collection>(&self, filters: &[ListFilter<R::Column>]) -> Result<Filter> {
        let exact = R::texts()
            .filter(|(_, text)| text.rules.filterable)
            .filter_map(|(column, _)| {
                let text = self.get(column.as_str())?.trim();
                Some(Filter::compare(column, Comparison::Equal, text))
            })
            .fold(Filter::default(), Filter::and);
        filters
            .iter()
            .try_fold(exact, |all, filter| Ok(all.and(self.filter_of(filter)?)))
    }

    fn filter_of<C: ColumnTrait>(&self, ListFilter { name, by, .. }: &ListFilter<C>) -> Result<Filter> {
        let unfiltered = Filter::default;
        Ok(match *by {
            FilterBy::Reference(column) => match self.integer(name)?.map(i64::try_from) {
                None => unfiltered(),
                Some(Ok(id)) => Filter::compare(column, Comparison::Equal, id),
                Some(Err(_)) => Filter::nothing(),
            },
            FilterBy::AtLeast(column) => self.price(name)?.map_or_else(unfiltered, |bound| {
                Filter::compare(column, Comparison::GreaterOrEqual, bound)
            }),
            FilterBy::AtMost(column) => self.price(name)?.map_or_else(unfiltered, |bound| {
                Filter::compare(column, Comparison::LessOrEqual, bound)
            }),
            FilterBy::FromDay(column) => self
                .day(name)?
                .map_or_else(unfiltered, |day| Filter::from_day(column, day)),
            FilterBy::ToDay(column) => self
                .day(name)?
                .map_or_else(unfiltered, |day| Filter::to_day(column, day)),
            FilterBy::OneOf(choices) => {
                let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
                let reason = format!("Choose one of: {}.", names.join(", "));
                let chosen = self.read(name, &reason, |text| {
                    choices.iter().find(|(choice, _)| *choice == text)
                })?;
                chosen.map_or_else(unfiltered, |(_, filter)| filter())
            }
        })
    }

    fn price(&self, name: &str) -> Result<Option<Money>> {
        self.read(name, "A valid number is required.", |text| {
            Money::parse_bound(text).ok()
        })
    }

    fn day(&self, name: &str) -> Result<Option<NaiveDate>> {
        self.read(name, "Enter a valid date: YYYY-MM-DD.", |text| {
            // PostgreSQL has no year 0.
            parse_day(text).filter(|day| chrono::Datelike::year(day) > 0)
        })
    }

    /// Returns the URL of another page with all other parameters. The first page has no `page` parameter.
    pub(crate) fn link(&self, collection: &str, page: u64) -> String {
        let mut parameters = form_urlencoded::Serializer::new(String::new());
        parameters.extend_pairs(self.0.iter().filter(|(name, _)| name != "page"));
        if page > 1 {
            parameters.append_pair("page", &page.to_string());
        }
        let parameters = parameters.finish();
        if parameters.is_empty() {
            collection.to_owned()
        } else {
            format!("{collection}?{parameters}")
        }
    }
}
