//! Observability: the log line of each request, metrics, and traces.

mod failure;
pub mod metrics;
mod otlp_client;
pub mod record;
pub mod statements;
pub mod traces;

pub use failure::log_failure;
pub use metrics::Metrics;
pub use record::Record;
pub use traces::Traces;
