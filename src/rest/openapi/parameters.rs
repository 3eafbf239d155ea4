//! The parameters of operations: those that several have, and those of lists. Only what must be there has an example,
//! because `/docs` fills its forms with them.

use serde_json::{Value, json};

use crate::query::Direction;
use crate::rest::face::Shown;
use crate::rest::query::{By, LARGEST_PAGE, PAGE_SIZE};

/// The parameters that several operations have.
pub fn components() -> Value {
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
            "description": "The `ETag` of what was read: the change is made only if nobody else has made one since.",
            "schema": { "type": "string" },
            "examples": { "read": { "value": "\"7\"" }, "any": { "value": "*" } },
        },
        "IfNoneMatch": {
            "name": "If-None-Match",
            "in": "header",
            "description": "The `ETag` of what is there already: it is sent again only if it has changed.",
            "schema": { "type": "string" },
            "example": "\"7\"",
        },
        "Page": {
            "name": "page",
            "in": "query",
            "description": "Which page, counted from 1.",
            "schema": { "type": "integer", "minimum": 1, "default": 1 },
            "example": 1,
        },
        "PageSize": {
            "name": "page_size",
            "in": "query",
            "description": format!("How many on a page; more than {LARGEST_PAGE} are taken for {LARGEST_PAGE}."),
            "schema": { "type": "integer", "minimum": 1, "default": PAGE_SIZE },
            "example": 25,
        },
    })
}

/// The parameters of a list; `searched` is the text that a search looks into.
pub fn of_list<R: Shown>(searched: &str) -> Vec<Value> {
    let mut parameters = vec![parameter("Page"), parameter("PageSize")];
    if R::SEARCHED.is_some() {
        parameters.push(json!({
            "name": "search",
            "in": "query",
            "description": format!("Part of the {searched}, in any letter case of any alphabet."),
            "schema": { "type": "string" },
        }));
    }
    parameters.extend(R::FILTERS.iter().map(|filter| {
        json!({
            "name": filter.name,
            "in": "query",
            "description": filter.about,
            "schema": match filter.by {
                By::Reference(_) => json!({ "type": "integer" }),
                By::AtLeast(_) | By::AtMost(_) => json!({
                    "type": "string",
                    "format": "decimal",
                    "pattern": "^-?[0-9]+(\\.[0-9]+)?$",
                }),
                By::FromDay(_) | By::ToDay(_) => json!({ "type": "string", "format": "date" }),
                By::OneOf(choices) => {
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
        "description": "What to order by, with commas: later ones decide between equals. `-` turns one around.",
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

/// A reference to one that several have.
pub fn parameter(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}
