//! The pages of `docs/`: each example is run as written, and the response is compared with the page.
//!
//! Fenced blocks with the info string `graphql` or `http` are requests. A second word names the user, `anonymous` or
//! `viewer`; the default is a superuser. The blocks after a request belong to it: `json variables`, and `json answer`
//! with a status unless it is 200. `"…"` in a response matches any value, and `<refresh>` in a request is replaced by
//! the last refresh token.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use graphql_server::{ErrorCode, Limits};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::actors::{Actor, send};
use crate::support::gateway::Gateway;
use crate::support::response::Response;
use crate::support::samples::Sample;

on_both_databases![
    examples_of_login_are_correct,
    examples_of_lists_are_correct,
    examples_of_errors_are_correct,
    examples_of_limits_are_correct,
    examples_of_subscriptions_are_correct,
    examples_of_persisted_documents_are_correct,
    examples_of_moving_from_rest_are_correct,
];

/// Pages with examples that are not HTTP requests; other tests cover them.
const NOT_RUN: [&str; 4] = [
    "moving-over.md",
    "operations.md",
    "repeating-requests.md",
    "webhooks.md",
];

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs");

/// The pages that these tests run, with their numbers of requests; every other page must be in [`NOT_RUN`].
const PAGES: [(&str, usize); 7] = [
    ("login.md", 7),
    ("lists.md", 4),
    ("errors.md", 7),
    ("limits.md", 2),
    ("subscriptions.md", 2),
    ("persisted-documents.md", 3),
    ("moving-from-rest.md", 5),
];

async fn examples_of_login_are_correct(gateway: Gateway) {
    run(&gateway, "login.md").await;
}

async fn examples_of_lists_are_correct(gateway: Gateway) {
    run(&gateway, "lists.md").await;
}

async fn examples_of_errors_are_correct(gateway: Gateway) {
    run(&gateway, "errors.md").await;
}

async fn examples_of_limits_are_correct(gateway: Gateway) {
    run(&gateway, "limits.md").await;
}

async fn examples_of_subscriptions_are_correct(gateway: Gateway) {
    run(&gateway, "subscriptions.md").await;
}

async fn examples_of_persisted_documents_are_correct(gateway: Gateway) {
    run(&gateway, "persisted-documents.md").await;
}

async fn examples_of_moving_from_rest_are_correct(gateway: Gateway) {
    run(&gateway, "moving-from-rest.md").await;
    for (rest, arguments) in rows(&page("moving-from-rest.md")).filter(|(rest, _)| rest.starts_with('?')) {
        let list = if rest.contains("supplier") {
            "inflows"
        } else {
            "products"
        };
        let query = format!("{{ {list}({arguments}) {{ totalCount }} }}");
        let response = gateway.viewer.gql(&query, json!({})).await.expect(200);
        assert_eq!(response["errors"], Value::Null, "{query}");
        // The same rows, except for an invalid page.
        let rest = gateway.viewer.get(&format!("{list}/{rest}")).await;
        if rest.status == 200 {
            let count = &rest.json()["count"];
            assert_eq!(&response["data"][list]["totalCount"], count, "{query}");
        } else {
            rest.expect(404);
        }
    }
}

#[test]
fn every_page_is_run_or_listed_as_not_run() {
    let index = page("README.md");
    for entry in fs::read_dir(FOLDER).expect("docs") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(OsStr::to_str).expect("a name");
        if path.extension() == Some(OsStr::new("md")) && name != "README.md" {
            let is_run = PAGES.iter().any(|(page, _)| *page == name);
            assert!(is_run || NOT_RUN.contains(&name), "{name} is not run");
            assert!(
                index.contains(&format!("]({name})")),
                "{name} is not in README.md"
            );
        }
    }
    for name in PAGES.iter().map(|(name, _)| *name).chain(NOT_RUN) {
        for target in page(name).split("](").skip(1) {
            let target = target.split([')', '#']).next().unwrap_or_default();
            let is_external = target.is_empty() || target.contains("://");
            assert!(
                is_external || Path::new(FOLDER).join(target).exists(),
                "{name} refers to {target}"
            );
        }
    }
}

