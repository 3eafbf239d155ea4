//! PostgreSQL's errors, their conversion to SeaORM's, and their classification.
//!
//! `DbErr` has no variant for the errors of a driver that SeaORM does not support, so the SQLSTATE and the constraint are
//! written at the beginning of the text.

use sea_orm::{DbErr, RuntimeErr};
use tokio_postgres::error::Severity;

use crate::Failure;
use crate::failure::unavailable;

/// What the text of every error that the server sent begins with, followed by the SQLSTATE.
const PREFIX: &str = "postgresql ";

/// The reason why a statement has no result.
#[derive(Debug)]
pub(super) enum Error {
    /// An error of the server, or of the connection to it.
    Driver(tokio_postgres::Error),
    /// The connection ended while the statement ran.
    Ended,
    /// No connection, or no response, within the limit.
    TimedOut(&'static str),
    /// Connecting failed. The text names the server and shows no password.
    Connect(String),
    /// A value that can't be sent to PostgreSQL, or can't be read.
    Value(DbErr),
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        if error.is_closed() {
            return Self::Ended;
        }
        Self::Driver(error)
    }
}

impl Error {
    /// The SQLSTATE of an error that the server sent.
    pub(super) fn code(&self) -> Option<&str> {
        match self {
            Self::Driver(error) => error.code().map(tokio_postgres::error::SqlState::code),
            _ => None,
        }
    }

    /// Whether the server closed the connection or the network failed.
    pub(super) fn is_lost(&self) -> bool {
        match self {
            Self::Ended => true,
            Self::Driver(error) => match error.as_db_error() {
                Some(sent) => matches!(sent.parsed_severity(), Some(Severity::Fatal | Severity::Panic)),
                None => std::error::Error::source(error)
                    .is_some_and(<dyn std::error::Error>::is::<std::io::Error>),
            },
            Self::TimedOut(_) | Self::Connect(_) | Self::Value(_) => false,
        }
    }

    /// Whether the server refused to run a prepared statement because its tables have changed.
    pub(super) fn is_stale_plan(&self) -> bool {
        self.code() == Some("0A000") && self.message().contains("cached plan")
    }

    /// Whether a prepared statement is missing on the server, or its name already exists there, because a pooler has assigned
    /// another server process to the connection.
    pub(super) fn is_foreign_statement(&self) -> bool {
        matches!(self.code(), Some("26000" | "42P05"))
    }

    /// Whether the session can't write.
    pub(super) fn is_read_only(&self) -> bool {
        self.code() == Some("25006")
    }

    fn message(&self) -> &str {
        match self {
            Self::Driver(error) => error.as_db_error().map_or("", |sent| sent.message()),
            _ => "",
        }
    }
}

impl From<Error> for DbErr {
    fn from(error: Error) -> Self {
        if error.is_lost() && error.code().is_none() {
            return unavailable("the connection to PostgreSQL ended");
        }
        match error {
            Error::Driver(error) => match error.as_db_error() {
                Some(sent) => Self::Query(RuntimeErr::Internal(format!(
                    "{PREFIX}{} {}: {}",
                    sent.code().code(),
                    sent.constraint().unwrap_or_default(),
                    sent.message()
                ))),
                // The driver's message names the parameter or the column; its cause describes the error.
                None => Self::Type(match std::error::Error::source(&error) {
                    Some(cause) => format!("{error}: {cause}"),
                    None => error.to_string(),
                }),
            },
            Error::Ended => unavailable("the connection to PostgreSQL ended"),
            Error::TimedOut(text) => unavailable(text),
            Error::Connect(text) => unavailable(&text),
            Error::Value(error) => error,
        }
    }
}

/// The SQLSTATE, the constraint and the message, if the error was sent by PostgreSQL.
fn parts(error: &DbErr) -> Option<(&str, &str, &str)> {
    let (DbErr::Exec(RuntimeErr::Internal(text)) | DbErr::Query(RuntimeErr::Internal(text))) = error else {
        return None;
    };
    let (code, rest) = text.strip_prefix(PREFIX)?.split_once(' ')?;
    let (constraint, message) = rest.split_once(": ")?;
    Some((code, constraint, message))
}

/// Whether a statement waited too long for a lock, or was ended to resolve a deadlock.
pub(crate) fn is_lock_conflict(error: &DbErr) -> bool {
    parts(error).is_some_and(|(code, ..)| matches!(code, "55P03" | "40P01"))
}

/// Why PostgreSQL could not respond, as a label for metrics. `None` unless PostgreSQL sent the error or the client's time
/// limit passed.
pub(crate) fn outage(error: &DbErr) -> Option<&'static str> {
    if let DbErr::Conn(RuntimeErr::Internal(text)) = error {
        return text.ends_with("in time").then_some("timeout");
    }
    let (code, ..) = parts(error)?;
    Some(match code {
        "25006" => "read_only",
        "40001" | "40P01" | "26000" | "42P05" | "0A000" => "conflict",
        "55P03" | "57014" | "25P03" | "25P04" => "timeout",
        "53100" | "53200" => "full",
        _ => "connection",
    })
}

/// Classifies an error that PostgreSQL sent.
pub(crate) fn failure(error: &DbErr) -> Option<Failure> {
    let (code, constraint, message) = parts(error)?;
    let name = (!constraint.is_empty()).then(|| constraint.to_owned());
    Some(match code {
        "23505" => Failure::Unique(name.unwrap_or_default()),
        "23503" => Failure::ForeignKey(name),
        "23514" => Failure::Check,
        // A serialization failure, a deadlock, or a prepared statement that a pooler has lost.
        "40001" | "40P01" | "26000" | "42P05" => Failure::Retryable,
        // A table has changed since the statement was prepared, so the statement did not run.
        "0A000" if message.contains("cached plan") => Failure::Retryable,
        // A read-only transaction, a timeout, or an error of one of these classes: insufficient resources, operator
        // intervention (shutdown, canceled statement), system error, connection exception.
        code if matches!(code, "25006" | "25P03" | "25P04" | "55P03")
            || ["53", "57", "58", "08"]
                .iter()
                .any(|class| code.starts_with(class)) =>
        {
            Failure::Unavailable
        }
        _ => Failure::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_classified_by_their_code() {
        let classify = |text: &str| failure(&DbErr::Query(RuntimeErr::Internal(text.to_owned())));
        let unique = Failure::Unique("item_name_key".to_owned());
        assert_eq!(
            classify("postgresql 23505 item_name_key: duplicate key: twice"),
            Some(unique)
        );
        assert_eq!(
            classify("postgresql 23503 : missing"),
            Some(Failure::ForeignKey(None))
        );
        assert_eq!(
            classify("postgresql 57014 : canceling statement"),
            Some(Failure::Unavailable)
        );
        assert_eq!(classify("postgresql 42601 : syntax error"), Some(Failure::Other));
        assert_eq!(classify("sqlite 5: locked"), None);
    }
}
