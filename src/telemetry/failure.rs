//! The log line of a failure.

use request_telemetry::Record;

use crate::error::Error;

/// Logs an error that is the server's fault, with its cause; to be called once, where the error becomes a response.
pub fn log_failure(error: &Error) {
    let request_id = Record::current_id();
    match error {
        Error::Internal(cause) => tracing::error!(request_id, error.cause = ?cause, "a request failed"),
        Error::Unavailable(cause) => {
            tracing::warn!(request_id, error.cause = ?cause, "the database is not available");
        }
        _ => {}
    }
}