#[test]
fn documented_limits_are_those_of_the_program() {
    let page = page("limits.md");
    let limits = Limits::DEFAULT;
    let documented: HashMap<&str, &str> = rows(&page).collect();
    let limit = |name: &str| -> u64 {
        let number = documented
            .get(name)
            .unwrap_or_else(|| panic!("{name} is not on the page"));
        number.replace(',', "").parse().expect("a number")
    };
    let size = |number: usize| u64::try_from(number).expect("the value fits");
    assert_eq!(limit("bytes of a document"), size(limits.document_bytes));
    assert_eq!(limit("tokens of a document"), size(limits.tokens));
    assert_eq!(limit("levels of nested brackets"), u64::from(limits.nesting));
    assert_eq!(limit("levels of nested fields"), limits.depth);
    assert_eq!(
        limit("fields of an operation, with its fragments expanded"),
        limits.fields
    );
    assert_eq!(
        limit("levels of nested selections, those of fragments included"),
        size(limits.selection_sets)
    );
    assert_eq!(
        limit("fields of all operations and fragments of a document, with fragments expanded in each"),
        limits.document_fields
    );
    assert_eq!(
        limit("arguments of a field or a directive"),
        size(limits.arguments)
    );
    assert_eq!(limit("aliases of a document"), size(limits.aliases));
    assert_eq!(limit("directives of a document"), size(limits.directives));
    assert_eq!(
        limit("operations and fragments of a document"),
        size(limits.definitions)
    );
    assert_eq!(limit("variables of an operation"), size(limits.variables));
    assert_eq!(
        limit("levels of nested values of a variable"),
        size(limits.value_depth)
    );
    assert_eq!(limit("`first` and `last`"), limits.page);
    assert_eq!(limit("cost of an operation"), limits.cost);
    assert_eq!(
        limit("values that introspection returns in an operation"),
        limits.introspection
    );
    assert_eq!(limit("rows of one list, over all its parents"), limits.rows);
    assert_eq!(
        limit("seconds that an operation may run"),
        limits.execution_time.as_secs()
    );
}

#[test]
fn every_error_code_is_documented() {
    let page = page("errors.md");
    let schema = stockroom::graphql::sdl();
    let codes = schema
        .split("enum UserErrorCode {")
        .nth(1)
        .and_then(|rest| rest.split('}').next());
    let is_code = |line: &&str| !line.is_empty() && line.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let codes: Vec<&str> = codes
        .expect("the codes")
        .lines()
        .map(str::trim)
        .filter(is_code)
        .collect();
    assert!(codes.contains(&"BLANK") && codes.len() > 10, "{codes:?}");
    let request_codes = ErrorCode::ALL.iter().map(|code| code.as_str());
    for code in codes.into_iter().chain(request_codes) {
        assert!(page.contains(&format!("`{code}`")), "{code} is not on the page");
    }
}

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(FOLDER).join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The rows of the page's two-column tables, without the quotes of code.
pub fn rows(page: &str) -> impl Iterator<Item = (&str, &str)> {
    page.lines().filter_map(|line| {
        let (left, right) = line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | ")?;
        Some((code(left), code(right)))
    })
}

/// The content of a cell: the text of its code span if it is nothing else.
fn code(cell: &str) -> &str {
    let inner = cell.strip_prefix('`').and_then(|cell| cell.strip_suffix('`'));
    inner.filter(|inner| !inner.contains('`')).unwrap_or(cell)
}

/// The table of REST calls and their GraphQL counterparts.
pub fn pairs() -> Vec<(String, String)> {
    let page = page("moving-from-rest.md");
    rows(&page)
        .map(|(rest, graphql)| (rest.to_owned(), graphql.to_owned()))
        .collect()
}

/// A request of a page and the blocks that belong to it.
#[derive(Default)]
struct Example {
    line: usize,
    words: Vec<String>,
    text: String,
    variables: Option<Value>,
    response: Option<(u16, Value)>,
}

