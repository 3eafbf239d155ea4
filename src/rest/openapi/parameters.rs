//! The parameters of operations.

use sea_orm::IdenStatic as _;
use serde_json::{Value, json};

use crate::idempotency::key::{HEADER, MAX_LENGTH};
use crate::query::Direction;
use crate::query::paging::MAX_PAGE_SIZE;
use crate::rest::list_query::{DEFAULT_PAGE_SIZE, FilterBy};
use crate::rest::representation::Represent;

/// Returns the shared parameters for `#/components/parameters`.
///
/// Optional parameters that change the result have no example, because `/docs` fills its forms with the examples.
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
        },
        "IfNoneMatch": {
            "name": "If-None-Match",
            "in": "header",
            "description": "The `ETag` of the stored response. The body is sent only if it has changed.",
            "schema": { "type": "string" },
        },
        "IdempotencyKey": {
            "name": HEADER,
            "in": "header",
            "description": "A name for this request, chosen by the client, such as a random UUID. A repeat with the same key and body within 24 hours gets the response of the first one and changes nothing.",
            "schema": { "type": "string", "minLength": 1, "maxLength": MAX_LENGTH, "pattern": "^[!-~]+$" },
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

/// Returns the parameters of a list.
pub(super) fn list_parameters<R: Represent>() -> Vec<Value> {
    let mut parameters = vec![parameter("Page"), parameter("PageSize")];
    let searched: Vec<&str> = R::texts()
        .filter(|(_, text)| text.rules.searched)
        .map(|(column, _)| column.as_str())
        .collect();
    if !searched.is_empty() {
        parameters.push(json!({
            "name": "search",
            "in": "query",
            "description": format!("Words of the {}, in any order, ignoring case and diacritics. \"In quotes\" is one word.", searched.join(" or the ")),
            "schema": { "type": "string" },
        }));
    }
    let exact = R::texts().filter(|(_, text)| text.rules.filterable);
    parameters.extend(exact.map(|(column, _)| {
        let name = column.as_str();
        json!({
            "name": name,
            "in": "query",
            "description": format!("Only rows with exactly this `{name}`."),
            "schema": { "type": "string" },
        })
    }));
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
    let names: Vec<String> = R::COLUMNS
        .iter()
        .flat_map(|column| [column.name().to_owned(), format!("-{}", column.name())])
        .collect();
    let (column, direction) = R::DEFAULT_ORDER;
    let default = match direction {
        Direction::Ascending => column.to_owned(),
        Direction::Descending => format!("-{column}"),
    };
    parameters.push(json!({
        "name": "ordering",
        "in": "query",
        // A `default` in the schema would make clients that orval generates fail to compile.
        "description": format!("The fields to order by, separated by commas. Later fields order objects that are equal in the earlier ones. `-` before a field reverses its order. The default is `{default}`."),
        "schema": {
            "type": "array",
            "items": { "type": "string", "enum": names },
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
