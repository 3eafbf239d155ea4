//! Responses, and the checks that apply to all of them.

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::Value;

/// A complete response.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// The request, for messages.
    request: String,
    /// Whether it was translated from a GraphQL response.
    is_translated: bool,
}

/// The documented body of a 401 without a token.
pub const NO_TOKEN: &str = r#"{"detail":"Authentication credentials were not provided."}"#;
/// The documented body of a 401 with an invalid token.
pub const BAD_TOKEN: &str =
    r#"{"detail":"Given token not valid for any token type","code":"token_not_valid"}"#;
/// The documented body of a 401 for a failed login.
pub const WRONG_LOGIN: &str = r#"{"detail":"No active account found with the given credentials"}"#;
/// The documented body of a 401 for an invalid token to refresh or to verify.
pub const INVALID_OR_EXPIRED_TOKEN: &str =
    r#"{"detail":"Token is invalid or expired","code":"token_not_valid"}"#;
/// The documented body of a 403.
pub const FORBIDDEN: &str = r#"{"detail":"You do not have permission to perform this action."}"#;
/// The documented body of a 404.
pub const NOT_FOUND: &str = r#"{"detail":"Not found."}"#;
/// The documented body of a 404 for a missing page.
pub const INVALID_PAGE: &str = r#"{"detail":"Invalid page."}"#;

/// Words that no error may contain, because they expose internals: SQL, paths, backtraces, messages of libraries.
const INTERNALS: [&str; 24] = [
    "SELECT",
    "INSERT",
    "UPDATE ",
    "SQL",
    "postgresql ",
    "rusqlite",
    "sea_orm",
    "DbErr",
    "constraint",
    "serde",
    "expected value",
    "trailing",
    "EOF while",
    "at line",
    "recursion limit",
    "axum",
    "hyper",
    "tokio",
    "panicked",
    "backtrace",
    ".rs:",
    "/src/",
    "invalid type",
    "jsonwebtoken",
];

impl Response {
    /// Reads a response to the end and runs the checks that apply to all of them.
    pub async fn read(method: &Method, path: &str, response: reqwest::Response) -> Self {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let request = format!("{method} {path}");
        let text = response
            .text()
            .await
            .unwrap_or_else(|error| panic!("{request}: {error:?}"));
        let response = Self {
            status,
            headers,
            text,
            request,
            is_translated: false,
        };
        if path.starts_with("/api/") && method != Method::HEAD {
            response.assert_documented();
        }
        if status >= 400 {
            response.assert_no_internals();
        }
        response
    }

