//! Values as JSON, and JSON that was written while resolving.
//!
//! Objects and lists of the wrappers in `resolve` are not kept as trees: they are [`Value::Binary`], whose bytes are their
//! JSON. A schema has no other binary values.

use async_graphql::Value;
use axum::body::Bytes;

/// Appends a value as JSON.
pub(crate) fn write(json: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Binary(written) => json.extend_from_slice(written),
        Value::Null => json.extend_from_slice(b"null"),
        Value::Boolean(true) => json.extend_from_slice(b"true"),
        Value::Boolean(false) => json.extend_from_slice(b"false"),
        // Writing a number or a text to memory does not fail.
        Value::Number(number) => {
            let _ = serde_json::to_writer(json, number);
        }
        Value::String(text) => {
            let _ = serde_json::to_writer(json, text);
        }
        Value::Enum(name) => {
            let _ = serde_json::to_writer(json, name.as_str());
        }
        Value::List(items) => {
            json.push(b'[');
            for (index, item) in items.iter().enumerate() {
                separate(json, index);
                write(json, item);
            }
            json.push(b']');
        }
        Value::Object(fields) => {
            json.push(b'{');
            for (index, (key, value)) in fields.iter().enumerate() {
                separate(json, index);
                write_key(json, key);
                write(json, value);
            }
            json.push(b'}');
        }
    }
}

/// Appends a comma before every item but the first.
pub(crate) fn separate(json: &mut Vec<u8>, index: usize) {
    if index > 0 {
        json.push(b',');
    }
}

/// Appends a response key and a colon. GraphQL's names need no escapes.
pub(crate) fn write_key(json: &mut Vec<u8>, key: &str) {
    json.push(b'"');
    json.extend_from_slice(key.as_bytes());
    json.extend_from_slice(b"\":");
}

/// A value that holds JSON.
pub(crate) fn raw_json(json: Vec<u8>) -> Value {
    Value::Binary(Bytes::from(json))
}

/// Replaces raw JSON by the tree of its values.
pub(crate) fn expand(value: &mut Value) {
    match value {
        Value::Binary(written) => {
            // This module has written the JSON, so it is valid.
            *value = serde_json::from_slice(written).unwrap_or_default();
        }
        Value::List(items) => items.iter_mut().for_each(expand),
        Value::Object(fields) => fields.values_mut().for_each(expand),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{Name, value};

    use super::*;

    fn json(value: &Value) -> String {
        let mut json = Vec::new();
        write(&mut json, value);
        String::from_utf8(json).expect("UTF-8")
    }

    #[test]
    fn values_are_written_as_serde_writes_them() {
        let tree = value!({
            "text": "a \"b\" \\ \u{1} é \u{2028}",
            "numbers": [1, -2.5, 1e300, 0],
            "truths": [true, false, null],
            "empty": { "list": [], "object": {} },
        });
        assert_eq!(json(&tree), serde_json::to_string(&tree).expect("JSON"));
        assert_eq!(json(&Value::Enum(Name::new("ASC"))), r#""ASC""#);
    }

    #[test]
    fn raw_json_is_copied_and_expanded() {
        let inner = value!({ "z": 1, "a": ["x", null] });
        let mut tree = value!({ "nodes": [] });
        let Value::Object(fields) = &mut tree else {
            unreachable!()
        };
        fields.insert(
            Name::new("nodes"),
            Value::List(vec![raw_json(json(&inner).into_bytes())]),
        );
        assert_eq!(json(&tree), r#"{"nodes":[{"z":1,"a":["x",null]}]}"#);
        expand(&mut tree);
        assert_eq!(tree, value!({ "nodes": [{ "z": 1, "a": ["x", null] }] }));
    }
}
