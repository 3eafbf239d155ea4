//! Logging of failed requests.

use request_telemetry::Record;

use crate::error::Error;

/// Logs an internal error or an unavailable database, with the cause. Other errors are not logged. It must be called
/// once for each error, when the error becomes a response.
pub fn log_failure(error: &Error) {
    let request_id = Record::current_id();
    match error {
        Error::Internal(cause) => tracing::error!(request_id, error.cause = ?cause, "a request failed"),
        Error::Unavailable(cause) => {
            Record::current().record_outage(cause.downcast_ref().map_or("timeout", database::outage));
            tracing::warn!(request_id, error.cause = ?cause, "the database is not available");
        }
        _ => {}
    }
}
