//! `Error`: why a rule failed, independent of HTTP and GraphQL.
//!
//! The APIs render errors in `rest/error.rs` and `graphql/kit/error.rs`, each with one exhaustive match.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use form_fields::{Fault, FaultCode, Faults};
use form_fields::{FormError, ParameterError};

use crate::kind::Kind;

/// Seconds that a client should wait after [`Error::Unavailable`].
pub const RETRY_UNAVAILABLE: u64 = 5;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Clone, Debug)]
pub enum Error {
    /// The caller has no valid login.
    Unauthenticated(LoginError),
    /// The caller lacks the permission.
    Forbidden,
    /// There is no row with this id.
    NotFound,
    /// The list has no such page.
    NoSuchPage,
    /// Values are invalid; every invalid field is listed.
    Invalid(Faults),
    /// A query parameter or an argument can't be parsed.
    Parameter {
        /// The parameter in the caller's spelling.
        name: String,
        /// A message for people.
        reason: String,
    },
    /// The requested page size is larger than the API allows.
    PageSize {
        /// The argument in the caller's spelling.
        name: &'static str,
    },
    /// The request as a whole can't be read.
    Malformed(Malformed),
    /// The row can't be deleted because other rows refer to it.
    Protected {
        /// The number of those rows by kind.
        by: Vec<(Kind, u64)>,
    },
    /// Deleting a movement would make the stock negative or too large.
    InsufficientStock(Shortage),
    /// The row has changed since the version that the caller sent.
    VersionConflict,
    /// The request is valid, but not in the current state.
    Conflict(Conflict),
    /// A rate limit has been reached.
    Limited { retry_after: Duration },
    /// The database can't respond at the moment.
    Unavailable(Cause),
    /// A defect of the program.
    Internal(Cause),
}

/// Why a caller has no valid login. Each reason has its own documented response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginError {
    /// No token was sent.
    Missing,
    /// The access token is invalid, expired, of the wrong type, or its user is not active.
    BadToken,
    /// The user name or the password is wrong.
    WrongCredentials,
    /// A token sent to be refreshed, verified or logged out is not valid.
    TokenRefused,
}

/// Why a request as a whole can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// The body is not JSON.
    NotJson,
    /// The body is JSON, but not an object.
    NotObject,
    /// The body is larger than the limit.
    TooLarge,
    /// The body is declared as something other than JSON.
    MediaType,
    /// The body has a content coding, such as gzip.
    ContentCoding,
    /// The body ended early.
    Incomplete,
    /// The body took too long to arrive.
    TooSlow,
    /// The query string is not UTF-8.
    QueryString,
    /// The `Host` header is not allowed.
    Host,
}

/// The state that prevents a valid request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// The webhook endpoint is the configured one, which no API changes.
    ReadOnly,
    /// The webhook endpoint is disabled.
    Disabled,
    /// Webhooks are switched off by a setting.
    SwitchedOff,
    /// The maximum number of webhook endpoints has been reached.
    TooMany,
    /// The idempotency key belongs to another request.
    KeyReused,
    /// A request with the same idempotency key is being executed.
    KeyInProgress,
}

impl Conflict {
    /// The message for people.
    pub const fn message(self) -> &'static str {
        match self {
            Self::ReadOnly => {
                "This is the endpoint of the settings: change WEBHOOK_URL and the related settings there."
            }
            Self::Disabled => "The endpoint is disabled: enable it first.",
            Self::SwitchedOff => "Webhooks are switched off: set WEBHOOK_ENABLED first.",
            Self::TooMany => "The maximum number of webhook endpoints exists: delete one first.",
            Self::KeyReused => "This idempotency key was used for another request.",
            Self::KeyInProgress => "A request with this idempotency key is being executed.",
        }
    }
}

/// A change that the stock of a product does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// The product's id.
    pub product: i64,
    pub available: i64,
    pub requested: i64,
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Invalid(vec![fault])
    }
}

impl From<Faults> for Error {
    fn from(faults: Faults) -> Self {
        Self::Invalid(faults)
    }
}

impl From<FormError> for Error {
    fn from(error: FormError) -> Self {
        Self::Malformed(match error {
            FormError::NotJson => Malformed::NotJson,
            FormError::NotObject => Malformed::NotObject,
        })
    }
}

impl From<ParameterError> for Error {
    fn from(error: ParameterError) -> Self {
        Self::parameter(error.name, error.reason)
    }
}

impl From<tokens::Error> for Error {
    fn from(error: tokens::Error) -> Self {
        Self::internal(error)
    }
}

impl From<passwords::Error> for Error {
    fn from(error: passwords::Error) -> Self {
        Self::internal(error)
    }
}

/// The source of a failure, for the log only. It implements neither `Display` nor `Serialize`, so that it can't end up
/// in a response by mistake.
#[derive(Clone)]
pub struct Cause(Arc<dyn std::error::Error + Send + Sync>);

