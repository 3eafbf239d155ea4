//! The OpenAPI 3.1 description of the REST API, generated from the table of routes and the structs of the views.
//!
//! | file | contents |
//! | --- | --- |
//! | `operations` | the usual operations |
//! | `webhook_endpoint`, `delivery`, `token` | the operations of these nouns |
//! | `parameters`, `responses`, `schemas`, `errors` | the parts of operations |
//! | `examples` | examples of bodies |
//! | `nouns` | names and texts that differ between nouns |

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};

use self::schemas::Schemas;
use super::{ROOT, table};
use crate::http::header::if_none_match;
use crate::kind::Kind;

pub(crate) mod delivery;
mod errors;
mod examples;
mod nouns;
pub(crate) mod operations;
mod parameters;
mod responses;
mod schemas;
pub(crate) mod token;
pub(crate) mod webhook_endpoint;

/// Describes an operation, and adds the schemas that it refers to.
pub(crate) type Describe = fn(&mut Schemas) -> Value;

/// The extension field with the name of the equivalent GraphQL field.
const GRAPHQL_FIELD: &str = "x-graphql-operation";

/// The introduction.
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

All operations are available over GraphQL too, at `/graphql`. `x-graphql-operation` has the name of the equivalent field.";

/// Returns the description as formatted JSON.
pub fn document() -> &'static str {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| format!("{:#}", describe()));
    &DOCUMENT
}

/// `GET /openapi.json`: clients may cache it but have to revalidate it.
pub(crate) async fn serve(headers: HeaderMap) -> Response {
    static TAG: LazyLock<String> = LazyLock::new(|| {
        let mut hasher = DefaultHasher::new();
        document().hash(&mut hasher);
        // Weak, because all compressions of the document share it.
        format!("W/\"{:016x}\"", hasher.finish())
    });
    let mut response = if if_none_match(&headers, &TAG) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, "application/json")], document()).into_response()
    };
    if let Ok(tag) = HeaderValue::from_str(&TAG) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    let cache = HeaderValue::from_static("no-cache");
    response.headers_mut().insert(header::CACHE_CONTROL, cache);
    response
}

fn describe() -> Value {
    let mut schemas = Schemas::new();
    let mut paths = Map::new();
    for route in table() {
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
            "headers": responses::headers(),
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
    let collections =
        Kind::ALL.map(|kind| json!({ "name": nouns::tag(kind), "description": nouns::description(kind) }));
    let mut tags =
        vec![json!({ "name": token::TAG, "description": "Get, refresh, verify and revoke tokens." })];
    tags.extend(collections);
    tags.push(json!({ "name": nouns::tag(Kind::Webhook), "description": webhook_endpoint::ABOUT }));
    tags.push(json!({ "name": operations::API, "description": "The collections, and this description." }));
    tags.into()
}
