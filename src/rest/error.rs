//! Error responses: the documented status, body and headers of every error.
//!
//! The examples of the OpenAPI description are taken from here, so that they match what the server sends.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_server::json::json_response;
use serde_json::{Map, Value, json};

use crate::error::{Conflict, Error, ErrorCode, Fault, LoginError, Malformed, RETRY_UNAVAILABLE};
use crate::idempotency::RETRY_IN_PROGRESS;

/// The error of a handler or extractor. If the server is at fault, the error is logged when it becomes a response.
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

/// The response to an error.
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
        let code = error.code();
        match error {
            Error::Unauthenticated(reason) => unauthenticated(*reason, code),
            Error::Forbidden => detail(code, "You do not have permission to perform this action."),
            Error::NotFound => detail(code, "Not found."),
            Error::NoSuchPage => detail(code, "Invalid page."),
            Error::Invalid(faults) => invalid(faults, code),
            Error::Parameter { name, reason } => {
                envelope(code, "A parameter can't be read.", json!({ name: reason }))
            }
            Error::PageSize { name } => {
                envelope(code, "A page is too large.", json!({ *name: "It is too large." }))
            }
            Error::Malformed(malformed) => {
                let response = envelope(code, malformed_message(*malformed), json!({}));
                match malformed {
                    Malformed::ContentCoding => response.with(header::ACCEPT_ENCODING, &"identity"),
                    _ => response,
                }
            }
            Error::Protected { by } => {
                let counts: Map<String, Value> = by
                    .iter()
                    .map(|(kind, count)| (kind.plural().to_owned(), (*count).into()))
                    .collect();
                let message = "It can't be deleted because other records refer to it.";
                envelope(code, message, counts)
            }
            Error::InsufficientStock(shortage) => envelope(
                code,
                "The stock of the product doesn't allow this.",
                json!({
                    "product": shortage.product,
                    "available": shortage.available,
                    "requested": shortage.requested,
                }),
            ),
            Error::VersionConflict => {
                let message = "A precondition of the request (If-Match or If-None-Match) does not hold.";
                envelope(code, message, json!({}))
            }
            Error::Conflict(conflict) => {
                let response = envelope(code, conflict.message(), json!({}));
                match conflict {
                    Conflict::KeyInProgress => response.with(header::RETRY_AFTER, &RETRY_IN_PROGRESS),
                    _ => response,
                }
            }
            Error::Limited { retry_after } => {
                // Whole seconds, rounded up.
                let fraction = u64::from(retry_after.subsec_nanos() > 0);
                let seconds = retry_after.as_secs().saturating_add(fraction).max(1);
                envelope(code, "Too many requests.", json!({ "retry_after": seconds }))
                    .with(header::RETRY_AFTER, &seconds)
            }
            Error::Unavailable(_) => {
                envelope(code, "The database is not available at the moment.", json!({}))
                    .with(header::RETRY_AFTER, &RETRY_UNAVAILABLE)
            }
            Error::Internal(_) => envelope(code, "Something went wrong on our side.", json!({})),
        }
    }
}