impl Cause {
    pub fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(Arc::from(source.into()))
    }

    /// The source, if it is of this type.
    pub fn downcast_ref<E: std::error::Error + 'static>(&self) -> Option<&E> {
        self.0.downcast_ref()
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.0.to_string();
        let mut source = self.0.source();
        while let Some(error) = source {
            let cause = error.to_string();
            // Some errors include their source in their own text.
            if !text.ends_with(&cause) {
                text.push_str(": ");
                text.push_str(&cause);
            }
            source = error.source();
        }
        f.write_str(&text)
    }
}

impl Error {
    /// A defect of the program, with its source.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(Cause::new(source))
    }

    /// A database that can't respond, with the source of the failure.
    pub fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(Cause::new(source))
    }

    /// A parameter that can't be parsed.
    pub fn parameter(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Parameter {
            name: name.into(),
            reason: reason.into(),
        }
    }

    /// The same error, with the index of an item of a batch added to its faults.
    #[must_use]
    pub fn with_item_index(self, item: usize) -> Self {
        match self {
            Self::Invalid(faults) => Self::Invalid(
                faults
                    .into_iter()
                    .map(|fault| Fault {
                        item: fault.item.or(Some(item)),
                        ..fault
                    })
                    .collect(),
            ),
            other => other,
        }
    }

    /// The error's code.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Unauthenticated(LoginError::Missing) => ErrorCode::NotAuthenticated,
            Self::Unauthenticated(LoginError::BadToken) => ErrorCode::InvalidAccessToken,
            Self::Unauthenticated(LoginError::WrongCredentials) => ErrorCode::InvalidCredentials,
            Self::Unauthenticated(LoginError::TokenRefused) => ErrorCode::InvalidToken,
            Self::Forbidden => ErrorCode::Forbidden,
            Self::NotFound => ErrorCode::NotFound,
            Self::NoSuchPage => ErrorCode::NoSuchPage,
            Self::Invalid(_) => ErrorCode::Invalid,
            Self::Parameter { .. } => ErrorCode::InvalidParameter,
            Self::PageSize { .. } => ErrorCode::PageSize,
            Self::Malformed(Malformed::NotJson | Malformed::NotObject) => ErrorCode::ParseError,
            Self::Malformed(Malformed::TooLarge) => ErrorCode::PayloadTooLarge,
            Self::Malformed(Malformed::MediaType | Malformed::ContentCoding) => {
                ErrorCode::UnsupportedMediaType
            }
            Self::Malformed(Malformed::Incomplete) => ErrorCode::IncompleteBody,
            Self::Malformed(Malformed::TooSlow) => ErrorCode::RequestTimeout,
            Self::Malformed(Malformed::QueryString) => ErrorCode::InvalidQuery,
            Self::Malformed(Malformed::Host) => ErrorCode::InvalidHost,
            Self::Protected { .. } => ErrorCode::Protected,
            Self::InsufficientStock(_) => ErrorCode::InsufficientStock,
            Self::VersionConflict => ErrorCode::VersionConflict,
            Self::Conflict(Conflict::ReadOnly) => ErrorCode::ReadOnly,
            Self::Conflict(Conflict::Disabled) => ErrorCode::EndpointDisabled,
            Self::Conflict(Conflict::SwitchedOff) => ErrorCode::WebhooksDisabled,
            Self::Conflict(Conflict::TooMany) => ErrorCode::TooManyEndpoints,
            Self::Conflict(Conflict::KeyReused) => ErrorCode::IdempotencyKeyReused,
            Self::Conflict(Conflict::KeyInProgress) => ErrorCode::IdempotencyInProgress,
            Self::Limited { .. } => ErrorCode::TooManyRequests,
            Self::Unavailable(_) => ErrorCode::Unavailable,
            Self::Internal(_) => ErrorCode::ServerError,
        }
    }
}

/// The machine-readable code of an error. Each API maps the codes to its own names with an exhaustive match, so that a new
/// code does not compile until both have a name for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    NotAuthenticated,
    InvalidAccessToken,
    InvalidCredentials,
    InvalidToken,
    Forbidden,
    NotFound,
    NoSuchPage,
    Invalid,
    InvalidParameter,
    PageSize,
    ParseError,
    PayloadTooLarge,
    UnsupportedMediaType,
    IncompleteBody,
    RequestTimeout,
    InvalidQuery,
    InvalidHost,
    MethodNotAllowed,
    Protected,
    InsufficientStock,
    VersionConflict,
    ReadOnly,
    EndpointDisabled,
    WebhooksDisabled,
    TooManyEndpoints,
    IdempotencyKeyReused,
    IdempotencyInProgress,
    TooManyRequests,
    Unavailable,
    ServerError,
}
