//! The figures of `/metrics`, by OpenTelemetry's names where it has one, as Prometheus spells them:
//! `http.server.request.duration` in seconds is `http_server_request_duration_seconds`.
//!
//! Every label has few values: routes are templates, never paths, and what is not known is `_OTHER` or empty.

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

/// How the answer declares itself: Prometheus' own text form, as standardised by `OpenMetrics`.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// OpenTelemetry's boundaries, and three below its first: most of our answers take less than five milliseconds.
const SECONDS: [f64; 17] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Answered {
    http_request_method: &'static str,
    http_route: String,
    http_response_status_code: u16,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Asked {
    http_request_method: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Moved {
    kind: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Ended {
    outcome: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Limited {
    limit: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Pooled {
    state: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Executed {
    graphql_operation_type: &'static str,
    error_type: &'static str,
}

/// How many there were each time.
#[derive(Clone, Debug)]
pub struct Sizes(Histogram);

impl Sizes {
    /// Changes that were committed together: powers of two up to what one commit takes.
    pub fn of_commits() -> Self {
        Self(Histogram::new(exponential_buckets(1.0, 2.0, 9)))
    }

    /// As it is registered.
    pub fn histogram(&self) -> Histogram {
        self.0.clone()
    }

    /// Notes one of them.
    pub fn observe(&self, size: usize) {
        self.0.observe(f64::from(u32::try_from(size).unwrap_or(u32::MAX)));
    }
}

/// The figures of one gateway.
pub struct Metrics {
    registry: Registry,
    durations: Family<Answered, Histogram, fn() -> Histogram>,
    active: Family<Asked, Gauge>,
    movements: Family<Moved, Counter>,
    logins: Family<Ended, Counter>,
    refusals: Family<Limited, Counter>,
    panics: Counter,
    operations: Family<Executed, Counter>,
    tries: Family<Ended, Counter>,
    clients: Gauge,
    connections: Family<Pooled, Gauge>,
    statements: Counter,
    waiting: Gauge,
    commits: Sizes,
    due: Gauge,
    overdue: Gauge<f64, AtomicU64>,
}

impl Metrics {
    /// Figures that all begin with 0.
    pub fn new(backend: Backend, commits: Sizes) -> Self {
        let durations: Family<Answered, Histogram, fn() -> Histogram> =
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
            tries: Family::default(),
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
            "How long requests took, from their head to the head of their answer",
            Unit::Seconds,
            self.durations.clone(),
        );
        registry.register(
            "http_server_active_requests",
            "Requests that are being answered",
            self.active.clone(),
        );
        registry.register(
            "stockroom_movements",
            "Inflows and outflows that were recorded and committed",
            self.movements.clone(),
        );
        registry.register("stockroom_logins", "Logins by their outcome", self.logins.clone());
        registry.register(
            "stockroom_rate_limit_refusals",
            "Requests that were refused because there were too many",
            self.refusals.clone(),
        );
        registry.register(
            "stockroom_panics",
            "Requests that ended in a mistake of ours and a 500",
            self.panics.clone(),
        );
        registry.register(
            "db_client_connection_count",
            "Connections to the database by their state",
            self.connections.clone(),
        );
        registry.register(
            "stockroom_db_statements",
            "Statements sent to the database",
            self.statements.clone(),
        );
        registry.register(
            "stockroom_graphql_operations",
            "GraphQL operations by their type and how they failed, if they did",
            self.operations.clone(),
        );
        registry.register(
            "stockroom_webhook_tries",
            "Tries to deliver a webhook by their outcome",
            self.tries.clone(),
        );
        registry.register(
            "stockroom_webhook_pending_deliveries",
            "Webhooks that are still to be delivered, by all gateways; 10,000 stands for more",
            self.due.clone(),
        );
        registry.register_with_unit(
            "stockroom_webhook_oldest_due",
            "How long the webhook that has waited longest could have been delivered",
            Unit::Seconds,
            self.overdue.clone(),
        );
        registry.register(
            "stockroom_open_connections",
            "Connections of clients",
            self.clients.clone(),
        );
        // What has not happened yet is 0, not absent, so that the first time shows as a rise.
        for kind in [Kind::Inflow, Kind::Outflow] {
            self.moved(kind, 0);
        }
        for outcome in [SUCCESS, FAILURE] {
            let _ = self.logins.get_or_create(&Ended { outcome });
            let _ = self.tries.get_or_create(&Ended { outcome });
        }
    }

    fn register_writer(&mut self) {
        self.registry.register(
            "stockroom_writer_waiting",
            "Changes that wait for SQLite's writer",
            self.waiting.clone(),
        );
        self.registry.register(
            "stockroom_writer_commit_size",
            "Changes that were committed together",
            self.commits.histogram(),
        );
    }

    /// A request begins; the guard ends it.
    pub fn begin(&self, method: &Method) -> Active {
        let method = method_name(method);
        let gauge = self.active.get_or_create_owned(&Asked {
            http_request_method: method,
        });
        gauge.inc();
        Active { gauge, method }
    }

    /// A request was answered.
    pub fn answered(&self, active: &Active, route: &str, status: u16, took: Duration) {
        let labels = Answered {
            http_request_method: active.method,
            http_route: route.to_owned(),
            http_response_status_code: status,
        };
        self.durations.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// Movements were committed.
    pub fn moved(&self, kind: Kind, count: u64) {
        let kind = kind.singular();
        self.movements.get_or_create(&Moved { kind }).inc_by(count);
    }

    /// Somebody logged in, or failed to.
    pub fn login(&self, succeeded: bool) {
        let outcome = if succeeded { SUCCESS } else { FAILURE };
        self.logins.get_or_create(&Ended { outcome }).inc();
    }

    /// Somebody asked too often.
    pub fn refused(&self, limit: &'static str) {
        self.refusals.get_or_create(&Limited { limit }).inc();
    }

    /// A handler panicked.
    pub fn panicked(&self) {
        self.panics.inc();
    }

    /// An operation of GraphQL was executed, or refused with this code.
    pub fn operated(&self, graphql_operation_type: &'static str, error_type: Option<&'static str>) {
        let labels = Executed {
            graphql_operation_type,
            error_type: error_type.unwrap_or_default(),
        };
        self.operations.get_or_create(&labels).inc();
    }

    /// A webhook attempt has ended.
    pub fn webhook_attempt(&self, succeeded: bool) {
        let outcome = if succeeded { SUCCESS } else { FAILURE };
        self.tries.get_or_create(&Ended { outcome }).inc();
    }

    /// A client has connected; the guard says goodbye.
    pub fn connected(&self) -> Counted {
        self.clients.inc();
        Counted(self.clients.clone())
    }

    /// The webhook outbox was measured.
    pub fn webhook_backlog(&self, pending: usize, oldest_due: Duration) {
        self.due.set(whole(pending));
        self.overdue.set(oldest_due.as_secs_f64());
    }

    /// All metrics in the exposition format, with the database's as they are now.
    pub fn text(&self, db: &Database) -> Result<String> {
        let connections = db.connections();
        for (state, count) in [("idle", connections.idle), ("used", connections.used)] {
            self.connections
                .get_or_create(&Pooled { state })
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

/// Something that is there, until it is dropped.
pub struct Counted(Gauge);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A request that is being answered.
pub struct Active {
    gauge: Gauge,
    method: &'static str,
}

impl Drop for Active {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}

/// A method by its name; one that a client made up is not a value of a label.
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
    fn made_up_methods_share_one_label() {
        let made_up = Method::from_bytes(b"FROBNICATE").unwrap();
        assert_eq!(method_name(&made_up), "_OTHER");
        assert_eq!(method_name(&Method::PATCH), "PATCH");
    }
}
