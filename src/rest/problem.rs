//! Refusals as the document and the contract have them: each error with its status and its exact body.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use super::face::InOrder;
use super::page::object;
use crate::error::{Error, Fault, Login, Malformed};

/// An error on its way to a REST client.
#[derive(Debug)]
pub struct Problem(Error);

impl<E: Into<Error>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// The documented envelope.
#[derive(Serialize)]
struct Envelope<'a> {
    error: Body<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    code: &'a str,
    message: &'a str,
    details: serde_json::Value,
}

/// How long a client waits before it tries again what failed for now, in seconds.
const RETRY_UNAVAILABLE: u64 = 5;

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.0.log();
        match self.0 {
            Error::Unauthenticated(login) => unauthenticated(login),
            Error::Forbidden => detail(
                StatusCode::FORBIDDEN,
                "You do not have permission to perform this action.",
            ),
            Error::NotFound => not_found(),
            Error::NoSuchPage => detail(StatusCode::NOT_FOUND, "Invalid page."),
            Error::Invalid(faults) => invalid(&faults),
            Error::Parameter { name, reason } => {
                let details = json!({ name: reason });
                envelope(
                    StatusCode::BAD_REQUEST,
                    "INVALID_PARAMETER",
                    "A parameter can't be read.",
                    details,
                )
            }
            Error::Malformed(malformed) => unreadable(malformed),
            Error::Protected { by } => {
                let counts = by
                    .into_iter()
                    .map(|(kind, count)| (kind.plural().to_owned(), count.into()))
                    .collect();
                let message = "It can't be deleted because other records refer to it.";
                envelope(
                    StatusCode::CONFLICT,
                    "PROTECTED",
                    message,
                    serde_json::Value::Object(counts),
                )
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
            Error::Limited { retry_after } => {
                let seconds = retry_after.as_secs_f64().ceil().max(1.0);
                let details = json!({ "retry_after": seconds });
                let response = envelope(
                    StatusCode::TOO_MANY_REQUESTS,
                    "TOO_MANY_REQUESTS",
                    "Too many requests.",
                    details,
                );
                with_header(response, header::RETRY_AFTER, &seconds.to_string())
            }
            Error::Unavailable(_) => {
                let message = "The database is not available at the moment.";
                let response = envelope(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message, json!({}));
                with_header(response, header::RETRY_AFTER, &RETRY_UNAVAILABLE.to_string())
            }
            Error::Internal(_) => internal(),
        }
    }
}

fn unauthenticated(login: Login) -> Response {
    let (text, code) = match login {
        Login::Missing => ("Authentication credentials were not provided.", None),
        Login::BadToken => (
            "Given token not valid for any token type",
            Some("token_not_valid"),
        ),
        Login::WrongCredentials => ("No active account found with the given credentials", None),
        Login::TokenRefused => ("Token is invalid or expired", Some("token_not_valid")),
    };
    let body: Vec<(&str, &str)> = [("detail", text)]
        .into_iter()
        .chain(code.map(|code| ("code", code)))
        .collect();
    with_header(
        object(StatusCode::UNAUTHORIZED, &InOrder(body)),
        header::WWW_AUTHENTICATE,
        "Bearer",
    )
}

fn unreadable(malformed: Malformed) -> Response {
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
fn invalid(faults: &[Fault]) -> Response {
    let mut fields: Vec<(&str, Vec<&str>)> = Vec::new();
    for fault in faults {
        let field = match fault.field {
            "" => "non_field_errors",
            field => field.strip_suffix("_id").unwrap_or(field),
        };
        match fields.iter_mut().find(|(known, _)| *known == field) {
            Some((_, messages)) => messages.push(&fault.message),
            None => fields.push((field, vec![&fault.message])),
        }
    }
    object(StatusCode::UNPROCESSABLE_ENTITY, &InOrder(fields))
}

/// Nothing is here.
pub fn not_found() -> Response {
    detail(StatusCode::NOT_FOUND, "Not found.")
}

/// Something is here, but not for this method; `Allow` is the caller's to add.
pub fn not_allowed() -> Response {
    envelope(
        StatusCode::METHOD_NOT_ALLOWED,
        "METHOD_NOT_ALLOWED",
        "This method is not allowed here.",
        json!({}),
    )
}

/// A mistake of ours; what it was is in the log alone.
pub fn internal() -> Response {
    envelope(
        StatusCode::INTERNAL_SERVER_ERROR,
        "SERVER_ERROR",
        "Something went wrong on our side.",
        json!({}),
    )
}

fn detail(status: StatusCode, text: &str) -> Response {
    object(status, &InOrder(vec![("detail", text)]))
}

fn envelope(status: StatusCode, code: &str, message: &str, details: serde_json::Value) -> Response {
    object(
        status,
        &Envelope {
            error: Body {
                code,
                message,
                details,
            },
        },
    )
}

fn with_header(mut response: Response, name: HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}
