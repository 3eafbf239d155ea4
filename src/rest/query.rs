//! The parameters of a list. An empty one counts as absent, an unknown one is ignored, one that can't be read is named
//! in a 400.

use ::entity::Money;
use chrono::NaiveDate;
use url::form_urlencoded;

use super::face::Shown;
use crate::error::{Error, Result};
use crate::query::day::parse_day;
use crate::query::filter::Comparison;
use crate::query::paging::MAX_PAGE_SIZE;
use crate::query::{Collection, Direction, Filter, ListColumn, Order};
use sea_orm::{ColumnTrait, IdenStatic as _};

/// Rows on a page when nobody says otherwise.
pub const PAGE_SIZE: u64 = 10;

/// A parameter that narrows a list.
#[derive(Debug)]
pub struct Filterable<C: 'static> {
    /// The parameter, as the document spells it.
    pub name: &'static str,
    /// What it asks for.
    pub by: By<C>,
    /// The same for people.
    pub about: &'static str,
}

/// What a parameter compares.
#[derive(Clone, Copy, Debug)]
pub enum By<C> {
    /// Rows that refer to the object with this id; one that doesn't exist is referred to by none.
    Reference(C),
    /// Rows with this price or more.
    AtLeast(C),
    /// Rows with this price or less.
    AtMost(C),
    /// Rows of this UTC day or later.
    FromDay(C),
    /// Rows of this UTC day or earlier.
    ToDay(C),
    /// Rows for which what one of these names stands for holds.
    OneOf(&'static [Choice]),
}

/// A value of a parameter, and what it stands for.
pub type Choice = (&'static str, fn() -> Filter);

/// The parameters in the order they were sent.
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query string, percent-encoded or not.
    pub fn parse(query: Option<&str>) -> Self {
        Self(
            form_urlencoded::parse(query.unwrap_or_default().as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// The value of a parameter; the last counts where it was sent twice, as in Django.
    pub fn get(&self, name: &str) -> Option<&str> {
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

    /// A whole number of any size, cut to what 128 bits hold.
    fn integer(&self, name: &str) -> Result<Option<i128>> {
        self.read(name, "A valid integer is required.", |text| {
            let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let beyond = if text.starts_with('-') {
                i128::MIN
            } else {
                i128::MAX
            };
            Some(text.parse().unwrap_or(beyond))
        })
    }

    /// The page asked for.
    pub fn page(&self) -> Result<i128> {
        Ok(self.integer("page")?.unwrap_or(1))
    }

    /// How many rows a page has.
    pub fn page_size(&self) -> Result<u64> {
        match self.integer("page_size")? {
            None => Ok(PAGE_SIZE),
            Some(size) if size < 1 => Err(Error::parameter(
                "page_size",
                "Ensure this value is greater than or equal to 1.",
            )),
            Some(size) => Ok(u64::try_from(size.min(i128::from(MAX_PAGE_SIZE))).unwrap_or(PAGE_SIZE)),
        }
    }

    /// The columns to order by.
    pub fn order<R: Collection>(&self) -> Result<Vec<Order<R::Column>>> {
        let Some(text) = self.get("ordering") else {
            return Ok(Vec::new());
        };
        let steps = text.split(',').map(str::trim).filter(|step| !step.is_empty());
        steps
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

    /// The rows that the parameters leave.
    pub fn filter<R: Shown>(&self) -> Result<Filter> {
        let exact = R::texts()
            .filter(|(_, text)| text.rules.filterable)
            .filter_map(|(column, _)| {
                let text = self.get(column.as_str())?.trim();
                Some(Filter::compare(column, Comparison::Equal, text))
            })
            .fold(Filter::default(), Filter::and);
        R::FILTERS
            .iter()
            .try_fold(exact, |filter, narrower| Ok(filter.and(self.narrowed(narrower)?)))
    }

    fn narrowed<C: ColumnTrait>(&self, Filterable { name, by, .. }: &Filterable<C>) -> Result<Filter> {
        let everything = Filter::default;
        Ok(match *by {
            By::Reference(column) => match self.integer(name)?.map(i64::try_from) {
                None => everything(),
                Some(Ok(id)) => Filter::compare(column, Comparison::Equal, id),
                Some(Err(_)) => Filter::nothing(),
            },
            By::AtLeast(column) => self.price(name)?.map_or_else(everything, |bound| {
                Filter::compare(column, Comparison::GreaterOrEqual, bound)
            }),
            By::AtMost(column) => self.price(name)?.map_or_else(everything, |bound| {
                Filter::compare(column, Comparison::LessOrEqual, bound)
            }),
            By::FromDay(column) => self
                .day(name)?
                .map_or_else(everything, |day| Filter::from_day(column, day)),
            By::ToDay(column) => self
                .day(name)?
                .map_or_else(everything, |day| Filter::to_day(column, day)),
            By::OneOf(choices) => {
                let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
                let reason = format!("Choose one of: {}.", names.join(", "));
                let chosen = self.read(name, &reason, |text| {
                    choices.iter().find(|(choice, _)| *choice == text)
                })?;
                chosen.map_or_else(everything, |(_, filter)| filter())
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

    /// The link to another page of the same list: every other parameter stays. The first page has no number.
    pub fn link(&self, collection: &str, page: u64) -> String {
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
