//! The schemas of the bodies of error responses.

use serde_json::{Value, json};

use super::nouns::capital;
use super::schemas::put;

/// Returns the distinct values at a JSON pointer.
pub(super) fn values_at<'b>(pointer: &str, bodies: &[&'b Value]) -> Vec<&'b Value> {
    let mut values = Vec::new();
    for value in bodies.iter().filter_map(|body| body.pointer(pointer)) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

/// The schema for 401, 403 and 404.
pub(super) fn detail_schema(details: &[&Value], codes: &[&Value]) -> Value {
    let mut properties = json!({
        "detail": { "type": "string", "enum": details, "description": "A message for people." },
    });
    if !codes.is_empty() {
        let code = json!({ "type": "string", "enum": codes, "description": "A code for programs." });
        put(&mut properties, "code", code);
    }
    json!({
        "type": "object",
        "required": ["detail"],
        "properties": properties,
        "additionalProperties": false,
    })
}

/// The schema for all other statuses except 422.
pub(super) fn envelope_schema(codes: &[&Value], details: &Value) -> Value {
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

/// Returns the name of a header in its usual case: `WWW-Authenticate`.
pub(super) fn header_title(name: &str) -> String {
    let word = |word: &str| match word {
        "www" => "WWW".to_owned(),
        word => capital(word),
    };
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}
