//! Errors as clients see them: their codes, the error of a request that is not executed, and the bounds on all errors.

use async_graphql::{ErrorExtensionValues, Pos, ServerError, Value};
use axum::http::StatusCode;

/// Maximum number of errors in a response.
pub const MAX_ERRORS: usize = 20;
/// Maximum length of an error message in characters. Messages of async-graphql can quote the input.
pub const MAX_MESSAGE: usize = 300;
/// The message of [`ErrorCode::ServerError`]; the cause is only logged.
pub(crate) const INTERNAL_MESSAGE: &str = "Something went wrong on our side.";

macro_rules! error_codes {
    ($($(#[$attribute:meta])* $code:ident = $name:literal,)*) => {
        /// The value of `extensions.code`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[$attribute])* $code,)*
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$code,)*];

            /// The code as it appears in responses.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)*
                }
            }
        }
    };
}

error_codes! {
    /// The parameters, the document, a variable or an argument is not valid.
    BadUserInput = "BAD_USER_INPUT",
    /// The document exceeds a limit.
    LimitExceeded = "LIMIT_EXCEEDED",
    /// No document has this hash or id.
    PersistedQueryNotFound = "PERSISTED_QUERY_NOT_FOUND",
    /// The operation needs a login, or the credentials are not valid.
    Unauthenticated = "UNAUTHENTICATED",
    /// The caller may not do this.
    Forbidden = "FORBIDDEN",
    /// A rate limit has been reached.
    TooManyRequests = "TOO_MANY_REQUESTS",
    /// A dependency of the operation is temporarily unavailable.
    Unavailable = "UNAVAILABLE",
    /// Execution took too long.
    Timeout = "TIMEOUT",
    /// A defect of the server.
    ServerError = "SERVER_ERROR",
    /// The idempotency key was used for another request.
    IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED",
    /// A request with the same idempotency key is being executed.
    IdempotencyInProgress = "IDEMPOTENCY_IN_PROGRESS",
    /// The operation can't be sent with this HTTP method.
    MethodNotAllowed = "METHOD_NOT_ALLOWED",
    /// None of the media types in `Accept` can be served.
    NotAcceptable = "NOT_ACCEPTABLE",
    /// The body is too large.
    PayloadTooLarge = "PAYLOAD_TOO_LARGE",
    /// The body is not declared as JSON.
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE",
    /// The body ended early.
    IncompleteBody = "INCOMPLETE_BODY",
    /// The body took too long to arrive.
    RequestTimeout = "REQUEST_TIMEOUT",
}

impl ErrorCode {
    /// The status of an HTTP response to a request that was not executed for this reason.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::BadUserInput
            | Self::LimitExceeded
            | Self::PersistedQueryNotFound
            | Self::IncompleteBody => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::IdempotencyKeyReused | Self::IdempotencyInProgress => StatusCode::CONFLICT,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable | Self::Timeout => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The code with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }
}

/// The reason why a request is not executed: a *request error* in the GraphQL specification.
#[derive(Debug)]
pub struct RequestError {
    pub(crate) code: ErrorCode,
    pub(crate) errors: Vec<ServerError>,
}

impl RequestError {
    /// A single error.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::at(code, message, None)
    }

    /// A single error with its position in the document.
    pub fn at(code: ErrorCode, message: impl Into<String>, position: Option<Pos>) -> Self {
        Self {
            code,
            errors: vec![server_error(code, message, position)],
        }
    }

    /// Several errors; those without a code get this one.
    pub fn from_errors(code: ErrorCode, errors: Vec<ServerError>) -> Self {
        Self {
            code,
            errors: sanitize(errors, code),
        }
    }

    /// Adds `extensions.retryAfter` to the first error, in seconds. HTTP responses also have the header `Retry-After`.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u64) -> Self {
        if let Some(error) = self.errors.first_mut() {
            let extensions = error.extensions.get_or_insert_default();
            extensions.set("retryAfter", seconds);
        }
        self
    }

    pub(crate) fn internal() -> Self {
        Self::new(ErrorCode::ServerError, INTERNAL_MESSAGE)
    }

    /// The code of the first error, which decides the status of an HTTP response.
    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    /// The errors; there is at least one.
    pub fn errors(&self) -> &[ServerError] {
        &self.errors
    }
}

