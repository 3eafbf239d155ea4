//! Refusals as the document and the contract have them: each error with its status and its exact body.
//!
//! The OpenAPI description takes its examples from here too, so what it shows is what is sent.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::page::object;
use crate::error::{Conflict, Error, Fault, Login, Malformed, RETRY_UNAVAILABLE};

/// An error on its way to a REST client.
#[derive(Debug)]
pub struct Problem(Error);

impl<E: Into<Error>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        crate::telemetry::log_failure(&self.0);
        Refusal::of(&self.0).into_response()
    }
}

/// A refusal as it is sent.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// What kind of refusal it is, for HTTP.
    pub status: StatusCode,
    /// The documented body.
    pub body: Value,
    /// The header that goes with it.
    pub header: Option<(HeaderName, String)>,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = object(self.status, &self.body);
        if let Some((name, value)) = self.header
            && let Ok(value) = HeaderValue::from_str(&value)
        {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl Refusal {
    /// What a client is told of an error.
    pub fn of(error: &Error) -> Self {
        match error {
            Error::Unauthenticated(login) => unauthenticated(*login),
            Error::Forbidden => detail(
                StatusCode::FORBIDDEN,
                "You do not have permission to perform this action.",
            ),
            Error::NotFound => detail(StatusCode::NOT_FOUND, "Not found."),
            Error::NoSuchPage => detail(StatusCode::NOT_FOUND, "Invalid page."),
            Error::Invalid(faults) => invalid(faults),
            Error::Parameter { name, reason } => envelope(
                StatusCode::BAD_REQUEST,
                "INVALID_PARAMETER",
                "A parameter can't be read.",
                json!({ name: reason }),
            ),
            Error::Malformed(malformed) => unreadable(*malformed),
            Error::Protected { by } => {
                let counts: Map<String, Value> = by
                    .iter()
                    .map(|(kind, count)| (kind.plural().to_owned(), (*count).into()))
                    .collect();
                let message = "It can't be deleted because other records refer to it.";
                envelope(StatusCode::CONFLICT, "PROTECTED", message, counts)
            }
            Error::InsufficientStock(shortage) => envelope(
                StatusCode::CONFLICT,
                "INSUFFICIENT_STOCK",
                "The stock of the product doesn't allow this.",
                json!({
                    "product": shortage.product,
                    "available": shortage.available,
                    "requested": shortage.requested,
                }),
            ),
            Error::VersionConflict => envelope(
                StatusCode::PRECONDITION_FAILED,
                "PRECONDITION_FAILED",
                "It has changed since the version that was sent.",
                json!({}),
            ),
            Error::Conflict(conflict) => {
                let code = match conflict {
                    Conflict::ReadOnly => "READ_ONLY",
                    Conflict::Disabled => "ENDPOINT_DISABLED",
                    Conflict::SwitchedOff => "WEBHOOKS_DISABLED",
                    Conflict::TooMany => "TOO_MANY_ENDPOINTS",
                };
                envelope(StatusCode::CONFLICT, code, conflict.message(), json!({}))
            }
            Error::Limited { retry_after } => {
                let rest = u64::from(retry_after.subsec_nanos() > 0);
                let seconds = retry_after.as_secs().saturating_add(rest).max(1);
                envelope(
                    StatusCode::TOO_MANY_REQUESTS,
                    "TOO_MANY_REQUESTS",
                    "Too many requests.",
                    json!({ "retry_after": seconds }),
                )
                .with(header::RETRY_AFTER, &seconds)
            }
            Error::Unavailable(_) => envelope(
                StatusCode::SERVICE_UNAVAILABLE,
                "UNAVAILABLE",
                "The database is not available at the moment.",
                json!({}),
            )
            .with(header::RETRY_AFTER, &RETRY_UNAVAILABLE),
            Error::Internal(_) => envelope(
                StatusCode::INTERNAL_SERVER_ERROR,
                "SERVER_ERROR",
                "Something went wrong on our side.",
                json!({}),
            ),
        }
    }

    /// Something is here, but not for this method; whoever answers says which there are.
    pub fn of_method() -> Self {
        envelope(
            StatusCode::METHOD_NOT_ALLOWED,
            "METHOD_NOT_ALLOWED",
            "This method is not allowed here.",
            json!({}),
        )
    }

    /// The same, with the methods that there are.
    pub fn of_method_among(allowed: &str) -> Self {
        Self::of_method().with(header::ALLOW, &allowed)
    }

    fn with(self, name: HeaderName, value: &impl ToString) -> Self {
        Self {
            header: Some((name, value.to_string())),
            ..self
        }
    }
}

fn unauthenticated(login: Login) -> Refusal {
    let (text, code) = match login {
        Login::Missing => ("Authentication credentials were not provided.", None),
        Login::BadToken => (
            "Given token not valid for any token type",
            Some("token_not_valid"),
        ),
        Login::WrongCredentials => ("No active account found with the given credentials", None),
        Login::TokenRefused => ("Token is invalid or expired", Some("token_not_valid")),
    };
    let mut refusal = detail(StatusCode::UNAUTHORIZED, text);
    if let (Value::Object(body), Some(code)) = (&mut refusal.body, code) {
        body.insert("code".to_owned(), code.into());
    }
    refusal.with(header::WWW_AUTHENTICATE, &"Bearer")
}

fn unreadable(malformed: Malformed) -> Refusal {
    let (status, code, message) = match malformed {
        Malformed::NotJson => (StatusCode::BAD_REQUEST, "PARSE_ERROR", "The body is not JSON."),
        Malformed::NotObject => (
            StatusCode::BAD_REQUEST,
            "PARSE_ERROR",
            "The body is not a JSON object.",
        ),
        Malformed::Incomplete => (
            StatusCode::BAD_REQUEST,
            "INCOMPLETE_BODY",
            "The body did not arrive whole.",
        ),
        Malformed::QueryString => (
            StatusCode::BAD_REQUEST,
            "INVALID_QUERY",
            "The query string can't be read.",
        ),
        Malformed::Host => (
            StatusCode::BAD_REQUEST,
            "INVALID_HOST",
            "This host is not served here.",
        ),
        Malformed::TooSlow => (
            StatusCode::REQUEST_TIMEOUT,
            "REQUEST_TIMEOUT",
            "The body took too long to arrive.",
        ),
        Malformed::TooLarge => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "PAYLOAD_TOO_LARGE",
            "The body is larger than 1 MiB.",
        ),
        Malformed::MediaType => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            "Send the body as application/json.",
        ),
    };
    envelope(status, code, message, json!({}))
}

/// Each bad field with its messages; relations by their documented names.
fn invalid(faults: &[Fault]) -> Refusal {
    let mut fields = Map::new();
    for fault in faults {
        let field = match fault.field {
            "" => "non_field_errors",
            field => field.strip_suffix("_id").unwrap_or(field),
        };
        let messages = fields.entry(field).or_insert_with(|| json!([]));
        if let Value::Array(messages) = messages {
            messages.push(fault.message.clone().into());
        }
    }
    Refusal {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        body: fields.into(),
        header: None,
    }
}

fn detail(status: StatusCode, text: &str) -> Refusal {
    Refusal {
        status,
        body: json!({ "detail": text }),
        header: None,
    }
}

fn envelope(status: StatusCode, code: &str, message: &str, details: impl Into<Value>) -> Refusal {
    Refusal {
        status,
        body: json!({ "error": { "code": code, "message": message, "details": details.into() } }),
        header: None,
    }
}

/// Nothing is here.
pub fn not_found() -> Response {
    Refusal::of(&Error::NotFound).into_response()
}

/// A mistake of ours, which has been logged where it was made.
pub fn internal() -> Response {
    Refusal::of(&Error::internal("a panic")).into_response()
}
