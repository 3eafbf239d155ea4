//! Errors of the database as errors of the program.

use database::Failure;
use sea_orm::DbErr;

use crate::error::{Error, Result};

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        from_failure(&Failure::of(&error), error)
    }
}

impl From<table_query::Error> for Error {
    fn from(error: table_query::Error) -> Self {
        match error {
            table_query::Error::Parameter { name, reason } => Self::parameter(name, reason),
            table_query::Error::Database(error) => from_failure(&Failure::of(&error), error),
            relation @ table_query::Error::Relation(_) => Self::internal(relation),
        }
    }
}

impl From<database_copy::Error> for Error {
    fn from(error: database_copy::Error) -> Self {
        match error {
            database_copy::Error::Database(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

/// Conflicts and outages are temporary; everything else is a bug.
fn from_failure(failure: &Failure, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    match failure {
        Failure::Unavailable | Failure::Retryable => Error::unavailable(error),
        _ => Error::internal(error),
    }
}

/// Replaces the error if this unique constraint was violated.
pub fn on_unique<T>(
    result: Result<T, DbErr>,
    constraint: &str,
    replace: impl FnOnce() -> Error,
) -> Result<T> {
    result.map_err(|error| match Failure::of(&error) {
        Failure::Unique(violated) if violated == constraint => replace(),
        _ => error.into(),
    })
}

/// Replaces the error if a foreign key was violated. `replace` gets its name, or `None` on SQLite.
pub fn on_foreign_key<T>(result: Result<T, DbErr>, replace: impl FnOnce(Option<&str>) -> Error) -> Result<T> {
    result.map_err(|error| match Failure::of(&error) {
        Failure::ForeignKey(constraint) => replace(constraint.as_deref()),
        _ => error.into(),
    })
}
