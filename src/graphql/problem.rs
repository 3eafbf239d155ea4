//! Refusals as GraphQL has them: what is wrong with the input of a mutation is data, `userErrors`; everything else is a
//! top-level error with `extensions.code`. One match says which is which; neither a library's nor a database's words
//! reach a client.

use async_graphql::{Enum, ErrorExtensionValues, SimpleObject};
use graphql_server::{ErrorCode, RequestError};

use crate::error::{Conflict, Error, Fault, FaultCode, Login, Malformed, RETRY_UNAVAILABLE};
use crate::kind::Kind;
use crate::telemetry::log_failure;

/// Something wrong with the input, worth showing to the person who typed it.
#[derive(SimpleObject, Clone, Debug, PartialEq, Eq)]
#[graphql(serial)]
pub struct UserError {
    /// Where in the input, with dots: `sellingPrice`, `items.3.quantity`. Null when it
    /// belongs to no one field.
    pub field: Option<String>,
    /// What is wrong, for people.
    pub message: String,
    /// What is wrong, for programs.
    pub code: UserErrorCode,
}

/// What can be wrong with an input.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserErrorCode {
    /// A text that may not be empty is.
    Blank,
    /// A text is longer, or a list has more items, than is allowed.
    TooLong,
    /// A number is too small, too large, or has too many digits.
    OutOfRange,
    /// The value is not of the right form.
    Invalid,
    /// Another record has this value already.
    Taken,
    /// There is nothing with this id.
    NotFound,
    /// There is less in stock than this would take.
    InsufficientStock,
    /// Other records need this one, so it cannot be deleted.
    Protected,
    /// Somebody else has changed it since the version that was sent.
    Conflict,
    /// It belongs to the settings, and only they change it.
    ReadOnly,
    /// What this needs is switched off.
    Disabled,
    /// There are as many as there may be.
    TooMany,
    /// No active account has this name and password.
    InvalidCredentials,
    /// The token is not valid, of the wrong kind, used up or expired.
    InvalidToken,
}

/// An error as a client sees it.
pub enum Problem {
    /// The input is wrong.
    User(Vec<UserError>),
    /// The request is refused, or has failed.
    Top {
        /// What it is, for programs.
        code: ErrorCode,
        /// What it is, for people.
        message: String,
        /// How many seconds to wait before trying again.
        retry_after: Option<u64>,
    },
}

impl From<&Error> for Problem {
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
            Error::Invalid(faults) => Self::User(faults.iter().map(UserError::from).collect()),
            Error::Parameter { name, reason } => top(ErrorCode::BadUserInput, format!("{name}: {reason}")),
            Error::Malformed(malformed) => unreadable(*malformed),
            Error::Protected { by } => {
                let needed: Vec<String> = by
                    .iter()
                    .map(|(kind, count)| format!("{count} {}", named(*count, *kind)))
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
                Self::Top {
                    code: ErrorCode::TooManyRequests,
                    message: "Too many requests.".to_owned(),
                    retry_after: Some(seconds.max(1)),
                }
            }
            Error::Unavailable(_) => Self::Top {
                code: ErrorCode::Unavailable,
                message: "The database is not available at the moment.".to_owned(),
                retry_after: Some(RETRY_UNAVAILABLE),
            },
            Error::Internal(_) => top(ErrorCode::ServerError, "Something went wrong on our side."),
        }
    }
}

fn unauthenticated(login: Login) -> Problem {
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

fn unreadable(malformed: Malformed) -> Problem {
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

fn named(count: u64, kind: Kind) -> &'static str {
    if count == 1 {
        kind.singular()
    } else {
        kind.plural()
    }
}

fn top(code: ErrorCode, message: impl Into<String>) -> Problem {
    Problem::Top {
        code,
        message: message.into(),
        retry_after: None,
    }
}

fn user(field: Option<&str>, message: impl Into<String>, code: UserErrorCode) -> Problem {
    Problem::User(vec![UserError {
        field: field.map(str::to_owned),
        message: message.into(),
        code,
    }])
}

impl From<&Fault> for UserError {
    fn from(fault: &Fault) -> Self {
        let field = Some(camel_case(fault.field)).filter(|field| !field.is_empty());
        let field = match (fault.item, field) {
            (Some(item), Some(field)) => Some(format!("items.{item}.{field}")),
            (Some(item), None) => Some(format!("items.{item}")),
            (None, field) => field,
        };
        Self {
            field,
            message: fault.message.clone(),
            code: fault.code.into(),
        }
    }
}

impl From<FaultCode> for UserErrorCode {
    fn from(code: FaultCode) -> Self {
        match code {
            FaultCode::Required | FaultCode::Null | FaultCode::Invalid => Self::Invalid,
            FaultCode::Blank => Self::Blank,
            FaultCode::TooLong => Self::TooLong,
            FaultCode::OutOfRange => Self::OutOfRange,
            FaultCode::Taken => Self::Taken,
            FaultCode::NotFound => Self::NotFound,
            FaultCode::InsufficientStock => Self::InsufficientStock,
        }
    }
}

/// `category_id` is `categoryId`.
fn camel_case(column: &str) -> String {
    let mut words = column.split('_');
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}

/// What an error says of the input of a mutation.
///
/// # Errors
/// The error itself, when the input is not to blame: it belongs beside `data`.
pub fn user_errors(error: Error) -> Result<Vec<UserError>, Error> {
    match Problem::from(&error) {
        Problem::User(errors) => Ok(errors),
        Problem::Top { .. } => Err(error),
    }
}

/// A user error without a payload to carry it is bad input.
fn top_level(error: &Error) -> (ErrorCode, String, Option<u64>) {
    log_failure(error);
    match Problem::from(error) {
        Problem::Top {
            code,
            message,
            retry_after,
        } => (code, message, retry_after),
        Problem::User(errors) => {
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

#[cfg(test)]
mod tests {
    use super::{UserError, UserErrorCode, camel_case};
    use crate::error::{Fault, FaultCode};

    #[test]
    fn columns_are_spelled_as_fields() {
        assert_eq!(camel_case("category_id"), "categoryId");
        assert_eq!(camel_case("title"), "title");
        assert_eq!(camel_case(""), "");
    }

    #[test]
    fn a_fault_says_where_it_is() {
        let fault = Fault {
            item: Some(3),
            ..Fault::new("quantity", FaultCode::OutOfRange, "Too small.")
        };
        let error = UserError::from(&fault);
        assert_eq!(
            (error.field.as_deref(), error.code),
            (Some("items.3.quantity"), UserErrorCode::OutOfRange)
        );
        let fault = Fault::new("", FaultCode::Invalid, "Strange.");
        assert_eq!(UserError::from(&fault).field, None);
    }
}
