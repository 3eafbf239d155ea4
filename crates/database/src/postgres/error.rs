//! Classifies PostgreSQL's errors by their SQLSTATE.

use sea_orm::sqlx::Error as SqlxError;

use crate::Failure;

pub(crate) fn failure(error: &SqlxError) -> Failure {
    let Some(database) = error.as_database_error() else {
        return match error {
            SqlxError::Io(_)
            | SqlxError::Tls(_)
            | SqlxError::PoolTimedOut
            | SqlxError::PoolClosed
            | SqlxError::WorkerCrashed => Failure::Unavailable,
            _ => Failure::Other,
        };
    };
    let constraint = database.constraint().map(str::to_owned);
    match database.code().as_deref().unwrap_or_default() {
        "23505" => Failure::Unique(constraint.unwrap_or_default()),
        "23503" => Failure::ForeignKey(constraint),
        "23514" => Failure::Check,
        // Serialization failure, deadlock.
        "40001" | "40P01" => Failure::Repeat,
        // Read-only transaction, lock timeout; and the classes insufficient resources, operator intervention (shutdown,
        // canceled statement), system error, connection exception.
        code if matches!(code, "25006" | "55P03")
            || ["53", "57", "58", "08"]
                .iter()
                .any(|class| code.starts_with(class)) =>
        {
            Failure::Unavailable
        }
        _ => Failure::Other,
    }
}