pub(crate) fn server_error(
    code: ErrorCode,
    message: impl Into<String>,
    position: Option<Pos>,
) -> ServerError {
    let mut error = ServerError::new(message, position);
    set_code(&mut error, code);
    error
}

/// The first 60 characters of a name from a document, for a message.
pub(crate) fn truncate_name(name: &str) -> String {
    name.chars().take(60).collect()
}

/// The text that async-graphql appends to an error about an input value, once for each enclosing type.
const PARSING_SUFFIX: &str = " (occurred while parsing ";

/// The beginning of async-graphql's error about an argument. Since values are checked beforehand, the only remaining cause
/// is a nullable variable with the value null, used for a non-null argument that has a default.
const EXPECTED_PREFIX: &str = "Expected input type ";

/// Limits the number and the length of errors, sets a code in each, and replaces messages that were not written for
/// clients.
pub(crate) fn sanitize(errors: Vec<ServerError>, code: ErrorCode) -> Vec<ServerError> {
    errors
        .into_iter()
        .take(MAX_ERRORS)
        .map(|mut error| {
            let has_code = error
                .extensions
                .as_ref()
                .is_some_and(|extensions| extensions.get("code").is_some());
            if !has_code {
                if error.source.take().is_some() {
                    // A resolver used `?` on an error that was not written for clients.
                    tracing::error!(error.message = %error.message, "a field failed with an error that has no code");
                    INTERNAL_MESSAGE.clone_into(&mut error.message);
                    set_code(&mut error, ErrorCode::ServerError);
                } else {
                    if error.message.starts_with(EXPECTED_PREFIX) {
                        let message = "The value of an argument does not fit: it must not be null.";
                        message.clone_into(&mut error.message);
                    }
                    set_code(&mut error, code);
                }
            }
            if let Some(end) = error.message.find(PARSING_SUFFIX) {
                error.message.truncate(end);
            }
            error.message = truncate_message(error.message);
            error
        })
        .collect()
}

fn set_code(error: &mut ServerError, code: ErrorCode) {
    error
        .extensions
        .get_or_insert_with(ErrorExtensionValues::default)
        .set("code", Value::from(code.as_str()));
}

fn truncate_message(message: String) -> String {
    match message.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(error: &ServerError) -> Value {
        error
            .extensions
            .as_ref()
            .and_then(|extensions| extensions.get("code"))
            .cloned()
            .unwrap()
    }

    #[test]
    fn errors_are_bounded_and_have_a_code() {
        let long = "ä".repeat(1000);
        let errors = sanitize(vec![ServerError::new(long, None); 50], ErrorCode::BadUserInput);
        assert_eq!(errors.len(), MAX_ERRORS);
        assert_eq!(errors[0].message.chars().count(), MAX_MESSAGE + 1);
        assert_eq!(code(&errors[0]), Value::from("BAD_USER_INPUT"));
    }

    #[test]
    fn a_code_is_kept_and_a_source_is_hidden() {
        let coded = server_error(ErrorCode::Forbidden, "No.", None);
        let mut uncoded = ServerError::new("syntax error at or near SELECT", None);
        uncoded.source = Some(std::sync::Arc::new("a database"));
        let errors = sanitize(vec![coded, uncoded], ErrorCode::BadUserInput);
        assert_eq!(code(&errors[0]), Value::from("FORBIDDEN"));
        assert_eq!(code(&errors[1]), Value::from("SERVER_ERROR"));
        assert!(!errors[1].message.contains("SELECT"));
    }

    #[test]
    fn codes_have_distinct_names() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_name(code.as_str()), Some(*code));
        }
        assert_eq!(ErrorCode::from_name("OTHER"), None);
    }
}
