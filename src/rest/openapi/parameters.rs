//! The parameters of operations: those that several have, and those of lists. Only what must be there has an example,
//! because `/docs` fills its forms with them.

use sea_orm::IdenStatic as _;
use serde_json::{Value, json};

use crate::query::Direction;
use crate::query::paging::MAX_PAGE_SIZE;
use crate::rest::face::Shown;
use crate::rest::query::{By, PAGE_SIZE};

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
            "description": format!("How many on a page; more than {MAX_PAGE_SIZE} are taken for {MAX_PAGE_SIZE}."),
            "schema": { "type": "integer", "minimum": 1, "default": PAGE_SIZE },
            "example": 25,
        },
    })
}

/// The parameters of a list.
pub fn of_list<R: Shown>() -> Vec<Value> {
    let mut parameters = vec![parameter("Page"), parameter("PageSize")];
    let searched: Vec<&str> = R::texts()
        .filter(|(_, text)| text.rules.searched)
        .map(|(column, _)| column.as_str())
        .collect();
    if !searched.is_empty() {
        parameters.push(json!({
            "name": "search",
            "in": "query",
            "description": format!("Part of the {}, in any letter case of any alphabet.", searched.join(" or the ")),
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
