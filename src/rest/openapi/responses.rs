//! Request bodies, and responses with their headers.

use serde_json::{Map, Value, json};

use super::schemas::put;
use crate::http::pages::EXAMPLE_URL;
use crate::rest::path::ROOT;

/// Returns the headers for `#/components/headers`.
pub(super) fn headers() -> Value {
    let text = |description: &str, example: &str| json!({ "description": description, "required": true, "schema": { "type": "string" }, "example": example });
    json!({
        "ETag": text("Changes whenever the response does.", "\"7\""),
        "Location": {
            "description": "The URL of the new object.",
            "required": true,
            "schema": { "type": "string", "format": "uri" },
            "example": format!("{EXAMPLE_URL}{ROOT}/products/2/"),
        },
        "Allow": text("The methods that the path has.", "GET, HEAD, POST, OPTIONS"),
        "WWW-Authenticate": text("The authentication scheme.", "Bearer"),
        "Idempotent-Replayed": {
            "description": "Sent if the request was executed before: the response is that of the first one with this `Idempotency-Key`.",
            "schema": { "type": "string", "const": "true" },
            "example": "true",
        },
        "Optional-Retry-After": {
            "description": "The number of seconds to wait, if a request with this `Idempotency-Key` is being executed.",
            "schema": { "type": "integer", "minimum": 1 },
            "example": 1,
        },
        "Retry-After": {
            "description": "The number of seconds to wait.",
            "required": true,
            "schema": { "type": "integer", "minimum": 1 },
            "example": 5,
        },
    })
}

pub(super) fn request_body(schema: &Value, example: &Value) -> Value {
    json!({
        "required": true,
        "content": { "application/json": { "schema": schema, "example": example } },
    })
}

/// Returns a response with a body and these headers.
pub(super) fn response(
    description: impl Into<String>,
    schema: &Value,
    example: &Value,
    headers: &[&str],
) -> Value {
    let mut response = json!({ "description": description.into() });
    if !headers.is_empty() {
        let headers: Map<String, Value> = headers
            .iter()
            .map(|name| {
                (
                    (*name).to_owned(),
                    json!({ "$ref": format!("#/components/headers/{name}") }),
                )
            })
            .collect();
        put(&mut response, "headers", headers);
    }
    let content = json!({ "application/json": { "schema": schema, "example": example } });
    put(&mut response, "content", content);
    response
}

/// Returns the response to invalid values.
pub(super) fn faults_response(schema: &Value, example: &Value) -> Value {
    response("Values are invalid.", schema, example, &[])
}

/// Returns all responses of an operation, sorted by status.
pub(super) fn responses(status: &str, success: Value, mut errors: Map<String, Value>) -> Value {
    errors.insert(status.to_owned(), success);
    errors.sort_keys();
    errors.into()
}
