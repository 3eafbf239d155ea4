//! The schemas of bodies.

use form_fields::Page;
use openapi_document::{Completeness, Schemas};
use serde_json::{Value, json};

use super::resource_texts::{description, operation_name};
use crate::rest::representation::RestResource;

/// Returns the collection of schemas, with those that several bodies share.
pub(super) fn new() -> Schemas {
    let mut schemas = Schemas::new(|name| (name == "Price").then_some("PriceInput"));
    schemas.add(
        "PriceInput",
        json!({
            "oneOf": [
                { "type": "string", "format": "decimal", "pattern": "^[0-9]{1,20}(\\.[0-9]{1,2})?$" },
                { "type": "number", "minimum": 0, "exclusiveMaximum": 1e20 },
            ],
            "description": "A price of 0 or more with at most 20 digits before and 2 after the decimal point. Both a string and a number are exact.",
        }),
    );
    schemas
}

/// Adds the schema of an object in responses.
pub(super) fn view<R: RestResource>(schemas: &mut Schemas) -> Value {
    schemas.view::<R::View>(operation_name(R::KIND), description(R::KIND))
}

/// Adds the schema of a page.
pub(super) fn page<R: RestResource>(schemas: &mut Schemas) -> Value {
    let view = view::<R>(schemas);
    page_of(schemas, view, &operation_name(R::KIND), R::KIND.plural())
}

/// Adds the schema of a page of these views.
pub(super) fn page_of(schemas: &mut Schemas, view: Value, name: &str, plural: &str) -> Value {
    let description = format!("A page of {plural}.");
    schemas.page::<Page<Value>>(format!("{name}Page"), &description, view)
}

/// Adds the schema of a request body.
pub(super) fn body<R: RestResource>(schemas: &mut Schemas, completeness: Completeness) -> Value {
    let name = operation_name(R::KIND);
    let (name, description) = match completeness {
        Completeness::Complete => (format!("New{name}"), "The fields of a new object."),
        Completeness::Partial => (
            format!("{name}Changes"),
            "Fields that are not sent keep their values.",
        ),
    };
    schemas.body::<R::View>(name, description, completeness)
}

/// Adds the schema of the faults of a body.
pub(super) fn faults<R: RestResource>(schemas: &mut Schemas) -> Value {
    schemas.faults::<R::View>(format!("{}Faults", operation_name(R::KIND)))
}
