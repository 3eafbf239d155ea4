//! `Refusal`: what a client is told when nothing is executed, and the codes and bounds that all errors share.

use async_graphql::{ErrorExtensionValues, Pos, ServerError, Value};

use super::problem::{BAD_USER_INPUT, Problem};
use crate::error::Error;

/// The document asks for more than the limits allow.
pub const LIMIT_EXCEEDED: &str = "LIMIT_EXCEEDED";
/// The document is known by no such hash; send its text.
pub const PERSISTED_QUERY_NOT_FOUND: &str = "PERSISTED_QUERY_NOT_FOUND";
/// Executing took too long and was given up.
pub const TIMEOUT: &str = "TIMEOUT";
/// A mistake of ours.
pub const SERVER_ERROR: &str = "SERVER_ERROR";

/// Errors that one answer has at most.
pub const MAX_ERRORS: usize = 20;
/// Characters that the message of an error has at most; what the library says may quote what was sent.
pub const MAX_MESSAGE: usize = 300;

/// Why nothing is executed.
#[derive(Debug)]
pub struct Refusal {
    /// The code of the first error, which decides the status of an HTTP answer.
    pub code: &'static str,
    /// What is wrong: one error or more.
    pub errors: Vec<ServerError>,
}

impl Refusal {
    /// One error.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self::at(code, message, None)
    }

    /// One error at a place in the document.
    pub fn at(code: &'static str, message: impl Into<String>, place: Option<Pos>) -> Self {
        Self {
            code,
            errors: vec![error(code, message, place)],
        }
    }

    /// Several errors of the same kind.
    pub fn all(code: &'static str, errors: Vec<ServerError>) -> Self {
        Self {
            code,
            errors: presentable(errors, code),
        }
    }
}

/// What went wrong before anything was executed: the request, the login, or the database behind it.
impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        crate::telemetry::log_failure(&error);
        match Problem::from(&error) {
            Problem::Top {
                code,
                message,
                retry_after,
            } => {
                let mut refusal = Self::new(code, message);
                if let Some(seconds) = retry_after
                    && let Some(extensions) = refusal
                        .errors
                        .iter_mut()
                        .find_map(|error| error.extensions.as_mut())
                {
                    extensions.set("retryAfter", seconds);
                }
                refusal
            }
            Problem::User(errors) => {
                let message = errors.into_iter().next().map(|error| error.message);
                Self::new(BAD_USER_INPUT, message.unwrap_or_default())
            }
        }
    }
}

/// An error with its code.
pub fn error(code: &str, message: impl Into<String>, place: Option<Pos>) -> ServerError {
    let mut error = ServerError::new(message, place);
    set_code(&mut error, code);
    error
}

/// What the library adds to what is wrong with a value, once for each type around it.
const WHILE_PARSING: &str = " (occurred while parsing ";

/// How the library begins what it says of an argument when it comes to use it. What was checked before does not get so far,
/// but for a variable that is null where there is a default and no null.
const EXPECTED: &str = "Expected input type ";

/// The errors as clients may see them: not too many, not too long, each with a code, none in words that a dependency
/// chose for itself.
pub fn presentable(errors: Vec<ServerError>, code: &str) -> Vec<ServerError> {
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
                    // A source error that slipped through: its words are for the log.
                    tracing::error!(error.message = %error.message, "a field failed in a way that nobody translated");
                    "Something went wrong on our side.".clone_into(&mut error.message);
                    set_code(&mut error, SERVER_ERROR);
                } else {
                    if error.message.starts_with(EXPECTED) {
                        let message = "The value of an argument does not fit: it may not be null.";
                        message.clone_into(&mut error.message);
                    }
                    set_code(&mut error, code);
                }
            }
            if let Some(end) = error.message.find(WHILE_PARSING) {
                error.message.truncate(end);
            }
            error.message = shortened(error.message);
            error
        })
        .collect()
}

fn set_code(error: &mut ServerError, code: &str) {
    error
        .extensions
        .get_or_insert_with(ErrorExtensionValues::default)
        .set("code", Value::from(code));
}

fn shortened(message: String) -> String {
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
        let errors = presentable(vec![ServerError::new(long, None); 50], BAD_USER_INPUT);
        assert_eq!(errors.len(), MAX_ERRORS);
        assert_eq!(errors[0].message.chars().count(), MAX_MESSAGE + 1);
        assert_eq!(code(&errors[0]), Value::from(BAD_USER_INPUT));
    }

    #[test]
    fn a_code_is_kept_and_a_source_is_hidden() {
        let coded = error("FORBIDDEN", "No.", None);
        let mut stray = ServerError::new("syntax error at or near SELECT", None);
        stray.source = Some(std::sync::Arc::new("a database"));
        let shown = presentable(vec![coded, stray], BAD_USER_INPUT);
        assert_eq!(code(&shown[0]), Value::from("FORBIDDEN"));
        assert_eq!(code(&shown[1]), Value::from(SERVER_ERROR));
        assert!(!shown[1].message.contains("SELECT"));
    }
}
