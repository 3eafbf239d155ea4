//! Writes values as JSON, and wraps written JSON as values.
//!
//! The wrappers in `resolve` return objects and lists as [`Value::Binary`] with their JSON, instead of a tree. A schema has
//! no other binary values.

use async_graphql::{Context, ID, Value};
use axum::body::Bytes;

/// A value of a field that can be written without waiting.
pub trait WriteValue {
    /// Appends the value as JSON and returns true, or leaves `json` as it is and returns false if the field `cx.item` must
    /// be resolved, for instance to report an error.
    fn write_value(&self, cx: &Context<'_>, json: &mut Vec<u8>) -> bool;
}

impl WriteValue for bool {
    fn write_value(&self, _: &Context<'_>, json: &mut Vec<u8>) -> bool {
        write(json, &Value::Boolean(*self));
        true
    }
}

impl WriteValue for i32 {
    fn write_value(&self, _: &Context<'_>, json: &mut Vec<u8>) -> bool {
        write(json, &Value::from(*self));
        true
    }
}

impl WriteValue for &str {
    fn write_value(&self, _: &Context<'_>, json: &mut Vec<u8>) -> bool {
        write_text(json, self);
        true
    }
}

impl WriteValue for String {
    fn write_value(&self, _: &Context<'_>, json: &mut Vec<u8>) -> bool {
        write_text(json, self);
        true
    }
}

impl WriteValue for ID {
    fn write_value(&self, _: &Context<'_>, json: &mut Vec<u8>) -> bool {
        write_text(json, self);
        true
    }
}

impl<T: WriteValue> WriteValue for Option<T> {
    fn write_value(&self, cx: &Context<'_>, json: &mut Vec<u8>) -> bool {
        let Some(value) = self else {
            write(json, &Value::Null);
            return true;
        };
        value.write_value(cx, json)
    }
}

impl<T: WriteValue, E> WriteValue for Result<T, E> {
    fn write_value(&self, cx: &Context<'_>, json: &mut Vec<u8>) -> bool {
        self.as_ref().is_ok_and(|value| value.write_value(cx, json))
    }
}

/// Appends a value as JSON.
pub fn write(json: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Binary(raw) => json.extend_from_slice(raw),
        Value::Null => json.extend_from_slice(b"null"),
        Value::Boolean(true) => json.extend_from_slice(b"true"),
        Value::Boolean(false) => json.extend_from_slice(b"false"),
        Value::Number(number) => {
            // Writing to memory does not fail.
            let _ = serde_json::to_writer(json, number);
        }
        Value::String(text) => write_text(json, text),
        Value::Enum(name) => write_text(json, name),
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

/// Appends a text as a JSON string.
pub fn write_text(json: &mut Vec<u8>, text: &str) {
    // Writing to memory does not fail.
    let _ = serde_json::to_writer(json, text);
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

/// Replaces raw JSON with a tree of values.
pub(crate) fn expand(value: &mut Value) {
    match value {
        Value::Binary(raw) => {
            // This module has written the JSON, so it is valid.
            *value = serde_json::from_slice(raw).unwrap_or_default();
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
            "booleans": [true, false, null],
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
