//! Renders errors of the rules in GraphQL: as user errors in the payload of a mutation, or in `errors` with
//! `extensions.code`. Messages from libraries and from the database are never sent to a client.

use async_graphql::ErrorExtensionValues;
use graphql_server::{ErrorCode, RequestError};

use super::user_error::{UserError, UserErrorCode};
use crate::error::{self, Conflict, Error, LoginError, Malformed, RETRY_UNAVAILABLE};
use crate::idempotency::RETRY_IN_PROGRESS;
use crate::kind::Kind;
use crate::query::paging::MAX_PAGE_SIZE;
use crate::telemetry::log_failure;

/// An error as a client sees it.
pub(crate) enum ClientError {
    /// The input of a mutation is wrong.
    UserErrors(Vec<UserError>),
    /// Anything else.
    TopLevel {
        code: ErrorCode,
        message: String,
        /// In seconds.
        retry_after: Option<u64>,
    },
}

impl From<&Error> for ClientError {
    fn from(error: &Error) -> Self {
        let (message, retry_after) = match error {
            Error::Invalid(faults) => {
                return Self::UserErrors(faults.iter().map(UserError::from).collect());
            }
            Error::Unauthenticated(reason) => (login_message(*reason).to_owned(), None),
            Error::Forbidden => {
                let message = "You do not have permission to perform this action.";
                (message.to_owned(), None)
            }
            Error::NotFound => ("There is nothing with this id.".to_owned(), None),
            Error::NoSuchPage => ("There is no such page.".to_owned(), None),
            Error::Parameter { name, reason } => (format!("{name}: {reason}"), None),
            Error::PageSize { name } => (format!("{name}: It must be from 0 to {MAX_PAGE_SIZE}."), None),
            Error::Malformed(malformed) => (malformed_message(*malformed).to_owned(), None),
            Error::Protected { by } => {
                let needed: Vec<String> = by
                    .iter()
                    .map(|(kind, count)| format!("{count} {}", name_of(*count, *kind)))
                    .collect();
                (format!("It is needed by {}.", needed.join(" and ")), None)
            }
            Error::InsufficientStock(shortage) => {
                let message = format!(
                    "The stock of the product doesn't allow this: {} available, {} to be taken back.",
                    shortage.available, shortage.requested
                );
                (message, None)
            }
            Error::VersionConflict => {
                let message = "It has changed since the version that was sent.";
                (message.to_owned(), None)
            }
            Error::Conflict(conflict) => {
                let retry_after = matches!(conflict, Conflict::KeyInProgress).then_some(RETRY_IN_PROGRESS);
                (conflict.message().to_owned(), retry_after)
            }
            Error::Limited { retry_after } => {
                let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
                ("Too many requests.".to_owned(), Some(seconds.max(1)))
            }
            Error::Unavailable(_) => {
                let message = "The database is not available at the moment.";
                (message.to_owned(), Some(RETRY_UNAVAILABLE))
            }
            Error::Internal(_) => ("Something went wrong on our side.".to_owned(), None),
        };
        match rendering(error.code()) {
            Rendering::TopLevel(code) => Self::TopLevel {
                code,
                message,
                retry_after,
            },
            Rendering::UserError(code, field) => Self::UserErrors(vec![UserError {
                field: field.map(str::to_owned),
                message,
                code,
            }]),
        }
    }
}

