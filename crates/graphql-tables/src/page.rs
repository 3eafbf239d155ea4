//! The page of a list: Relay's arguments, and `PageInfo`.

use async_graphql::SimpleObject;
use graphql_server::RequestError;
use graphql_server::resolve::WriteFields;
use table_query::PageRequest;

use crate::arguments::Arguments;
use crate::error::Error;

/// Items on a page when neither `first` nor `last` is given.
pub const DEFAULT_PAGE_SIZE: i32 = 10;

/// The position of a page in its list.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(serial)]
pub struct PageInfo {
    /// Whether there are items before this page.
    pub has_previous_page: bool,
    /// Whether there are items after this page.
    pub has_next_page: bool,
    /// Cursor of the first item: give it as `before` for the previous page. Null when
    /// the page is empty.
    pub start_cursor: Option<String>,
    /// Cursor of the last item: give it as `after` for the next page. Null when the
    /// page is empty.
    pub end_cursor: Option<String>,
}

impl WriteFields for PageInfo {}

/// The arguments that every connection has.
#[derive(Clone, Debug, Default)]
pub struct PageArguments {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
    pub offset: Option<i32>,
}

impl PageArguments {
    pub fn from_arguments(arguments: &Arguments<'_>) -> Result<Self, RequestError> {
        Ok(Self {
            first: arguments.get("first")?,
            after: arguments.get("after")?,
            last: arguments.get("last")?,
            before: arguments.get("before")?,
            offset: arguments.get("offset")?,
        })
    }

    /// Checks the arguments of a list with pages of at most `max` items.
    ///
    /// # Errors
    /// [`Error::PageSize`] for a page that is too large; [`Error::Argument`] for a negative size or offset, and for `first`
    /// together with `last`.
    pub fn into_request(self, max: impl Into<u64>) -> Result<PageRequest, Error> {
        if self.first.is_some() && self.last.is_some() {
            return Err(Error::argument("last", "Give first or last, not both."));
        }
        let is_backward = self.last.is_some();
        let (name, size) = match (self.first, self.last) {
            (None, Some(last)) => ("last", last),
            (first, _) => ("first", first.unwrap_or(DEFAULT_PAGE_SIZE)),
        };
        let size = page_size(name, size, max)?;
        let skip = u64::try_from(self.offset.unwrap_or(0))
            .map_err(|_| Error::argument("offset", "It must be 0 or more."))?;
        Ok(PageRequest {
            size,
            is_backward,
            skip,
            after: self.after,
            before: self.before,
        })
    }
}

/// The size of a page of at most `max` items from the argument `name`.
///
/// # Errors
/// [`Error::PageSize`] for a size that is too large, [`Error::Argument`] for a negative size.
pub fn page_size(name: &'static str, size: i32, max: impl Into<u64>) -> Result<u64, Error> {
    match u64::try_from(size) {
        Ok(size) if size <= max.into() => Ok(size),
        Ok(_) => Err(Error::PageSize { name }),
        Err(_) => Err(Error::argument(name, "It must be 0 or more.")),
    }
}
