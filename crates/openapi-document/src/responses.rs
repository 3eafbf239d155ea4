//! Request bodies, and responses with their headers.

use serde_json::{Map, Value, json};

use super::insert;

/// Returns the description of a required request body.
pub fn request_body(schema: &Value, example: &Value) -> Value {
    json!({
        "required": true,
        "content": { "application/json": { "schema": schema, "example": example } },
    })
}

/// Returns a response with a body and these headers of `#/components/headers`.
pub fn response(description: impl Into<String>, schema: &Value, example: &Value, headers: &[&str]) -> Value {
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
        insert(&mut response, "headers", headers);
    }
    let content = json!({ "application/json": { "schema": schema, "example": example } });
    insert(&mut response, "content", content);
    response
}

/// Returns the response to invalid values.
pub fn faults_response(schema: &Value, example: &Value) -> Value {
    response("Values are invalid.", schema, example, &[])
}

/// Returns all responses of an operation, sorted by status.
pub fn responses(status: &str, success: Value, mut errors: Map<String, Value>) -> Value {
    errors.insert(status.to_owned(), success);
    errors.sort_keys();
    errors.into()
}
