//! Errors of queries.

use std::sync::Arc;

use sea_orm::DbErr;

#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// A parameter of a query is invalid.
    #[error("{name}: {reason}")]
    Parameter {
        name: &'static str,
        /// A human-readable reason.
        reason: String,
    },
    /// The database failed. The rows that were loaded together share the error.
    #[error(transparent)]
    Database(Arc<DbErr>),
    /// Values of two types were loaded under the same key.
    #[error("values of two types were loaded under the key {0}")]
    Relation(&'static str),
}

impl Error {
    pub(crate) fn parameter(name: &'static str, reason: impl Into<String>) -> Self {
        Self::Parameter {
            name,
            reason: reason.into(),
        }
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        Self::Database(Arc::new(error))
    }
}
