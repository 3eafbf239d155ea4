//! The headers of responses.

use serde_json::{Value, json};

use crate::http::pages::EXAMPLE_URL;
use crate::rest::path::ROOT;

/// Returns the headers for `#/components/headers`.
pub(super) fn components() -> Value {
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
