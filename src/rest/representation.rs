//! Traits for the JSON, the list parameters and the request bodies of a collection.

use std::future::Future;

use form_fields::{Form, NOT_BLANK};
use schemars::{JsonSchema, Schema};
use sea_orm::IdenStatic as _;
use serde::Serialize;
use serde_json::Value;
use table_query::TextColumn;

use super::list_query::ListFilter;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::query::{Collection, Row, Texts};
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

    /// Returns the view of a row, or `None` if the row and an object that it refers to have been deleted since it was read.
    fn view(
        ctx: &Ctx,
        row: &Row<Self>,
    ) -> impl Future<Output = Result<Option<(Self::View, Versions)>>> + Send;
}

/// A collection with the standard REST operations.
pub(crate) trait RestResource: Represent + Resource {
    /// Reads the fields of a request body.
    fn draft(form: Form<'_>) -> Self::Draft;
}

/// Adds the limits of the texts that a collection declares to the schema of its view.
pub(crate) fn text_limits<R: Collection>(schema: &mut Schema) {
    for (column, TextColumn { rules, .. }) in R::texts() {
        let property = schema.pointer_mut(&format!("/properties/{}", column.as_str()));
        let Some(property) = property.and_then(Value::as_object_mut) else {
            continue;
        };
        if rules.required {
            property.insert("minLength".to_owned(), 1.into());
        }
        if rules.max_length < usize::MAX {
            property.insert("maxLength".to_owned(), rules.max_length.into());
        }
        if rules.required {
            property.insert("pattern".to_owned(), NOT_BLANK.into());
        }
    }
}

/// Reads the texts that a collection declares.
pub(crate) fn declared_texts<R: Collection>(form: &mut Form<'_>) -> Texts {
    R::texts().fold(Texts::default(), |texts, (column, _)| {
        texts.with(column, form.text(column.as_str()))
    })
}
