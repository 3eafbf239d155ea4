//! The metrics of `/metrics`. If OpenTelemetry has a name for a metric, that name is used in Prometheus' spelling:
//! `http.server.request.duration` in seconds is `http_server_request_duration_seconds`.
//!
//! Every label has few values: routes are templates, never paths, and unknown values are `_OTHER` or empty.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use database::{Backend, Database};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use request_telemetry::{CommitSizes, DatabaseMetrics, HttpMetrics, ProcessMetrics};

use crate::error::{Error, Result};
use crate::kind::Kind;

/// The media type of `/metrics`: Prometheus' text format as standardised by `OpenMetrics`.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// The prefix of the names of metrics that OpenTelemetry does not define.
const PREFIX: &str = "stockroom";

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct KindLabel {
    kind: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct CauseLabel {
    cause: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct LimitLabel {
    limit: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct OperationLabels {
    graphql_operation_type: &'static str,
    error_type: &'static str,
}

/// The metrics of one server.
pub struct Metrics {
    registry: Registry,
    pub http: HttpMetrics,
    database: DatabaseMetrics,
    process: ProcessMetrics,
    unavailable: Family<CauseLabel, Counter>,
    movements: Family<KindLabel, Counter>,
    logins: Family<OutcomeLabel, Counter>,
    refusals: Family<LimitLabel, Counter>,
    panics: Counter,
    operations: Family<OperationLabels, Counter>,
    webhook_attempts: Family<OutcomeLabel, Counter>,
    pending_deliveries: Gauge,
    oldest_due: Gauge<f64, AtomicU64>,
}

impl Metrics {
    /// Creates metrics that all start at 0.
    pub fn new(backend: Backend, commits: &CommitSizes) -> Self {
        let mut registry = Registry::default();
        let mut metrics = Self {
            http: HttpMetrics::register(&mut registry, PREFIX),
            database: DatabaseMetrics::register(&mut registry, PREFIX, backend, commits),
            process: ProcessMetrics::register(&mut registry),
            registry,
            unavailable: Family::default(),
            movements: Family::default(),
            logins: Family::default(),
            refusals: Family::default(),
            panics: Counter::default(),
            operations: Family::default(),
            webhook_attempts: Family::default(),
            pending_deliveries: Gauge::default(),
            oldest_due: Gauge::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "stockroom_build",
            "The version of the program",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        registry.register(
            "stockroom_unavailable",
            "Requests that failed temporarily (503, UNAVAILABLE), by cause",
            self.unavailable.clone(),
        );
        registry.register(
            "stockroom_movements",
            "Inflows and outflows recorded and committed",
            self.movements.clone(),
        );
        registry.register("stockroom_logins", "Logins by outcome", self.logins.clone());
        registry.register(
            "stockroom_rate_limit_refusals",
            "Requests refused by a rate limit",
            self.refusals.clone(),
        );
        registry.register(
            "stockroom_panics",
            "Requests that panicked and got the status 500",
            self.panics.clone(),
        );
        registry.register(
            "stockroom_graphql_operations",
            "GraphQL operations by type and error code, if they failed",
            self.operations.clone(),
        );
        registry.register(
            "stockroom_webhook_tries",
            "Webhook attempts by outcome",
            self.webhook_attempts.clone(),
        );
        registry.register(
            "stockroom_webhook_pending_deliveries",
            "Webhooks not yet delivered, of all servers; at most 10,000 are counted",
            self.pending_deliveries.clone(),
        );
        registry.register_with_unit(
            "stockroom_webhook_oldest_due",
            "How long the oldest due webhook has been due",
            Unit::Seconds,
            self.oldest_due.clone(),
        );
        // These exist from the start, with value 0, so that the first event shows as an increase.
        for kind in [Kind::Inflow, Kind::Outflow] {
            self.count_movements(kind, 0);
        }
        for outcome in [SUCCESS, FAILURE] {
            let _ = self.logins.get_or_create(&OutcomeLabel { outcome });
            let _ = self.webhook_attempts.get_or_create(&OutcomeLabel { outcome });
        }
    }

    /// Counts committed movements.
    pub fn count_movements(&self, kind: Kind, count: u64) {
        let kind = kind.singular();
        self.movements.get_or_create(&KindLabel { kind }).inc_by(count);
    }

    /// Counts a login attempt.
    pub fn count_login(&self, succeeded: bool) {
        let outcome = if succeeded { SUCCESS } else { FAILURE };
        self.logins.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// Counts a request refused by the rate limit of this name.
    pub fn count_rate_limited(&self, limit: &'static str) {
        self.refusals.get_or_create(&LimitLabel { limit }).inc();
    }

    /// Counts a request that failed temporarily.
    pub fn count_unavailable(&self, cause: &'static str) {
        self.unavailable.get_or_create(&CauseLabel { cause }).inc();
    }

    /// Counts a panic in a request handler.
    pub fn count_panic(&self) {
        self.panics.inc();
    }

    /// Counts a GraphQL operation, with the code of its first error.
    pub fn count_graphql_operation(
        &self,
        graphql_operation_type: &'static str,
        error_type: Option<&'static str>,
    ) {
        let labels = OperationLabels {
            graphql_operation_type,
            error_type: error_type.unwrap_or_default(),
        };
        self.operations.get_or_create(&labels).inc();
    }

    /// Counts a webhook attempt.
    pub fn count_webhook_attempt(&self, succeeded: bool) {
        let outcome = if succeeded { SUCCESS } else { FAILURE };
        self.webhook_attempts
            .get_or_create(&OutcomeLabel { outcome })
            .inc();
    }

    /// Sets the size of the webhook outbox.
    pub fn set_webhook_backlog(&self, pending: usize, oldest_due: Duration) {
        self.pending_deliveries
            .set(i64::try_from(pending).unwrap_or(i64::MAX));
        self.oldest_due.set(oldest_due.as_secs_f64());
    }

    /// All metrics in the exposition format, with the current values of the database.
    pub fn text(&self, db: &Database) -> Result<String> {
        self.database.update(db);
        self.process.update();
        let mut out = String::with_capacity(16 * 1024);
        text::encode(&mut out, &self.registry).map_err(Error::internal)?;
        Ok(out)
    }
}

const SUCCESS: &str = "success";
const FAILURE: &str = "failure";
