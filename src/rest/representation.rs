//! What REST needs from a noun: its JSON, its list parameters, and its request bodies.

use std::future::Future;

use schemars::JsonSchema;
use serde::Serialize;

use super::form::Form;
use super::list_query::ListFilter;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::query::{Collection, Row};
use crate::resource::Resource;

/// The versions that an `ETag` is made of: the object's own, then those of the objects whose parts it shows. Zeros are
/// left out.
pub(crate) type Versions = [i64; 3];

/// A collection that REST can show.
pub(crate) trait Represent: Collection {
    /// The JSON of one object. Its schema also describes request bodies: they have all properties that are not read-only.
    type View: Serialize + JsonSchema + Send;
    /// The query parameters that filter its lists.
    const FILTERS: &'static [ListFilter<Self::Column>];

    /// Returns the view of a row, or `None` if the row and an object that it refers to have been deleted meanwhile.
    fn view(
        ctx: &Ctx,
        row: &Row<Self>,
    ) -> impl Future<Output = Result<Option<(Self::View, Versions)>>> + Send;
}

/// A collection with the usual REST operations.
pub(crate) trait RestResource: Represent + Resource {
    /// Reads the fields of a request body.
    fn draft(form: Form<'_>) -> Self::Draft;
}
