//! What a noun adds to be `RESTful`: how it is shown, read and filtered.

use std::future::Future;

use schemars::JsonSchema;
use serde::Serialize;

use super::form::Form;
use super::query::Filterable;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::query::{Collection, Row};
use crate::resource::Resource;

/// The versions that make an object's `ETag`: its own, then those of what is shown inside it.
pub type Versions = [i64; 3];

/// What REST shows: one of it, and lists of it.
pub trait Shown: Collection {
    /// Its documented JSON, key for key. What its schema says is read-only can't be written; the rest of its fields are
    /// those of a body.
    type View: Serialize + JsonSchema + Send;
    /// The parameters that narrow its lists.
    const FILTERS: &'static [Filterable<Self::Column>];

    /// A row as it is shown; nothing, when what it refers to has gone in this moment, and so has the row.
    fn view(
        ctx: &Ctx,
        row: &Row<Self>,
    ) -> impl Future<Output = Result<Option<(Self::View, Versions)>>> + Send;
}

/// A noun with a REST face.
pub trait Rest: Shown + Resource {
    /// What a body says of it.
    fn draft(form: Form<'_>) -> Self::Draft;
}
