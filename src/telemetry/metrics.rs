//! The metrics of `/metrics`. Where OpenTelemetry has a name for one, it is used in Prometheus' spelling:
//! `http.server.request.duration` in seconds is `http_server_request_duration_seconds`.
//!
//! Every label has few values: routes are templates, never paths, and unknown values are `_OTHER` or empty.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::Method;
use database::{Backend, Database};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::error::{Error, Result};
use crate::kind::Kind;

/// The media type of `/metrics`: Prometheus' text format as standardised by `OpenMetrics`.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// OpenTelemetry's boundaries, and three below its first: most responses take less than five milliseconds.
const SECONDS: [f64; 17] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct RequestLabels {
    http_request_method: &'static str,
    http_route: String,
    http_response_status_code: u16,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct MethodLabel {
    http_request_method: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct KindLabel {
    kind: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct LimitLabel {
    limit: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct StateLabel {
    state: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct OperationLabels {
    graphql_operation_type: &'static str,
    error_type: &'static str,
}

/// A histogram of counts.
#[derive(Clone, Debug)]
pub struct Sizes(Histogram);

impl Sizes {
    /// For the number of changes in one commit: powers of two up to the most that one commit takes.
    pub fn of_commits() -> Self {
        Self(Histogram::new(exponential_buckets(1.0, 2.0, 9)))
    }

    pub fn histogram(&self) -> Histogram {
        self.0.clone()
    }

    pub fn observe(&self, size: usize) {
        self.0.observe(f64::from(u32::try_from(size).unwrap_or(u32::MAX)));
    }
}

/// The metrics of one gateway.
pub struct Metrics {
    registry: Registry,
    durations: Family<RequestLabels, Histogram, fn() -> Histogram>,
    active: Family<MethodLabel, Gauge>,
    movements: Family<KindLabel, Counter>,
    logins: Family<OutcomeLabel, Counter>,
    refusals: Family<LimitLabel, Counter>,
    panics: Counter,
    operations: Family<OperationLabels, Counter>,
    webhook_attempts: Family<OutcomeLabel, Counter>,
    clients: Gauge,
    connections: Family<StateLabel, Gauge>,
    statements: Counter,
    waiting: Gauge,
    commits: Sizes,
    due: Gauge,
    overdue: Gauge<f64, AtomicU64>,
}

impl Metrics {
    /// Metrics that all begin at 0.
    pub fn new(backend: Backend, commits: Sizes) -> Self {
        let durations: Family<RequestLabels, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(SECONDS));
        let mut metrics = Self {
            registry: Registry::default(),
            durations,
            active: Family::default(),
            movements: Family::default(),
            logins: Family::default(),
            refusals: Family::default(),
            panics: Counter::default(),
            operations: Family::default(),
            webhook_attempts: Family::default(),
            clients: Gauge::default(),
            connections: Family::default(),
            statements: Counter::default(),
            waiting: Gauge::default(),
            commits,
            due: Gauge::default(),
            overdue: Gauge::default(),
        };
        metrics.register();
        if backend == Backend::Sqlite {
            metrics.register_writer();
        }
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register_with_unit(
            "http_server_request_duration",
            "Time from the head of a request to the head of its response",
            Unit::Seconds,
            self.durations.clone(),
        );
        registry.register(
            "http_server_active_requests",
            "Requests in progress",
            self.active.clone(),
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
            "Requests that ended in a panic and a 500",
            self.panics.clone(),
        );
        registry.register(
            "db_client_connection_count",
            "Database connections by state",
            self.connections.clone(),
        );
        registry.register(
            "stockroom_db_statements",
            "Statements sent to the database",
            self.statements.clone(),
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
            "Webhooks not yet delivered, by all gateways; at most 10,000 are counted",
            self.due.clone(),
        );
        registry.register_with_unit(
            "stockroom_webhook_oldest_due",
            "How long the oldest due webhook has been due",
            Unit::Seconds,
            self.overdue.clone(),
        );
        registry.register(
            "stockroom_open_connections",
            "Client connections",
            self.clients.clone(),
        );
        // These begin at 0, not absent, so that the first event shows as an increase.
        for kind in [Kind::Inflow, Kind::Outflow] {
            self.movements_committed(kind, 0);
        }
        for outcome in [SUCCESS, FAILURE] {
            let _ = self.logins.get_or_create(&OutcomeLabel { outcome });
            let _ = self.webhook_attempts.get_or_create(&OutcomeLabel { outcome });
        }
    }

    fn register_writer(&mut self) {
        self.registry.register(
            "stockroom_writer_waiting",
            "Changes waiting for SQLite's writer",
            self.waiting.clone(),
        );
        self.registry.register(
            "stockroom_writer_commit_size",
            "Changes in one commit",
            self.commits.histogram(),
        );
    }

    /// Counts a request as active until the guard is dropped.
    pub fn begin(&self, method: &Method) -> ActiveRequest {
        let method = method_name(method);
        let gauge = self.active.get_or_create_owned(&MethodLabel {
            http_request_method: method,
        });
        gauge.inc();
        ActiveRequest { gauge, method }
    }

    /// Records a finished request.
    pub fn request_finished(&self, active: &ActiveRequest, route: &str, status: u16, took: Duration) {
        let labels = RequestLabels {
            http_request_method: active.method,
            http_route: route.to_owned(),
            http_response_status_code: status,
        };
        self.durations.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// Counts committed movements.
    pub fn movements_committed(&self, kind: Kind, count: u64) {
        let kind = kind.singular();
        self.movements.get_or_create(&KindLabel { kind }).inc_by(count);
    }

    /// Counts a login attempt.
    pub fn login(&self, succeeded: bool) {
        let outcome = if succeeded { SUCCESS } else { FAILURE };
        self.logins.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// Counts a request refused by the rate limit of this name.
    pub fn rate_limited(&self, limit: &'static str) {
        self.refusals.get_or_create(&LimitLabel { limit }).inc();
    }

    /// Counts a panic in a request handler.
    pub fn panicked(&self) {
        self.panics.inc();
    }

    /// Counts a GraphQL operation, with the code of its first error.
    pub fn graphql_operation(&self, graphql_operation_type: &'static str, error_type: Option<&'static str>) {
        let labels = OperationLabels {
            graphql_operation_type,
            error_type: error_type.unwrap_or_default(),
        };
        self.operations.get_or_create(&labels).inc();
    }

    /// Counts a webhook attempt.
    pub fn webhook_attempt(&self, succeeded: bool) {
        let outcome = if succeeded { SUCCESS } else { FAILURE };
        self.webhook_attempts
            .get_or_create(&OutcomeLabel { outcome })
            .inc();
    }

    /// Counts a client connection until the guard is dropped.
    pub fn connected(&self) -> OpenConnection {
        self.clients.inc();
        OpenConnection(self.clients.clone())
    }

    /// Sets the size of the webhook outbox.
    pub fn set_webhook_backlog(&self, pending: usize, oldest_due: Duration) {
        self.due.set(whole(pending));
        self.overdue.set(oldest_due.as_secs_f64());
    }

    /// All metrics in the exposition format, with the database's as they are now.
    pub fn text(&self, db: &Database) -> Result<String> {
        let connections = db.connections();
        for (state, count) in [("idle", connections.idle), ("used", connections.used)] {
            self.connections
                .get_or_create(&StateLabel { state })
                .set(whole(count));
        }
        self.statements.inner().store(db.statements(), Ordering::Relaxed);
        self.waiting.set(whole(db.waiting_transactions()));
        let mut out = String::with_capacity(16 * 1024);
        text::encode(&mut out, &self.registry).map_err(Error::internal)?;
        Ok(out)
    }
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

const SUCCESS: &str = "success";
const FAILURE: &str = "failure";

/// A client connection that is counted.
pub struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A request that is counted as active.
pub struct ActiveRequest {
    gauge: Gauge,
    method: &'static str,
}

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}

/// The method's name as a label; unknown methods share one value.
pub fn method_name(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = [
        "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE",
    ];
    KNOWN
        .into_iter()
        .find(|known| *known == method.as_str())
        .unwrap_or("_OTHER")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_methods_share_one_label() {
        let unknown = Method::from_bytes(b"FROBNICATE").unwrap();
        assert_eq!(method_name(&unknown), "_OTHER");
        assert_eq!(method_name(&Method::PATCH), "PATCH");
    }
}
