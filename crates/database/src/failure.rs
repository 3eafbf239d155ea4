//! The classification of failed statements, the same for both databases.

use sea_orm::{DbErr, RuntimeErr};

use crate::{postgres, sqlite};

/// The kinds of failure that a caller may want to distinguish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A unique constraint or primary key was violated. The name is the one that PostgreSQL assigns by default,
    /// `table_column_key` or `table_pkey`, on SQLite too.
    Unique(String),
    /// A foreign key was violated: the row it refers to is missing, or the row is still referred to. SQLite does not say
    /// which constraint it was.
    ForeignKey(Option<String>),
    /// A check constraint was violated.
    Check,
    /// The transaction conflicted with another one and can be run again.
    Retryable,
    /// The database can't be reached, did not respond in time, or is full or read-only.
    Unavailable,
    /// Anything else.
    Other,
}

impl Failure {
    /// Classifies an error.
    pub fn of(error: &DbErr) -> Self {
        if let Some((code, message)) = sqlite::error::code_and_message(error) {
            return sqlite::error::failure(code, message);
        }
        if let Some(failure) = postgres::error::failure(error) {
            return failure;
        }
        match error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Self::Unavailable,
            _ => Self::Other,
        }
    }

    /// Whether the database itself rejected the statement, so that nothing has changed. False for a
    /// statement without a response, which may have been executed.
    pub fn is_rejection(&self) -> bool {
        matches!(
            self,
            Self::Unique(_) | Self::ForeignKey(_) | Self::Check | Self::Retryable
        )
    }
}

/// Why the database could not respond, as a label for metrics.
pub fn outage(error: &DbErr) -> &'static str {
    if let Some((code, _)) = sqlite::error::code_and_message(error) {
        return sqlite::error::outage(code);
    }
    if let Some(outage) = postgres::error::outage(error) {
        return outage;
    }
    "connection"
}

/// An error that [`Failure::of`] classifies as [`Failure::Unavailable`].
pub(crate) fn unavailable(message: &str) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(message.to_owned()))
}
