//! What an operator gets to know of the program: the line of log that each request leaves, the figures, and traces.

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
