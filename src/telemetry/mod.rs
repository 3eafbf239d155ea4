//! What an operator gets to know of the program: the line of log that each request leaves, and the figures.

pub mod metrics;
pub mod record;

pub use metrics::Metrics;
pub use record::Record;
