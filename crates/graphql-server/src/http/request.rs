//! Reads the parameters of a request from a JSON body, the payload of a message or a query string.

use std::borrow::Cow;
use std::collections::HashMap;

use async_graphql::Variables;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use url::form_urlencoded;

use crate::document_store::DocumentRef;
use crate::engine::GraphQlRequest;
use crate::error::{ErrorCode, RequestError};

/// The parameters as raw JSON, so that an error can name the invalid one.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawParameters<'a> {
    #[serde(borrow)]
    query: Option<Cow<'a, RawValue>>,
    #[serde(borrow)]
    operation_name: Option<Cow<'a, RawValue>>,
    #[serde(borrow)]
    variables: Option<Cow<'a, RawValue>>,
    #[serde(borrow)]
    extensions: Option<Cow<'a, RawValue>>,
    #[serde(borrow)]
    document_id: Option<Cow<'a, RawValue>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Extensions {
    persisted_query: Option<PersistedQuery>,
    /// Without a flattened field, serde would also accept a JSON array.
    #[serde(flatten)]
    _other: HashMap<String, serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PersistedQuery {
    version: u32,
    sha256_hash: String,
}

/// Reads a JSON object.
///
/// # Errors
/// When the body is not a JSON object, or for the first invalid parameter.
pub(crate) fn from_json(body: &[u8]) -> Result<GraphQlRequest, RequestError> {
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => {}
        Some(b'[') => return Err(invalid("Batches are not served: send one operation per request.")),
        _ => return Err(invalid("The body is not a JSON object.")),
    }
    let raw: RawParameters<'_> =
        serde_json::from_slice(body).map_err(|_| invalid("The body is not a JSON object."))?;
    read(&raw)
}

/// Reads a query string, in which `variables` and `extensions` are JSON.
///
/// # Errors
/// The first invalid parameter.
pub(crate) fn from_query(query: &str) -> Result<GraphQlRequest, RequestError> {
    let mut raw = RawParameters::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let text = || serde_json::value::to_raw_value(&*value).ok();
        let json = || RawValue::from_string(value.trim().to_owned()).ok();
        let (parameter, raw_value) = match &*name {
            "query" => (&mut raw.query, text()),
            "operationName" => (&mut raw.operation_name, text()),
            "documentId" => (&mut raw.document_id, text()),
            "variables" | "extensions" if value.is_empty() => continue,
            "variables" => (&mut raw.variables, json()),
            "extensions" => (&mut raw.extensions, json()),
            _ => continue,
        };
        let raw_value = raw_value.ok_or_else(|| invalid(&format!("\"{name}\" is not JSON.")))?;
        *parameter = Some(Cow::Owned(raw_value));
    }
    read(&raw)
}

fn read(raw: &RawParameters<'_>) -> Result<GraphQlRequest, RequestError> {
    let text = |raw, name| parameter::<String>(raw, name, "a string");
    let operation_name = text(raw.operation_name.as_ref(), "operationName")?.filter(|name| !name.is_empty());
    let variables = parameter::<Variables>(raw.variables.as_ref(), "variables", "an object")?;
    let extensions = parameter::<Extensions>(raw.extensions.as_ref(), "extensions", "an object")?;
    let persisted = extensions.and_then(|extensions| extensions.persisted_query);
    if persisted.as_ref().is_some_and(|persisted| persisted.version != 1) {
        return Err(invalid("Only version 1 of persisted queries is served."));
    }
    let hash = persisted.map(|persisted| persisted.sha256_hash);
    let id = text(raw.document_id.as_ref(), "documentId")?;
    // `graphql-ws` always sends a `query`, which is empty if there is a hash or an id.
    let is_identified = hash.is_some() || id.is_some();
    let document = DocumentRef {
        text: text(raw.query.as_ref(), "query")?.filter(|text| !(is_identified && text.is_empty())),
        hash,
        id,
    };
    if document.text.is_none() && document.hash.is_none() && document.id.is_none() {
        return Err(invalid("There is no \"query\"."));
    }
    Ok(GraphQlRequest {
        document,
        operation_name,
        variables: variables.unwrap_or_default(),
    })
}

