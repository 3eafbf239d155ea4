//! Bodies that are sent to us, and answers with their headers.

use serde_json::{Map, Value, json};

use super::ROOT;
use super::schemas::put;

/// The headers of answers.
pub fn headers() -> Value {
    let text = |description: &str, example: &str| json!({ "description": description, "required": true, "schema": { "type": "string" }, "example": example });
    json!({
        "ETag": text("Changes whenever the answer does.", "\"7\""),
        "Location": {
            "description": "The address of the new object.",
            "required": true,
            "schema": { "type": "string", "format": "uri" },
            "example": format!("http://localhost:8000{ROOT}/products/2/"),
        },
        "Allow": text("The methods that the path has.", "GET, HEAD, POST, OPTIONS"),
        "WWW-Authenticate": text("How to say who is asking.", "Bearer"),
        "Retry-After": {
            "description": "How many seconds to wait.",
            "required": true,
            "schema": { "type": "integer", "minimum": 1 },
            "example": 5,
        },
    })
}

/// A body that is sent to us.
pub fn request(schema: &Value, example: &Value) -> Value {
    json!({
        "required": true,
        "content": { "application/json": { "schema": schema, "example": example } },
    })
}

/// An answer with a body.
pub fn answer(description: impl Into<String>, schema: &Value, example: &Value, headers: &[&str]) -> Value {
    let mut answer = json!({ "description": description.into() });
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
        put(&mut answer, "headers", headers);
    }
    let content = json!({ "application/json": { "schema": schema, "example": example } });
    put(&mut answer, "content", content);
    answer
}

/// All answers, in the order of their numbers.
pub fn responses(status: &str, success: Value, mut refused: Map<String, Value>) -> Value {
    refused.insert(status.to_owned(), success);
    refused.sort_keys();
    refused.into()
}

/// The answer to values that are wrong.
pub fn invalid(faults: &Value, example: &Value) -> Value {
    answer("Values are wrong.", faults, example, &[])
}