/// The status of a code, and its name in the body, or `None` if the documented body has no code.
const fn status_and_name(code: ErrorCode) -> (StatusCode, Option<&'static str>) {
    use ErrorCode as Code;
    match code {
        Code::NotAuthenticated | Code::InvalidCredentials => (StatusCode::UNAUTHORIZED, None),
        Code::InvalidAccessToken | Code::InvalidToken => (StatusCode::UNAUTHORIZED, Some("token_not_valid")),
        Code::Forbidden => (StatusCode::FORBIDDEN, None),
        Code::NotFound | Code::NoSuchPage => (StatusCode::NOT_FOUND, None),
        Code::Invalid => (StatusCode::UNPROCESSABLE_ENTITY, None),
        Code::InvalidParameter => (StatusCode::BAD_REQUEST, Some("INVALID_PARAMETER")),
        Code::PageSize => (StatusCode::BAD_REQUEST, Some("LIMIT_EXCEEDED")),
        Code::ParseError => (StatusCode::BAD_REQUEST, Some("PARSE_ERROR")),
        Code::IncompleteBody => (StatusCode::BAD_REQUEST, Some("INCOMPLETE_BODY")),
        Code::InvalidQuery => (StatusCode::BAD_REQUEST, Some("INVALID_QUERY")),
        Code::InvalidHost => (StatusCode::BAD_REQUEST, Some("INVALID_HOST")),
        Code::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, Some("METHOD_NOT_ALLOWED")),
        Code::RequestTimeout => (StatusCode::REQUEST_TIMEOUT, Some("REQUEST_TIMEOUT")),
        Code::PayloadTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, Some("PAYLOAD_TOO_LARGE")),
        Code::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, Some("UNSUPPORTED_MEDIA_TYPE")),
        Code::Protected => (StatusCode::CONFLICT, Some("PROTECTED")),
        Code::InsufficientStock => (StatusCode::CONFLICT, Some("INSUFFICIENT_STOCK")),
        Code::ReadOnly => (StatusCode::CONFLICT, Some("READ_ONLY")),
        Code::EndpointDisabled => (StatusCode::CONFLICT, Some("ENDPOINT_DISABLED")),
        Code::WebhooksDisabled => (StatusCode::CONFLICT, Some("WEBHOOKS_DISABLED")),
        Code::TooManyEndpoints => (StatusCode::CONFLICT, Some("TOO_MANY_ENDPOINTS")),
        Code::IdempotencyKeyReused => (StatusCode::CONFLICT, Some("IDEMPOTENCY_KEY_REUSED")),
        Code::IdempotencyInProgress => (StatusCode::CONFLICT, Some("IDEMPOTENCY_IN_PROGRESS")),
        Code::VersionConflict => (StatusCode::PRECONDITION_FAILED, Some("PRECONDITION_FAILED")),
        Code::TooManyRequests => (StatusCode::TOO_MANY_REQUESTS, Some("TOO_MANY_REQUESTS")),
        Code::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, Some("UNAVAILABLE")),
        Code::ServerError => (StatusCode::INTERNAL_SERVER_ERROR, Some("SERVER_ERROR")),
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

    /// The response to a body whose transfer coding is not implemented (RFC 9112, section 6.1).
    pub(crate) fn unknown_transfer_coding() -> Self {
        Self {
            status: StatusCode::NOT_IMPLEMENTED,
            body: json!({ "error": {
                "code": "NOT_IMPLEMENTED",
                "message": "The only transfer coding that is implemented is chunked.",
                "details": {},
            } }),
            header: None,
        }
    }

    /// The response to a method that a path does not have. axum adds the `Allow` header.
    pub(crate) fn method_not_allowed() -> Self {
        envelope(
            ErrorCode::MethodNotAllowed,
            "This method is not allowed here.",
            json!({}),
        )
    }

    /// Like [`Self::method_not_allowed`], with the `Allow` header.
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

fn unauthenticated(reason: LoginError, code: ErrorCode) -> ErrorResponse {
    let message = match reason {
        LoginError::Missing => "Authentication credentials were not provided.",
        LoginError::BadToken => "Given token not valid for any token type",
        LoginError::WrongCredentials => "No active account found with the given credentials",
        LoginError::TokenRefused => "Token is invalid or expired",
    };
    let mut response = detail(code, message);
    if let (Value::Object(body), (_, Some(name))) = (&mut response.body, status_and_name(code)) {
        body.insert("code".to_owned(), name.into());
    }
    response.with(header::WWW_AUTHENTICATE, &"Bearer")
}

const fn malformed_message(malformed: Malformed) -> &'static str {
    match malformed {
        Malformed::NotJson => "The body is not JSON.",
        Malformed::NotObject => "The body is not a JSON object.",
        Malformed::Incomplete => "The body did not arrive completely.",
        Malformed::QueryString => "The query string can't be read.",
        Malformed::Host => "This host is not served here.",
        Malformed::TooSlow => "The body took too long to arrive.",
        Malformed::TooLarge => "The body is larger than 1 MiB.",
        Malformed::MediaType => "Send the body as application/json.",
        Malformed::ContentCoding => "Send the body without a content coding.",
    }
}

/// Lists the messages of each field. Relations have their names in request bodies: `category` for `category_id`.
fn invalid(faults: &[Fault], code: ErrorCode) -> ErrorResponse {
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
        status: status_and_name(code).0,
        body: fields.into(),
        header: None,
    }
}

fn detail(code: ErrorCode, message: &str) -> ErrorResponse {
    ErrorResponse {
        status: status_and_name(code).0,
        body: json!({ "detail": message }),
        header: None,
    }
}

fn envelope(code: ErrorCode, message: &str, details: impl Into<Value>) -> ErrorResponse {
    let (status, name) = status_and_name(code);
    ErrorResponse {
        status,
        body: json!({ "error": { "code": name, "message": message, "details": details.into() } }),
        header: None,
    }
}
