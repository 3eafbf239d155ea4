//! The OpenAPI description and lookups in it.

use std::sync::LazyLock;

use serde_json::{Map, Value};
use stockroom::kind::Kind;
use stockroom::rest;

use crate::support::response::{Response, keys};

/// The description.
pub static DESCRIPTION: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(rest::openapi_description()).expect("JSON"));

/// The value itself, or the referenced value if it is a `$ref`.
pub fn resolved(value: &'static Value) -> &'static Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => {
            let pointer = reference.trim_start_matches('#');
            let found = DESCRIPTION.pointer(pointer);
            resolved(found.unwrap_or_else(|| panic!("{reference} is missing")))
        }
        None => value,
    }
}

pub fn object(value: &'static Value) -> &'static Map<String, Value> {
    value
        .as_object()
        .unwrap_or_else(|| panic!("{value} is not an object"))
}

pub fn paths() -> &'static Map<String, Value> {
    object(&DESCRIPTION["paths"])
}

/// Every operation with its path and method.
pub fn operations() -> impl Iterator<Item = (&'static str, &'static str, &'static Value)> {
    paths().iter().flat_map(|(path, methods)| {
        object(methods)
            .iter()
            .map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

pub fn operation(path: &str, method: &str) -> &'static Value {
    let found = operations().find(|(at, by, _)| (*at, *by) == (path, method));
    found
        .unwrap_or_else(|| panic!("{method} {path} is not described"))
        .2
}

/// The described path of a single object of this kind.
pub fn object_path(kind: Kind) -> String {
    format!("/{}/{{id}}/", kind.plural())
}

/// The described path of the list of this kind.
pub fn list_path(kind: Kind) -> String {
    format!("/{}/", kind.plural())
}

/// The schema of a request or response body.
pub fn schema(body: &'static Value) -> &'static Value {
    resolved(&resolved(body)["content"]["application/json"]["schema"])
}

pub fn request_schema(path: &str, method: &str) -> &'static Value {
    schema(&operation(path, method)["requestBody"])
}

/// A described response of this operation.
pub fn response(path: &str, method: &str, status: u16) -> &'static Value {
    let responses = &operation(path, method)["responses"];
    let response = responses.get(status.to_string());
    resolved(response.unwrap_or_else(|| panic!("{method} {path}: {status} is not described")))
}

/// The examples of a response.
pub fn examples(response: &'static Value) -> Vec<&'static Value> {
    let content = &response["content"]["application/json"];
    match content.get("examples") {
        Some(examples) => object(examples)
            .values()
            .map(|example| &example["value"])
            .collect(),
        None => vec![&content["example"]],
    }
}

/// Asserts that a value has exactly the described keys in the described order, and values of the described types.
pub fn assert_like(value: &Value, schema: &'static Value, at: &str) {
    let schema = resolved(schema);
    if let Some(properties) = schema.get("properties") {
        assert_eq!(keys(value), keys(properties), "{at}");
        for (name, schema) in object(properties) {
            assert_like(&value[name], schema, &format!("{at}.{name}"));
        }
        return;
    }
    if let Some(items) = schema.get("items") {
        for item in value.as_array().unwrap_or_else(|| panic!("{at} is not a list")) {
            assert_like(item, items, &format!("{at}[]"));
        }
        return;
    }
    if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
        let is_null = |choice: &&'static Value| resolved(choice)["type"] == "null";
        let fits = choices.iter().find(|choice| is_null(choice) == value.is_null());
        assert_like(value, fits.unwrap_or_else(|| panic!("{at} is {value}")), at);
        return;
    }
    let value_type = match value {
        Value::String(_) => "string",
        Value::Number(_) => "integer",
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        other => panic!("{at} is {other}"),
    };
    let described = match &schema["type"] {
        Value::Array(types) => types.iter().any(|described| described == value_type),
        described => described == value_type,
    };
    assert!(described, "{at} is {value}, but described as {}", schema["type"]);
}

/// The required headers of a described response.
pub fn required_headers(response: &'static Value) -> Vec<&'static str> {
    let described = response.get("headers").map(object);
    let described = described.into_iter().flatten();
    described
        .filter(|(_, header)| resolved(header)["required"] == true)
        .map(|(name, _)| name.as_str())
        .collect()
}

/// Asserts that a response equals one of the described examples.
#[track_caller]
pub fn assert_example(received: &Response, path: &str, method: &str, status: u16) {
    let response = response(path, method, status);
    let body = received.expect(status);
    assert!(examples(response).contains(&&body), "{method} {path}: {body}");
    for name in required_headers(response) {
        assert!(
            received.header(name).is_some(),
            "{method} {path}: {status} without {name}"
        );
    }
}
