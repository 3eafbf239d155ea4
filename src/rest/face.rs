//! What a noun adds to be `RESTful`: how it is shown, read and filtered.

use std::future::Future;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::form::Form;
use super::query::Query;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::resolvers::{Filter, Resource, Row};

/// The versions that make an object's `ETag`: its own, then those of what is shown inside it.
pub type Versions = [i64; 3];

/// A noun with a REST face.
pub trait Rest: Resource {
    /// Its documented JSON, key for key.
    type View: Serialize + Send;

    /// What a body says of it.
    fn draft(form: Form<'_>) -> Self::Draft;
    /// What the parameters of a list ask for.
    ///
    /// # Errors
    /// [`crate::error::Error::Parameter`] for one that can't be read.
    fn filter(query: &Query) -> Result<Filter>;
    /// A row as it is shown; nothing, when what it refers to has gone in this moment, and so has the row.
    fn view(
        ctx: &Ctx,
        row: &Row<Self>,
    ) -> impl Future<Output = Result<Option<(Self::View, Versions)>>> + Send;
}

/// An object whose keys stand in the order given.
pub struct InOrder<'a, V>(pub Vec<(&'a str, V)>);

impl<V: Serialize> Serialize for InOrder<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}
