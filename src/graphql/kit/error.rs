//! How errors of the rules look in GraphQL: user errors in the payload of a mutation, or an error in `errors` with
//! `extensions.code`. Messages of libraries and of the database never reach a client.

use async_graphql::ErrorExtensionValues;
use graphql_server::{ErrorCode, RequestError};

use super::user_error::{UserError, UserErrorCode};
use crate::error::{Conflict, Error, Login, Malformed, RETRY_UNAVAILABLE};
use crate::kind::Kind;
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
        match error {
            Error::Unauthenticated(login) => unauthenticated(*login),
            Error::Forbidden => top(
                ErrorCode::Forbidden,
                "You do not have permission to perform this action.",
            ),
            Error::NotFound => user(
                Some("id"),
                "There is nothing with this id.",
                UserErrorCode::NotFound,
            ),
            Error::NoSuchPage => top(ErrorCode::BadUserInput, "There is no such page."),
            Error::Invalid(faults) => Self::UserErrors(faults.iter().map(UserError::from).collect()),
            Error::Parameter { name, reason } => top(ErrorCode::BadUserInput, format!("{name}: {reason}")),
            Error::Malformed(malformed) => unreadable(*malformed),
            Error::Protected { by } => {
                let needed: Vec<String> = by
                    .iter()
                    .map(|(kind, count)| format!("{count} {}", name_of(*count, *kind)))
                    .collect();
                user(
                    None,
                    format!("It is needed by {}.", needed.join(" and ")),
                    UserErrorCode::Protected,
                )
            }
            Error::InsufficientStock(shortage) => user(
                None,
                format!(
                    "The stock of the product doesn't allow this: {} available, {} to be taken back.",
                    shortage.available, shortage.requested
                ),
                UserErrorCode::InsufficientStock,
            ),
            Error::VersionConflict => user(
                Some("expectedVersion"),
                "It has changed since the version that was sent.",
                UserErrorCode::Conflict,
            ),
            Error::Conflict(conflict) => {
                let code = match conflict {
                    Conflict::ReadOnly => UserErrorCode::ReadOnly,
                    Conflict::Disabled | Conflict::SwitchedOff => UserErrorCode::Disabled,
                    Conflict::TooMany => UserErrorCode::TooMany,
                };
                user(None, conflict.message(), code)
            }
            Error::Limited { retry_after } => {
                let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
                Self::TopLevel {
                    code: ErrorCode::TooManyRequests,
                    message: "Too many requests.".to_owned(),
                    retry_after: Some(seconds.max(1)),
                }
            }
            Error::Unavailable(_) => Self::TopLevel {
                code: ErrorCode::Unavailable,
                message: "The database is not available at the moment.".to_owned(),
                retry_after: Some(RETRY_UNAVAILABLE),
            },
            Error::Internal(_) => top(ErrorCode::ServerError, "Something went wrong on our side."),
        }
    }
}

fn unauthenticated(login: Login) -> ClientError {
    const CODE: ErrorCode = ErrorCode::Unauthenticated;
    match login {
        Login::Missing => top(CODE, "Authentication credentials were not provided."),
        Login::BadToken => top(CODE, "Given token not valid for any token type"),
        Login::WrongCredentials => user(
            None,
            "No active account found with the given credentials",
            UserErrorCode::InvalidCredentials,
        ),
        Login::TokenRefused => user(None, "Token is invalid or expired", UserErrorCode::InvalidToken),
    }
}

fn unreadable(malformed: Malformed) -> ClientError {
    match malformed {
        Malformed::NotJson => top(ErrorCode::BadUserInput, "The body is not JSON."),
        Malformed::NotObject => top(ErrorCode::BadUserInput, "The body is not a JSON object."),
        Malformed::TooLarge => top(ErrorCode::PayloadTooLarge, "The body is too large."),
        Malformed::MediaType => top(
            ErrorCode::UnsupportedMediaType,
            "Send the body as application/json.",
        ),
        Malformed::Incomplete => top(ErrorCode::IncompleteBody, "The body did not arrive whole."),
        Malformed::TooSlow => top(ErrorCode::RequestTimeout, "The body took too long to arrive."),
        Malformed::QueryString => top(ErrorCode::BadUserInput, "The query string can't be read."),
        Malformed::Host => top(ErrorCode::BadUserInput, "This host is not served here."),
    }
}

fn name_of(count: u64, kind: Kind) -> &'static str {
    if count == 1 {
        kind.singular()
    } else {
        kind.plural()
    }
}

fn top(code: ErrorCode, message: impl Into<String>) -> ClientError {
    ClientError::TopLevel {
        code,
        message: message.into(),
        retry_after: None,
    }
}

fn user(field: Option<&str>, message: impl Into<String>, code: UserErrorCode) -> ClientError {
    ClientError::UserErrors(vec![UserError {
        field: field.map(str::to_owned),
        message: message.into(),
        code,
    }])
}

/// The user errors of an error that the input has caused.
///
/// # Errors
/// The error itself when it has another cause. It belongs in `errors`.
pub(crate) fn user_errors(error: Error) -> Result<Vec<UserError>, Error> {
    match ClientError::from(&error) {
        ClientError::UserErrors(errors) => Ok(errors),
        ClientError::TopLevel { .. } => Err(error),
    }
}

/// A user error without a payload to carry it is bad input.
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
