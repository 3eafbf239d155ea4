//! What is observed of requests while they run: a record for the log line of each, traces by OTLP, and metrics of HTTP and of
//! the database.
//!
//! A [`Record`] is task-local, so that the code below a request needs no parameter for it:
//!
//! ```
//! use request_telemetry::Record;
//!
//! # async fn run() {
//! let record = Record::new("7f3a".to_owned());
//! record
//!     .scope(async {
//!         // Somewhere below.
//!         Record::current().identified(Some(5));
//!         assert_eq!(Record::current_id().as_deref(), Some("7f3a"));
//!     })
//!     .await;
//! assert_eq!(record.user(), Some(5));
//! # }
//! ```
//!
//! # Guarantees
//!
//! - **No values.** Spans and metrics have routes and statements as templates, with placeholders; names of metrics' labels are
//!   few. No path, query string, variable or parameter is recorded.
//! - **Bounded.** The SDK's queue of spans has a bound and drops what is beyond it, an export has a timeout, and of a statement
//!   at most 2,000 characters are recorded.
//! - **Cheap when off.** Without an endpoint for traces, a request and a statement cost one check of an absent option each.
//! - **Names** are those of OpenTelemetry's semantic conventions where it has one, for metrics in Prometheus' spelling.
//!
//! # Modules
//!
//! | module | contents |
//! | --- | --- |
//! | `record` | what is collected of one request |
//! | `log` | the process's log, text or JSON |
//! | `statements` | observers of the database, which fill the record and the spans |
//! | `traces`, `otlp_client` | spans and their export |
//! | `http_metrics`, `database_metrics`, `process_metrics` | metrics, to be registered in the program's registry |

mod database_metrics;
mod http_metrics;
mod log;
mod otlp_client;
mod process_metrics;
mod record;
mod statements;
mod traces;

pub use self::database_metrics::{CommitSizes, DatabaseMetrics};
pub use self::http_metrics::{ActiveRequest, HttpMetrics, OpenConnection, method_name};
pub use self::log::{LogFormat, start_log};
pub use self::otlp_client::OtlpError;
pub use self::process_metrics::ProcessMetrics;
pub use self::record::{Quota, Record};
pub use self::statements::DatabaseObserver;
pub use self::traces::{DbSpan, Settings, Span, Traces};
