//! Telemetry of requests: a record for the log line of each request, traces over OTLP, and metrics of HTTP and the database.
//!
//! A [`Record`] is task-local, so that code that runs during a request needs no parameter for it:
//!
//! ```
//! use request_telemetry::Record;
//!
//! # async fn run() {
//! let record = Record::new("7f3a".to_owned());
//! record
//!     .scope(async {
//!         // Anywhere in the request.
//!         Record::current().set_user(Some(5));
//!         assert_eq!(Record::current_id().as_deref(), Some("7f3a"));
//!     })
//!     .await;
//! assert_eq!(record.user(), Some(5));
//! # }
//! ```
//!
//! # Guarantees
//!
//! - **No values.** Spans and metrics contain routes and statements only as templates, with placeholders. No path, query
//!   string, variable or parameter is recorded. Metric labels have a bounded set of values.
//! - **Bounded.** The SDK's queue of spans is bounded and drops further spans, an export has a timeout, and at most 2,000
//!   characters of a statement are recorded.
//! - **Cheap when off.** Without an endpoint for traces, each request and each statement costs one check of an absent option.
//! - **Names** follow OpenTelemetry's semantic conventions where they exist, in Prometheus' spelling for metrics.
//!
//! # Modules
//!
//! | module | contents |
//! | --- | --- |
//! | `record` | the data collected during one request |
//! | `log`, `log_writer` | the process's log, text or JSON, on standard error |
//! | `statements` | observers of the database, which count and trace statements |
//! | `traces`, `otlp_client` | spans and their export |
//! | `http_metrics`, `database_metrics`, `process_metrics` | metrics, to be registered in the program's registry |

mod database_metrics;
mod http_metrics;
mod log;
mod log_writer;
mod otlp_client;
mod process_metrics;
mod record;
mod statements;
mod traces;

pub use self::database_metrics::{CommitSizes, DatabaseMetrics};
pub use self::http_metrics::{ActiveRequest, HttpMetrics, OpenConnection, method_name};
pub use self::log::{LogFormat, start_log};
pub use self::log_writer::{flush_log, flush_log_on_park};
pub use self::otlp_client::OtlpError;
pub use self::process_metrics::ProcessMetrics;
pub use self::record::{Quota, Record};
pub use self::statements::DatabaseObserver;
pub use self::traces::{DbSpan, Settings, Span, Traces};
