//! The OpenAPI 3.1 description of the REST API, generated from the table of routes and the structs of the views.
//!
//! | file | contents |
//! | --- | --- |
//! | `operations` | the operations that all collections have |
//! | `webhook_endpoint`, `delivery`, `token` | the operations of these resources |
//! | `parameters`, `headers`, `schemas`, `errors` | the parts of operations, built with the crate `openapi-document` |
//! | `examples` | examples of bodies |
//! | `resource_texts` | names and texts that differ between resources |

use serde_json::{Map, Value, json};

use super::path::ROOT;
use super::route::Route;
use crate::kind::Kind;

pub(super) mod delivery;
mod errors;
mod examples;
mod headers;
pub(super) mod operations;
mod parameters;
mod resource_texts;
mod schemas;
pub(super) mod token;
pub(super) mod webhook_endpoint;

/// The extension field with the name of the equivalent GraphQL field.
const GRAPHQL_FIELD: &str = "x-graphql-operation";

/// The description of the API.
const ABOUT: &str = "\
Brands, categories, suppliers, products, and movements of stock: inflows and outflows.

**Authentication.** Get tokens for a name and a password at `authentication/token/`, and send the access token with each \
request: `Authorization: Bearer <access>`.

**Paths** are valid with and without the trailing slash. Paths with `GET` also support `HEAD`, and all paths support \
`OPTIONS`, which lists their methods in `Allow`.

**Bodies** are JSON objects. Unknown and read-only fields are ignored. References are ids in requests and objects in \
responses; requests may have the objects too, so that a response can be sent back. Whole numbers may be sent as strings of \
digits, and prices as strings or numbers. `PUT` and `PATCH` both change the fields that are sent and keep the others.

**Lists** are divided into pages with absolute links. An empty parameter counts as absent, and an unknown one is ignored.

**Errors.** 401, 403 and 404 have the body `{\"detail\": \"…\"}`, and 422 has the messages of each invalid field. All others \
have the body `{\"error\": {\"code\", \"message\", \"details\"}}`, with a stable code for programs.

**Concurrent changes.** Send the `ETag` of an object as `If-Match` to change the object only if it has not changed since.

**Repeated requests.** A `POST` that changes the inventory or a webhook can have an `Idempotency-Key`. Sent again with the same \
key and body within 24 hours, it gets the stored response with `Idempotent-Replayed: true` and changes nothing. Other methods \
and the token operations ignore the key.

All operations are available over GraphQL too, at `/graphql`. `x-graphql-operation` has the name of the equivalent field.";

/// Describes the API with these routes.
pub(super) fn describe(routes: Vec<Route>) -> Value {
    let mut schemas = schemas::new();
    let mut paths = Map::new();
    for route in routes {
        let operations: Map<String, Value> = route
            .operations
            .iter()
            .map(|(method, describe)| {
                (
                    (*method).to_owned(),
                    with_graphql_field(method, describe(&mut schemas)),
                )
            })
            .collect();
        paths.insert(route.path, operations.into());
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Stockroom",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "The inventory over REST.",
            "description": ABOUT,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": ROOT, "description": "This server." }],
        "security": [{ "bearer": [] }],
        "tags": tags(),
        "paths": paths,
        "components": {
            "securitySchemes": { "bearer": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "The `access` token of `authentication/token/`.",
            }},
            "parameters": parameters::components(),
            "headers": headers::components(),
            "responses": errors::components(),
            "schemas": schemas.finish(),
        },
    })
}

/// Adds the name of the equivalent GraphQL field to the text of an operation.
fn with_graphql_field(method: &str, mut operation: Value) -> Value {
    if let Some(field) = operation.get(GRAPHQL_FIELD).and_then(Value::as_str) {
        let kind = if method.eq_ignore_ascii_case("get") {
            "query"
        } else {
            "mutation"
        };
        let equivalent = format!("GraphQL: the {kind} `{field}`.");
        let description = operation.get("description").and_then(Value::as_str);
        let text = description.map_or_else(|| equivalent.clone(), |text| format!("{text}\n\n{equivalent}"));
        if let Some(fields) = operation.as_object_mut() {
            fields.insert("description".to_owned(), text.into());
        }
    }
    operation
}

fn tags() -> Value {
    let collections = Kind::ALL.map(
        |kind| json!({ "name": resource_texts::tag(kind), "description": resource_texts::description(kind) }),
    );
    let mut tags =
        vec![json!({ "name": token::TAG, "description": "Get, refresh, verify and revoke tokens." })];
    tags.extend(collections);
    tags.push(json!({ "name": resource_texts::tag(Kind::Webhook), "description": webhook_endpoint::ABOUT }));
    tags.push(json!({ "name": operations::API, "description": "The collections, and this description." }));
    tags.into()
}