/// Where an error appears.
enum Rendering {
    /// In `errors`.
    TopLevel(ErrorCode),
    /// In the payload of a mutation, with the name of the argument that it belongs to.
    UserError(UserErrorCode, Option<&'static str>),
}

/// Returns where errors with this code appear, and their code in GraphQL.
const fn rendering(code: error::ErrorCode) -> Rendering {
    use error::ErrorCode as Code;
    match code {
        Code::NotAuthenticated | Code::InvalidAccessToken => Rendering::TopLevel(ErrorCode::Unauthenticated),
        Code::InvalidCredentials => Rendering::UserError(UserErrorCode::InvalidCredentials, None),
        Code::InvalidToken => Rendering::UserError(UserErrorCode::InvalidToken, None),
        Code::Forbidden => Rendering::TopLevel(ErrorCode::Forbidden),
        Code::NotFound => Rendering::UserError(UserErrorCode::NotFound, Some("id")),
        Code::Invalid => Rendering::UserError(UserErrorCode::Invalid, None),
        Code::NoSuchPage
        | Code::InvalidParameter
        | Code::ParseError
        | Code::InvalidQuery
        | Code::InvalidHost => Rendering::TopLevel(ErrorCode::BadUserInput),
        Code::PageSize => Rendering::TopLevel(ErrorCode::LimitExceeded),
        Code::PayloadTooLarge => Rendering::TopLevel(ErrorCode::PayloadTooLarge),
        Code::UnsupportedMediaType => Rendering::TopLevel(ErrorCode::UnsupportedMediaType),
        Code::IncompleteBody => Rendering::TopLevel(ErrorCode::IncompleteBody),
        Code::RequestTimeout => Rendering::TopLevel(ErrorCode::RequestTimeout),
        Code::MethodNotAllowed => Rendering::TopLevel(ErrorCode::MethodNotAllowed),
        Code::Protected => Rendering::UserError(UserErrorCode::Protected, None),
        Code::InsufficientStock => Rendering::UserError(UserErrorCode::InsufficientStock, None),
        Code::VersionConflict => Rendering::UserError(UserErrorCode::Conflict, Some("expectedVersion")),
        Code::ReadOnly => Rendering::UserError(UserErrorCode::ReadOnly, None),
        Code::EndpointDisabled | Code::WebhooksDisabled => {
            Rendering::UserError(UserErrorCode::Disabled, None)
        }
        Code::TooManyEndpoints => Rendering::UserError(UserErrorCode::TooMany, None),
        Code::IdempotencyKeyReused => Rendering::TopLevel(ErrorCode::IdempotencyKeyReused),
        Code::IdempotencyInProgress => Rendering::TopLevel(ErrorCode::IdempotencyInProgress),
        Code::TooManyRequests => Rendering::TopLevel(ErrorCode::TooManyRequests),
        Code::Unavailable => Rendering::TopLevel(ErrorCode::Unavailable),
        Code::ServerError => Rendering::TopLevel(ErrorCode::ServerError),
    }
}

const fn login_message(reason: LoginError) -> &'static str {
    match reason {
        LoginError::Missing => "Authentication credentials were not provided.",
        LoginError::BadToken => "Given token not valid for any token type",
        LoginError::WrongCredentials => "No active account found with the given credentials",
        LoginError::TokenRefused => "Token is invalid or expired",
    }
}

const fn malformed_message(malformed: Malformed) -> &'static str {
    match malformed {
        Malformed::NotJson => "The body is not JSON.",
        Malformed::NotObject => "The body is not a JSON object.",
        Malformed::TooLarge => "The body is too large.",
        Malformed::MediaType => "Send the body as application/json.",
        Malformed::ContentCoding => "Send the body without a content coding.",
        Malformed::Incomplete => "The body did not arrive completely.",
        Malformed::TooSlow => "The body took too long to arrive.",
        Malformed::QueryString => "The query string can't be read.",
        Malformed::Host => "This host is not served here.",
    }
}

fn name_of(count: u64, kind: Kind) -> &'static str {
    if count == 1 {
        kind.singular()
    } else {
        kind.plural()
    }
}

/// Converts an error that the input has caused into user errors.
///
/// # Errors
/// Returns any other error unchanged. It belongs in `errors`.
pub(crate) fn user_errors(error: Error) -> Result<Vec<UserError>, Error> {
    match ClientError::from(&error) {
        ClientError::UserErrors(errors) => Ok(errors),
        ClientError::TopLevel { .. } => Err(error),
    }
}

/// The code, message and delay of an error that appears in `errors`. User errors outside a payload become the code for bad
/// input with the first message.
fn top_level(error: &Error) -> (ErrorCode, String, Option<u64>) {
    log_failure(error);
    match ClientError::from(error) {
        ClientError::TopLevel {
            code,
            message,
            retry_after,
        } => (code, message, retry_after),
        ClientError::UserErrors(errors) => {
            let first = errors.into_iter().next();
            let message = first.map(|error| error.message).unwrap_or_default();
            (ErrorCode::BadUserInput, message, None)
        }
    }
}

impl From<graphql_tables::Error> for Error {
    fn from(error: graphql_tables::Error) -> Self {
        use graphql_tables::Error as Reason;
        match error {
            Reason::Argument { name, reason } => Self::parameter(name, reason),
            Reason::PageSize { name } => Self::PageSize { name },
            Reason::Query(error) => error.into(),
            Reason::MissingRow(_) => Self::internal(error),
        }
    }
}

/// The error of a field.
impl From<Error> for async_graphql::Error {
    fn from(error: Error) -> Self {
        let (code, message, retry_after) = top_level(&error);
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", code.as_str());
        if let Some(seconds) = retry_after {
            extensions.set("retryAfter", seconds);
        }
        let mut error = Self::new(message);
        error.extensions = Some(extensions);
        error
    }
}

/// The error of a request that is not executed.
impl From<Error> for RequestError {
    fn from(error: Error) -> Self {
        let (code, message, retry_after) = top_level(&error);
        let error = Self::new(code, message);
        match retry_after {
            Some(seconds) => error.with_retry_after(seconds),
            None => error,
        }
    }
}
