//! The parameters of a request, as a JSON body, the payload of a message or a query string carries them.

use std::borrow::Cow;
use std::collections::HashMap;

use async_graphql::Variables;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use url::form_urlencoded;

use super::document_store::Wanted;
use super::engine::GraphQlRequest;
use super::problem::BAD_USER_INPUT;
use super::refusal::Refusal;

/// Each parameter as it was written, so that what is wrong can be named.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
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
    /// So that a sequence is no object.
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
/// What is wrong with it; nothing of it can be answered then.
pub fn of_json(body: &[u8]) -> Result<GraphQlRequest, Refusal> {
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => {}
        Some(b'[') => return Err(refused("Batches are not served: send one operation a request.")),
        _ => return Err(refused("The body is not a JSON object.")),
    }
    let written: Written<'_> =
        serde_json::from_slice(body).map_err(|_| refused("The body is not a JSON object."))?;
    read(&written)
}

/// Reads a query string, in which `variables` and `extensions` are JSON.
///
/// # Errors
/// What is wrong with it.
pub fn of_query(query: &str) -> Result<GraphQlRequest, Refusal> {
    let mut written = Written::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let text = || serde_json::value::to_raw_value(&*value).ok();
        let json = || RawValue::from_string(value.trim().to_owned()).ok();
        let (place, read) = match &*name {
            "query" => (&mut written.query, text()),
            "operationName" => (&mut written.operation_name, text()),
            "documentId" => (&mut written.document_id, text()),
            "variables" | "extensions" if value.is_empty() => continue,
            "variables" => (&mut written.variables, json()),
            "extensions" => (&mut written.extensions, json()),
            _ => continue,
        };
        let read = read.ok_or_else(|| refused(&format!("\"{name}\" is not JSON.")))?;
        *place = Some(Cow::Owned(read));
    }
    read(&written)
}

fn read(written: &Written<'_>) -> Result<GraphQlRequest, Refusal> {
    let text = |raw, name| one::<String>(raw, name, "a string");
    let operation_name =
        text(written.operation_name.as_ref(), "operationName")?.filter(|name| !name.is_empty());
    let variables = one::<Variables>(written.variables.as_ref(), "variables", "an object")?;
    let extensions = one::<Extensions>(written.extensions.as_ref(), "extensions", "an object")?;
    let persisted = extensions.and_then(|extensions| extensions.persisted_query);
    if persisted.as_ref().is_some_and(|persisted| persisted.version != 1) {
        return Err(refused("Only version 1 of persisted queries is served."));
    }
    let hash = persisted.map(|persisted| persisted.sha256_hash);
    let id = text(written.document_id.as_ref(), "documentId")?;
    // Beside a name, an empty text is none: `graphql-ws` always sends one.
    let is_named = hash.is_some() || id.is_some();
    let wanted = Wanted {
        text: text(written.query.as_ref(), "query")?.filter(|text| !(is_named && text.is_empty())),
        hash,
        id,
    };
    if wanted.text.is_none() && wanted.hash.is_none() && wanted.id.is_none() {
        return Err(refused("There is no \"query\"."));
    }
    Ok(GraphQlRequest {
        wanted,
        operation_name,
        variables: variables.unwrap_or_default(),
    })
}

fn one<T: DeserializeOwned>(
    raw: Option<&Cow<'_, RawValue>>,
    name: &str,
    what: &str,
) -> Result<Option<T>, Refusal> {
    let Some(raw) = raw else {
        return Ok(None);
    };
    serde_json::from_str(raw.get()).map_err(|_| refused(&format!("\"{name}\" is not {what}.")))
}

fn refused(message: &str) -> Refusal {
    Refusal::new(BAD_USER_INPUT, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(refused: Result<GraphQlRequest, Refusal>) -> String {
        refused.unwrap_err().errors.remove(0).message
    }

    #[test]
    fn bodies() {
        let ask = of_json(
            br#" {"query":"{a}","operationName":"A","variables":{"n":1},"more":[1],
                  "extensions":{"other":[2],"persistedQuery":{"version":1,"sha256Hash":"ab"}}}"#,
        )
        .unwrap();
        assert_eq!(ask.wanted.text.as_deref(), Some("{a}"));
        assert_eq!(ask.wanted.hash.as_deref(), Some("ab"));
        assert_eq!(ask.operation_name.as_deref(), Some("A"));
        assert_eq!(ask.variables.get("n"), Some(&async_graphql::value!(1)));
        let ask =
            of_json(br#"{"query":"{a}","operationName":null,"variables":null,"extensions":null}"#).unwrap();
        assert_eq!(ask.operation_name, None);
        assert!(of_json(br#"{"documentId":"x"}"#).unwrap().wanted.id.is_some());
        for named in [
            &br#"{"query":"","documentId":"x"}"#[..],
            br#"{"query":"","extensions":{"persistedQuery":{"version":1,"sha256Hash":"ab"}}}"#,
        ] {
            assert_eq!(of_json(named).unwrap().wanted.text, None);
        }
        assert_eq!(
            of_json(br#"{"query":""}"#).unwrap().wanted.text.as_deref(),
            Some("")
        );
    }

    #[test]
    fn bodies_that_are_none() {
        for (body, says) in [
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
            assert!(message(of_json(body.as_bytes())).contains(says), "{body}");
        }
    }

    #[test]
    fn query_strings() {
        let ask = of_query("query=%7Ba+b%7D&variables=%7B%22n%22%3A+1%7D&operationName=&other=1&extensions=")
            .unwrap();
        assert_eq!(ask.wanted.text.as_deref(), Some("{a b}"));
        assert_eq!(ask.operation_name, None);
        assert_eq!(ask.variables.get("n"), Some(&async_graphql::value!(1)));
        assert!(message(of_query("query={a}&variables=n")).contains("\"variables\" is not JSON"));
        assert!(message(of_query("query={a}&variables=1")).contains("\"variables\" is not an object"));
        assert!(message(of_query("")).contains("no \"query\""));
    }
}
