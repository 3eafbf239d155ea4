//! The parameters of operations.

use serde_json::{Value, json};

use crate::query::Direction;
use crate::rest::list_query::{DEFAULT_PAGE_SIZE, FilterBy, MAX_PAGE_SIZE};
use crate::rest::representation::Represent;

/// Returns the shared parameters for `#/components/parameters`.
pub(super) fn components() -> Value {
    json!({
        "Id": {
            "name": "id",
            "in": "path",
            "required": true,
            "schema": { "type": "integer", "format": "int64", "minimum": 1 },
            "example": 1,
        },
        "Delivery": {
            "name": "delivery",
            "in": "path",
            "required": true,
            "schema": { "type": "integer", "format": "int64", "minimum": 1 },
            "example": 1,
        },
        "IfMatch": {
            "name": "If-Match",
            "in": "header",
            "description": "The `ETag` of the object as it was read. The change is made only if the object has not changed since.",
            "schema": { "type": "string" },
            "examples": { "read": { "value": "\"7\"" }, "any": { "value": "*" } },
        },
        "IfNoneMatch": {
            "name": "If-None-Match",
            "in": "header",
            "description": "The `ETag` of the stored response. The body is sent only if it has changed.",
            "schema": { "type": "string" },
            "example": "\"7\"",
        },
        "Page": {
            "name": "page",
            "in": "query",
            "description": "The number of the page, from 1.",
            "schema": { "type": "integer", "minimum": 1, "default": 1 },
            "example": 1,
        },
        "PageSize": {
            "name": "page_size",
            "in": "query",
            "description": format!("The number of objects on a page. Values greater than {MAX_PAGE_SIZE} count as {MAX_PAGE_SIZE}."),
            "schema": { "type": "integer", "minimum": 1, "default": DEFAULT_PAGE_SIZE },
            "example": 25,
        },
    })
}

/// Returns the parameters of a list; `searched` is the field that a search looks into.
///
/// Optional parameters have no examples, because `/docs` fills its forms with them.
pub(super) fn list_parameters<R: Represent>(searched: &str) -> Vec<Value> {
    let mut parameters = vec![parameter("Page"), parameter("PageSize")];
    if R::SEARCHED.is_some() {
        parameters.push(json!({
            "name": "search",
            "in": "query",
            "description": format!("A part of the {searched}, in any letter case."),
            "schema": { "type": "string" },
        }));
    }
    parameters.extend(R::FILTERS.iter().map(|filter| {
        json!({
            "name": filter.name,
            "in": "query",
            "description": filter.description,
            "schema": match filter.by {
                FilterBy::Reference(_) => json!({ "type": "integer" }),
                FilterBy::AtLeast(_) | FilterBy::AtMost(_) => json!({
                    "type": "string",
                    "format": "decimal",
                    "pattern": "^-?[0-9]+(\\.[0-9]+)?$",
                }),
                FilterBy::FromDay(_) | FilterBy::ToDay(_) => json!({ "type": "string", "format": "date" }),
                FilterBy::OneOf(choices) => {
                    let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
                    json!({ "type": "string", "enum": names })
                }
            },
        })
    }));
    let names: Vec<String> = R::SORTABLE
        .iter()
        .flat_map(|sortable| [sortable.name.to_owned(), format!("-{}", sortable.name)])
        .collect();
    let (column, direction) = R::DEFAULT_ORDER;
    let default = match direction {
        Direction::Ascending => column.to_owned(),
        Direction::Descending => format!("-{column}"),
    };
    parameters.push(json!({
        "name": "ordering",
        "in": "query",
        "description": "The fields to order by, separated by commas. Later fields order objects that are equal in the earlier ones. `-` before a field reverses its order.",
        "schema": {
            "type": "array",
            "items": { "type": "string", "enum": names },
            "default": [default],
        },
        "style": "form",
        "explode": false,
    }));
    parameters
}

/// Returns a reference to a shared parameter.
pub(super) fn parameter(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}
