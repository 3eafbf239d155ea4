//! `Page`: the JSON of a page of a list.

use schemars::JsonSchema;
use serde::Serialize;

use super::QueryString;

/// A page of a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Page<V> {
    /// The number of objects on all pages together.
    count: u64,
    /// The absolute URL of the next page, with all other parameters of this request.
    #[schemars(url)]
    next: Option<String>,
    /// The absolute URL of the previous page.
    #[schemars(url)]
    previous: Option<String>,
    /// The objects on this page.
    results: Vec<V>,
}

impl<V: Serialize> Page<V> {
    /// Returns page `number` of the list at the URL `collection`; `size` is the number of objects on a full page.
    pub fn new(
        collection: &str,
        query: &QueryString,
        number: u64,
        size: u64,
        count: u64,
        results: Vec<V>,
    ) -> Self {
        let next = (number.saturating_mul(size) < count).then(|| query.link(collection, number + 1));
        let previous = (number > 1).then(|| query.link(collection, number - 1));
        Self {
            count,
            next,
            previous,
            results,
        }
    }
}