fn parameter<T: DeserializeOwned>(
    raw: Option<&Cow<'_, RawValue>>,
    name: &str,
    expected: &str,
) -> Result<Option<T>, RequestError> {
    let Some(raw) = raw else {
        return Ok(None);
    };
    serde_json::from_str(raw.get()).map_err(|_| invalid(&format!("\"{name}\" is not {expected}.")))
}

fn invalid(message: &str) -> RequestError {
    RequestError::new(ErrorCode::BadUserInput, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(result: Result<GraphQlRequest, RequestError>) -> String {
        result.unwrap_err().errors.remove(0).message
    }

    #[test]
    fn bodies_are_read() {
        let request = from_json(
            br#" {"query":"{a}","operationName":"A","variables":{"n":1},"more":[1],
                  "extensions":{"other":[2],"persistedQuery":{"version":1,"sha256Hash":"ab"}}}"#,
        )
        .unwrap();
        assert_eq!(request.document.text.as_deref(), Some("{a}"));
        assert_eq!(request.document.hash.as_deref(), Some("ab"));
        assert_eq!(request.operation_name.as_deref(), Some("A"));
        assert_eq!(request.variables.get("n"), Some(&async_graphql::value!(1)));
        let request =
            from_json(br#"{"query":"{a}","operationName":null,"variables":null,"extensions":null}"#).unwrap();
        assert_eq!(request.operation_name, None);
        assert!(from_json(br#"{"documentId":"x"}"#).unwrap().document.id.is_some());
        for body in [
            &br#"{"query":"","documentId":"x"}"#[..],
            br#"{"query":"","extensions":{"persistedQuery":{"version":1,"sha256Hash":"ab"}}}"#,
        ] {
            assert_eq!(from_json(body).unwrap().document.text, None);
        }
        assert_eq!(
            from_json(br#"{"query":""}"#).unwrap().document.text.as_deref(),
            Some("")
        );
    }

    #[test]
    fn invalid_bodies_are_refused() {
        for (body, expected) in [
            ("", "not a JSON object"),
            ("{\"query\":", "not a JSON object"),
            ("\"{a}\"", "not a JSON object"),
            ("{\"query\":\"\\ud800\"}", "\"query\" is not a string"),
            (" [{\"query\":\"{a}\"}]", "Batches"),
            ("{}", "no \"query\""),
            ("{\"query\":null}", "no \"query\""),
            ("{\"query\":1}", "\"query\" is not a string"),
            ("{\"query\":\"{a}\",\"query\":\"{b}\"}", "not a JSON object"),
            (
                "{\"query\":\"{a}\",\"operationName\":[]}",
                "\"operationName\" is not a string",
            ),
            (
                "{\"query\":\"{a}\",\"variables\":[]}",
                "\"variables\" is not an object",
            ),
            (
                "{\"query\":\"{a}\",\"variables\":\"{}\"}",
                "\"variables\" is not an object",
            ),
            (
                "{\"query\":\"{a}\",\"extensions\":[\"array\"]}",
                "\"extensions\" is not an object",
            ),
            (
                "{\"query\":\"{a}\",\"extensions\":{\"persistedQuery\":1}}",
                "\"extensions\" is not an object",
            ),
            (
                "{\"query\":\"{a}\",\"extensions\":{\"persistedQuery\":{\"version\":2,\"sha256Hash\":\"\"}}}",
                "version 1",
            ),
        ] {
            assert!(message(from_json(body.as_bytes())).contains(expected), "{body}");
        }
    }

    #[test]
    fn query_strings_are_read() {
        let request =
            from_query("query=%7Ba+b%7D&variables=%7B%22n%22%3A+1%7D&operationName=&other=1&extensions=")
                .unwrap();
        assert_eq!(request.document.text.as_deref(), Some("{a b}"));
        assert_eq!(request.operation_name, None);
        assert_eq!(request.variables.get("n"), Some(&async_graphql::value!(1)));
        assert!(message(from_query("query={a}&variables=n")).contains("\"variables\" is not JSON"));
        assert!(message(from_query("query={a}&variables=1")).contains("\"variables\" is not an object"));
        assert!(message(from_query("")).contains("no \"query\""));
    }
}
