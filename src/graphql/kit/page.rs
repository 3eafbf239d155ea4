//! The page of a list: Relay's arguments, and `PageInfo`.

use async_graphql::SimpleObject;

use graphql_server::RequestError;

use super::arguments::Arguments;
use crate::error::{Error, Result};
use crate::query::PageRequest;
use crate::query::paging::MAX_PAGE_SIZE;

/// Items on a page when neither `first` nor `last` is given.
const DEFAULT_PAGE_SIZE: i32 = 10;

/// Where a page lies in its list.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(serial)]
pub(crate) struct PageInfo {
    /// Whether there are items before this page.
    pub(crate) has_previous_page: bool,
    /// Whether there are items after this page.
    pub(crate) has_next_page: bool,
    /// Cursor of the first item: give it as `before` for the previous page. Null when
    /// the page is empty.
    pub(crate) start_cursor: Option<String>,
    /// Cursor of the last item: give it as `after` for the next page. Null when the
    /// page is empty.
    pub(crate) end_cursor: Option<String>,
}

/// The arguments that every connection has.
#[derive(Clone, Debug, Default)]
pub(crate) struct PageArguments {
    pub(crate) first: Option<i32>,
    pub(crate) after: Option<String>,
    pub(crate) last: Option<i32>,
    pub(crate) before: Option<String>,
    pub(crate) offset: Option<i32>,
}

impl PageArguments {
    pub(crate) fn of(arguments: &Arguments<'_>) -> Result<Self, RequestError> {
        Ok(Self {
            first: arguments.get("first")?,
            after: arguments.get("after")?,
            last: arguments.get("last")?,
            before: arguments.get("before")?,
            offset: arguments.get("offset")?,
        })
    }

    /// Checks the arguments.
    ///
    /// # Errors
    /// [`Error::PageSize`] for a page that is too large; [`Error::Parameter`] for a negative size or offset, and for `first`
    /// together with `last`.
    pub(crate) fn into_request(self) -> Result<PageRequest> {
        if self.first.is_some() && self.last.is_some() {
            return Err(Error::parameter("last", "Give first or last, not both."));
        }
        let backwards = self.last.is_some();
        let (name, size) = match (self.first, self.last) {
            (None, Some(last)) => ("last", last),
            (first, _) => ("first", first.unwrap_or(DEFAULT_PAGE_SIZE)),
        };
        let size = page_size(name, size)?;
        let skip = u64::try_from(self.offset.unwrap_or(0))
            .map_err(|_| Error::parameter("offset", "It must be 0 or more."))?;
        Ok(PageRequest {
            size,
            backwards,
            skip,
            after: self.after,
            before: self.before,
        })
    }
}

/// The size of a page from the argument `name`.
///
/// # Errors
/// [`Error::PageSize`] for one that is too large, [`Error::Parameter`] for a negative one.
pub(crate) fn page_size(name: &'static str, size: i32) -> Result<u64> {
    match u64::try_from(size) {
        Ok(size) if size <= u64::from(MAX_PAGE_SIZE) => Ok(size),
        Ok(_) => Err(Error::PageSize { name }),
        Err(_) => Err(Error::parameter(name, "It must be 0 or more.")),
    }
}
