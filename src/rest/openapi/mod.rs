//! The OpenAPI 3.1 description of the REST API, made of the route table and of the structs that are sent.
//!
//! | file | what it says |
//! | --- | --- |
//! | `operations` | the verbs of the six collections |
//! | `webhooks` | webhook endpoints and their deliveries |
//! | `sessions` | the token routes |
//! | `parameters`, `answers` | what goes in and what comes out |
//! | `schemas` | what bodies look like |
//! | `refusals` | every error, as `problem` words it |
//! | `examples` | the examples of the document |
//! | `nouns` | what each noun is called, and what there is to know about it |

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};

use self::schemas::Schemas;
use super::{ROOT, etag, table};
use crate::kind::Kind;

mod answers;
mod examples;
mod nouns;
pub mod operations;
mod parameters;
mod refusals;
mod schemas;
pub mod sessions;
pub mod webhooks;

/// What describes one method of one path; schemas that it refers to are added to those of the description.
pub type Describe = fn(&mut Schemas) -> Value;

/// Where an operation names the GraphQL field that does the same.
const TWIN: &str = "x-graphql-operation";

/// What stands above all operations.
const ABOUT: &str = "\
Brands, categories, suppliers, products, and the movements of stock: inflows and outflows.

**Begin** by trading a name and a password for tokens at `authentication/token/`, and send the access token with each \
request: `Authorization: Bearer <access>`.

**Addresses.** Every path answers with and without the slash at its end. `GET` paths answer `HEAD` too, and every path \
answers `OPTIONS` with the methods that it has in `Allow`.

**Bodies** are JSON objects. What is unknown or read-only in them is ignored. A relation is written as an id and read as \
an object, which is taken as input too, so what was read can be sent back. Whole numbers may come as strings of digits, \
prices as strings or numbers. `PUT` and `PATCH` both change what is sent and keep what is not.

**Lists** come in pages with absolute links. An empty parameter counts as absent, an unknown one is ignored.

**Errors.** 401, 403 and 404 say `{\"detail\": \"…\"}`; 422 lists the messages of each bad field; everything else has the \
envelope `{\"error\": {\"code\", \"message\", \"details\"}}`, with a code that programs can rely on.

**Changes** can be guarded: an object's `ETag` sent back as `If-Match` lets a change through only if nobody else has \
made one since.

Everything here can be done over GraphQL too, at `/graphql`: `x-graphql-operation` names the field that does the same.";

/// The description: pretty JSON, the same for every run of this version.
pub fn document() -> &'static str {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| format!("{:#}", describe()));
    &DOCUMENT
}

/// `GET /openapi.json`: to be asked for anew each time, and sent only when it has changed.
pub async fn serve(headers: HeaderMap) -> Response {
    static TAG: LazyLock<String> = LazyLock::new(|| {
        let mut hasher = DefaultHasher::new();
        document().hash(&mut hasher);
        // Weak, because it is the same for every compression.
        format!("W/\"{:016x}\"", hasher.finish())
    });
    let mut response = if etag::has(&headers, &TAG) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        (typed("application/json"), document()).into_response()
    };
    if let Ok(tag) = HeaderValue::from_str(&TAG) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    let cache = HeaderValue::from_static("no-cache");
    response.headers_mut().insert(header::CACHE_CONTROL, cache);
    response
}

fn typed(kind: &'static str) -> [(HeaderName, &'static str); 1] {
    [(header::CONTENT_TYPE, kind)]
}

fn describe() -> Value {
    let mut schemas = Schemas::new();
    let mut paths = Map::new();
    for route in table() {
        let operations: Map<String, Value> = route
            .operations
            .iter()
            .map(|(method, describe)| ((*method).to_owned(), with_twin(method, describe(&mut schemas))))
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
            "headers": answers::headers(),
            "responses": refusals::components(),
            "schemas": schemas.finish(),
        },
    })
}

/// Says for people, too, which field of GraphQL does the same.
fn with_twin(method: &str, mut operation: Value) -> Value {
    if let Some(field) = operation.get(TWIN).and_then(Value::as_str) {
        let kind = if method.eq_ignore_ascii_case("get") {
            "query"
        } else {
            "mutation"
        };
        let twin = format!("GraphQL: the {kind} `{field}`.");
        let described = operation.get("description").and_then(Value::as_str);
        let text = described.map_or_else(|| twin.clone(), |text| format!("{text}\n\n{twin}"));
        if let Some(fields) = operation.as_object_mut() {
            fields.insert("description".to_owned(), text.into());
        }
    }
    operation
}

fn tags() -> Value {
    let collections =
        Kind::ALL.map(|kind| json!({ "name": nouns::tag(kind), "description": nouns::about(kind) }));
    let mut tags =
        vec![json!({ "name": sessions::TAG, "description": "Tokens: get, renew, check and end them." })];
    tags.extend(collections);
    tags.push(json!({ "name": nouns::tag(Kind::Webhook), "description": webhooks::ABOUT }));
    tags.push(json!({ "name": operations::API, "description": "What there is." }));
    tags.into()
}
