//! Error responses: the documented status, body and headers of every error.
//!
//! The examples of the OpenAPI description are taken from here, so that they are what the server sends.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::error::{Conflict, Error, Fault, Login, Malformed, RETRY_UNAVAILABLE};
use crate::http::json::json_response;

/// The error of a handler or extractor. As a response it is logged if the server is at fault.
#[derive(Debug)]
pub(crate) struct RestError(Error);

impl<E: Into<Error>> From<E> for RestError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for RestError {
    fn into_response(self) -> Response {
        crate::telemetry::log_failure(&self.0);
        ErrorResponse::from(&self.0).into_response()
    }
}

/// An error as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct ErrorResponse {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
    pub(crate) header: Option<(HeaderName, String)>,
}

impl IntoResponse for ErrorResponse {
    fn into_response(self) -> Response {
        let mut response = json_response(self.status, &self.body);
        if let Some((name, value)) = self.header
            && let Ok(value) = HeaderValue::from_str(&value)
        {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl From<&Error> for ErrorResponse {
    fn from(error: &Error) -> Self {
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
            Error::Malformed(malformed) => self::malformed(*malformed),
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
                // Rounded up.
                let fraction = u64::from(retry_after.subsec_nanos() > 0);
                let seconds = retry_after.as_secs().saturating_add(fraction).max(1);
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
}

impl ErrorResponse {
    pub(crate) fn not_found() -> Self {
        Self::from(&Error::NotFound)
    }

    /// The response to a request whose handler panicked. The panic itself is logged by the panic hook.
    pub(crate) fn after_panic() -> Self {
        Self::from(&Error::internal("a panic"))
    }

    /// The response to a method that a path does not have. axum adds the `Allow` header.
    pub(crate) fn method_not_allowed() -> Self {
        envelope(
            StatusCode::METHOD_NOT_ALLOWED,
            "METHOD_NOT_ALLOWED",
            "This method is not allowed here.",
            json!({}),
        )
    }

    /// The same with the `Allow` header.
    pub(crate) fn method_not_allowed_except(allowed: &str) -> Self {
        Self::method_not_allowed().with(header::ALLOW, &allowed)
    }

    fn with(self, name: HeaderName, value: &impl ToString) -> Self {
        Self {
            header: Some((name, value.to_string())),
            ..self
        }
    }
}

fn unauthenticated(login: Login) -> ErrorResponse {
    let (text, code) = match login {
        Login::Missing => ("Authentication credentials were not provided.", None),
        Login::BadToken => (
            "Given token not valid for any token type",
            Some("token_not_valid"),
        ),
        Login::WrongCredentials => ("No active account found with the given credentials", None),
        Login::TokenRefused => ("Token is invalid or expired", Some("token_not_valid")),
    };
    let mut response = detail(StatusCode::UNAUTHORIZED, text);
    if let (Value::Object(body), Some(code)) = (&mut response.body, code) {
        body.insert("code".to_owned(), code.into());
    }
    response.with(header::WWW_AUTHENTICATE, &"Bearer")
}

fn malformed(malformed: Malformed) -> ErrorResponse {
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

/// Lists the messages of each field. Relations have their names in request bodies: `category` for `category_id`.
fn invalid(faults: &[Fault]) -> ErrorResponse {
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
    ErrorResponse {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        body: fields.into(),
        header: None,
    }
}

fn detail(status: StatusCode, text: &str) -> ErrorResponse {
    ErrorResponse {
        status,
        body: json!({ "detail": text }),
        header: None,
    }
}

fn envelope(status: StatusCode, code: &str, message: &str, details: impl Into<Value>) -> ErrorResponse {
    ErrorResponse {
        status,
        body: json!({ "error": { "code": code, "message": message, "details": details.into() } }),
        header: None,
    }
}