    /// A REST response translated from a response of another API.
    pub fn translated(status: u16, text: String, request: String) -> Self {
        let response = Self {
            status,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]),
            text,
            request,
            is_translated: true,
        };
        if status >= 400 {
            response.assert_no_internals();
        }
        response
    }

    /// Asserts that status, body and headers have a documented form.
    fn assert_documented(&self) {
        let request = &self.request;
        match self.status {
            200..=399 if self.text.is_empty() => return,
            200..=399 => {}
            401 => {
                assert_eq!(self.header("www-authenticate"), Some("Bearer"), "{request}");
                assert!(
                    [NO_TOKEN, BAD_TOKEN, WRONG_LOGIN, INVALID_OR_EXPIRED_TOKEN].contains(&&*self.text),
                    "{request}: {}",
                    self.text
                );
            }
            403 => assert_eq!(self.text, FORBIDDEN, "{request}"),
            404 => assert!(
                [NOT_FOUND, INVALID_PAGE].contains(&&*self.text),
                "{request}: {}",
                self.text
            ),
            422 => {
                let body = self.json();
                let fields = body.as_object().unwrap_or_else(|| panic!("{request}: {body}"));
                assert!(!fields.is_empty(), "{request}");
                for messages in fields.values() {
                    let messages = messages.as_array().unwrap_or_else(|| panic!("{request}: {body}"));
                    assert!(
                        !messages.is_empty() && messages.iter().all(Value::is_string),
                        "{request}: {body}"
                    );
                }
            }
            status => {
                let body = self.json();
                assert_eq!(keys(&body), ["error"], "{request}: {body}");
                assert_eq!(
                    sorted_keys(&body["error"]),
                    ["code", "details", "message"],
                    "{request}: {body}"
                );
                let code = body["error"]["code"]
                    .as_str()
                    .unwrap_or_else(|| panic!("{request}: {body}"));
                assert!(
                    code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'),
                    "{request}: {body}"
                );
                assert!(
                    body["error"]["message"]
                        .as_str()
                        .is_some_and(|message| !message.is_empty()),
                    "{request}: {body}"
                );
                assert!(body["error"]["details"].is_object(), "{request}: {body}");
                match status {
                    405 => assert!(self.header("allow").is_some(), "{request}"),
                    429 => {
                        let seconds = self.header("retry-after").expect("Retry-After").parse::<u64>();
                        assert!(seconds.expect("seconds") >= 1, "{request}");
                    }
                    _ => {}
                }
            }
        }
        assert_eq!(self.header("content-type"), Some("application/json"), "{request}");
    }

    /// Asserts that an error exposes no internals.
    fn assert_no_internals(&self) {
        for word in INTERNALS {
            assert!(
                !self.text.contains(word),
                "{}: {word:?} in {}",
                self.request,
                self.text
            );
        }
    }

    /// Asserts the `Location` header, which GraphQL does not have.
    #[track_caller]
    pub fn expect_location(&self, url: &str) {
        if !self.is_translated {
            assert_eq!(self.header("location"), Some(url), "{}", self.request);
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .get(name)
            .map(|value| value.to_str().expect("an ASCII header"))
    }

    /// The body.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{}: {error} in {}", self.request, self.text))
    }

    /// The body of a response with this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text);
        if self.text.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }

    /// Asserts the status of a response that is not JSON, and that its body is not empty.
    #[track_caller]
    pub fn expect_text(&self, status: u16) {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text);
        assert!(!self.text.is_empty(), "{}", self.request);
    }

    /// Asserts the status and the exact body.
    #[track_caller]
    pub fn expect_body(&self, status: u16, body: &str) {
        assert_eq!((self.status, &*self.text), (status, body), "{}", self.request);
    }

    /// Asserts the status and the JSON body, ignoring the order of keys.
    #[track_caller]
    pub fn expect_json(&self, status: u16, body: &Value) {
        assert_eq!((self.status, &self.json()), (status, body), "{}", self.request);
    }

    /// Asserts the documented error envelope with this status and code, and returns its details.
    #[track_caller]
    pub fn expect_error(&self, status: u16, code: &str) -> Value {
        let body = self.expect(status);
        assert_eq!(body["error"]["code"], code, "{}: {body}", self.request);
        body["error"]["details"].clone()
    }

    /// The values of a field in the results of a list.
    #[track_caller]
    pub fn column(&self, field: &str) -> Vec<Value> {
        let body = self.expect(200);
        let results = body["results"].as_array().expect("results");
        results.iter().map(|row| row[field].clone()).collect()
    }

    /// The values of a field in the results of a list, as strings.
    #[track_caller]
    pub fn texts(&self, field: &str) -> Vec<String> {
        let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.column(field).into_iter().map(text).collect()
    }

    /// The ids in the results of a list.
    #[track_caller]
    pub fn ids(&self) -> Vec<i64> {
        self.column("id")
            .iter()
            .map(|id| id.as_i64().expect("an id"))
            .collect()
    }
}

/// The keys of an object.
pub fn keys(object: &Value) -> Vec<&str> {
    object
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect()
}

/// The keys of an object, sorted.
pub fn sorted_keys(object: &Value) -> Vec<&str> {
    let mut keys = keys(object);
    keys.sort_unstable();
    keys
}

/// JSON without insignificant whitespace; keys keep their order.
pub fn compact(json: &str) -> String {
    let mut compact = String::with_capacity(json.len());
    let (mut in_text, mut escaped) = (false, false);
    for character in json.chars() {
        if in_text || !character.is_ascii_whitespace() {
            compact.push(character);
        }
        in_text = if in_text {
            escaped || character != '"'
        } else {
            character == '"'
        };
        escaped = in_text && !escaped && character == '\\';
    }
    compact
}
