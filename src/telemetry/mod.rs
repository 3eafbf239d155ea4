//! Observability: the log line of a failure, the metrics, and the configuration of traces. The crate `request-telemetry`
//! contains the records and spans of requests.

mod failure;
pub mod metrics;
pub mod traces;

pub use failure::log_failure;
pub use metrics::Metrics;