fn examples(name: &str) -> Vec<Example> {
    let page = page(name);
    let mut lines = page.lines().enumerate();
    let mut examples: Vec<Example> = Vec::new();
    while let Some((line, opening)) = lines.next() {
        let Some(info) = opening.strip_prefix("```").filter(|info| !info.is_empty()) else {
            continue;
        };
        let inside: Vec<&str> = lines
            .by_ref()
            .map(|(_, text)| text)
            .take_while(|text| *text != "```")
            .collect();
        let text = inside.join("\n");
        let words: Vec<String> = info.split(' ').map(str::to_owned).collect();
        match &*words[0] {
            "graphql" | "http" => examples.push(Example {
                line: line + 1,
                words,
                text,
                ..Example::default()
            }),
            "json" => {
                let value =
                    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}:{line}: {error}"));
                let example = examples.last_mut().expect("a request before it");
                match &*words[1] {
                    "variables" => example.variables = Some(value),
                    "answer" => {
                        let status = words
                            .get(2)
                            .map_or(200, |status| status.parse().expect("a status"));
                        example.response = Some((status, value));
                    }
                    other => panic!("{name}:{line}: {other}"),
                }
            }
            "sh" | "js" => {}
            other => panic!("{name}:{line}: {other}"),
        }
    }
    examples
}

async fn run(gateway: &Gateway, name: &str) {
    Sample::create(&gateway.root).await;
    let examples = examples(name);
    let expected = PAGES.iter().find(|(page, _)| *page == name);
    assert_eq!(
        Some(examples.len()),
        expected.map(|(_, count)| *count),
        "requests in {name}"
    );
    let mut refresh = String::new();
    for example in examples {
        let at = format!("{name}:{}", example.line);
        let actor = match example.words.get(1).map(String::as_str) {
            None => &gateway.root,
            Some("anonymous") => &gateway.anon,
            Some("viewer") => &gateway.viewer,
            Some(other) => panic!("{at}: {other}"),
        };
        let text = example.text.replace("<refresh>", &refresh);
        let response = send_example(actor, &example, &text).await;
        if text.starts_with("subscription") {
            // Over plain HTTP a valid subscription is refused with this error.
            let message = "Subscriptions are served over WebSocket";
            assert!(
                response.status == 400 && response.text.contains(message),
                "{at}: {}",
                response.text
            );
            continue;
        }
        let (status, expected) = example.response.unwrap_or_else(|| panic!("{at} has no response"));
        assert_eq!(response.status, status, "{at}: {}", response.text);
        assert_like(&response.json(), &expected, &at);
        if let Some(token) = find_text(&response.json(), "refresh") {
            refresh = token;
        }
    }
}

async fn send_example(actor: &Actor, example: &Example, text: &str) -> Response {
    if example.words[0] == "graphql" {
        let body = json!({ "query": text, "variables": example.variables });
        let request = actor.request(Method::POST, "/graphql").json(&body);
        return send(request.header("accept", "application/graphql-response+json")).await;
    }
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut head = head.lines();
    let (method, path) = head
        .next()
        .and_then(|line| line.split_once(' '))
        .expect("a request line");
    let mut request = actor.request(method.parse().expect("a method"), path);
    for line in head {
        let (name, value) = line.split_once(": ").expect("a header");
        request = request.header(name, value);
    }
    if !body.is_empty() {
        request = request
            .header("content-type", "application/json")
            .body(body.to_owned());
    }
    send(request).await
}

/// The text under this key at any depth.
fn find_text(value: &Value, key: &str) -> Option<String> {
    match value {
        Value::Object(fields) => {
            let direct = fields.get(key).and_then(Value::as_str).map(str::to_owned);
            direct.or_else(|| fields.values().find_map(|value| find_text(value, key)))
        }
        _ => None,
    }
}

/// Asserts that a value matches the page, where `"…"` matches anything.
fn assert_like(actual: &Value, expected: &Value, at: &str) {
    match (actual, expected) {
        (_, Value::String(any)) if any == "…" => {}
        (Value::Object(actual), Value::Object(expected)) => {
            let keys = |fields: &serde_json::Map<String, Value>| fields.keys().cloned().collect::<Vec<_>>();
            let (mut actual_keys, mut expected_keys) = (keys(actual), keys(expected));
            actual_keys.sort();
            expected_keys.sort();
            assert_eq!(actual_keys, expected_keys, "{at}");
            for (key, expected) in expected {
                assert_like(&actual[key], expected, &format!("{at}.{key}"));
            }
        }
        (Value::Array(actual), Value::Array(expected)) => {
            assert_eq!(actual.len(), expected.len(), "{at}: {actual:?}");
            for (index, (actual, expected)) in actual.iter().zip(expected).enumerate() {
                assert_like(actual, expected, &format!("{at}.{index}"));
            }
        }
        _ => assert_eq!(actual, expected, "{at}"),
    }
}
