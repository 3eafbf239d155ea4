//! Error responses, described by the bodies and headers that are sent.

use serde_json::{Map, Value, json};

use super::insert;
use super::text::header_title;

/// An error response as it is sent.
#[derive(Clone, Debug)]
pub struct ErrorExample {
    /// The name of the example.
    pub name: &'static str,
    pub body: Value,
    /// The name of the header that this error adds, if any, in lower case.
    pub header: Option<String>,
}

/// Returns references to responses in `#/components/responses`, keyed by status. `errors` has the statuses and names.
pub fn error_references(errors: impl IntoIterator<Item = (u16, String)>) -> Map<String, Value> {
    let mut references = Map::new();
    for (status, name) in errors {
        let reference = json!({ "$ref": format!("#/components/responses/{name}") });
        let other = references.insert(status.to_string(), reference);
        debug_assert_eq!(other, None, "{name} replaces another error of the same status");
    }
    references
}

/// Returns the description of an error response from examples of it; `details` is the schema of the details in its body. A
/// header that only some examples have refers to the component `Optional-…`.
pub fn error_response(description: &str, examples: &[ErrorExample], details: &Value) -> Value {
    let headers: Map<String, Value> = examples
        .iter()
        .filter_map(|example| example.header.as_deref())
        .map(|name| {
            let name = header_title(name);
            let is_always_sent = examples.iter().all(|example| example.header.is_some());
            let prefix = if is_always_sent { "" } else { "Optional-" };
            let reference = json!({ "$ref": format!("#/components/headers/{prefix}{name}") });
            (name, reference)
        })
        .collect();
    let mut response = json!({ "description": description });
    if !headers.is_empty() {
        insert(&mut response, "headers", headers);
    }
    let schema = schema(examples, details);
    let examples: Map<String, Value> = examples
        .iter()
        .map(|example| (example.name.to_owned(), json!({ "value": example.body })))
        .collect();
    let content = json!({ "application/json": { "schema": schema, "examples": examples } });
    insert(&mut response, "content", content);
    response
}

/// Returns the schema of the body, with the texts and codes that it can have.
fn schema(examples: &[ErrorExample], details: &Value) -> Value {
    let bodies: Vec<&Value> = examples.iter().map(|example| &example.body).collect();
    let texts = values_at("/detail", &bodies);
    if texts.is_empty() {
        envelope_schema(&values_at("/error/code", &bodies), details)
    } else {
        detail_schema(&texts, &values_at("/code", &bodies))
    }
}

/// Returns the distinct values at a JSON pointer.
fn values_at<'b>(pointer: &str, bodies: &[&'b Value]) -> Vec<&'b Value> {
    let mut values = Vec::new();
    for value in bodies.iter().filter_map(|body| body.pointer(pointer)) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

/// The schema for 401, 403 and 404.
fn detail_schema(details: &[&Value], codes: &[&Value]) -> Value {
    let mut properties = json!({
        "detail": { "type": "string", "enum": details, "description": "A message for people." },
    });
    if !codes.is_empty() {
        let code = json!({ "type": "string", "enum": codes, "description": "A code for programs." });
        insert(&mut properties, "code", code);
    }
    json!({
        "type": "object",
        "required": ["detail"],
        "properties": properties,
        "additionalProperties": false,
    })
}

/// The schema for all other statuses except 422.
fn envelope_schema(codes: &[&Value], details: &Value) -> Value {
    json!({
        "type": "object",
        "required": ["error"],
        "properties": { "error": {
            "type": "object",
            "required": ["code", "message", "details"],
            "properties": {
                "code": { "type": "string", "enum": codes, "description": "A code for programs." },
                "message": { "type": "string", "description": "A message for people, which may change." },
                "details": details,
            },
            "additionalProperties": false,
        }},
        "additionalProperties": false,
    })
}
