//! The figures of `/metrics`, by OpenTelemetry's names where it has one, as Prometheus spells them:
//! `http.server.request.duration` in seconds is `http_server_request_duration_seconds`.
//!
//! Every label has few values: routes are templates, never paths, and what is not known is `_OTHER` or empty.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::http::Method;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::db::Connections;
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

/// The figures of one gateway.
pub struct Metrics {
    registry: Registry,
    durations: Family<Answered, Histogram, fn() -> Histogram>,
    active: Family<Asked, Gauge>,
    movements: Family<Moved, Counter>,
    logins: Family<Ended, Counter>,
    refusals: Family<Limited, Counter>,
    panics: Counter,
    connections: Family<Pooled, Gauge>,
    statements: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
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
            connections: Family::default(),
            statements: Counter::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
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
        // What has not happened yet is 0, not absent, so that the first time shows as a rise.
        for kind in [Kind::Inflow, Kind::Outflow] {
            self.moved(kind, 0);
        }
        for outcome in [SUCCESS, FAILURE] {
            let _ = self.logins.get_or_create(&Ended { outcome });
        }
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

    /// All figures, as Prometheus reads them.
    pub fn text(&self, connections: Connections, statements: u64) -> Result<String> {
        for (state, count) in [("idle", connections.idle), ("used", connections.used)] {
            self.connections
                .get_or_create(&Pooled { state })
                .set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        self.statements.inner().store(statements, Ordering::Relaxed);
        let mut out = String::with_capacity(16 * 1024);
        text::encode(&mut out, &self.registry).map_err(Error::internal)?;
        Ok(out)
    }
}

const SUCCESS: &str = "success";
const FAILURE: &str = "failure";

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

/// A method that a client made up is not a value of a label.
fn method_name(method: &Method) -> &'static str {
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

    #[test]
    fn every_family_has_its_documented_name() {
        let metrics = Metrics::default();
        let active = metrics.begin(&Method::GET);
        metrics.answered(&active, "/api/v1/products/{id}", 200, Duration::from_millis(3));
        metrics.moved(Kind::Outflow, 2);
        let connections = Connections { idle: 3, used: 1 };
        let text = metrics.text(connections, 12).unwrap();
        for line in [
            "# TYPE http_server_request_duration_seconds histogram",
            "http_server_request_duration_seconds_bucket{le=\"0.005\",http_request_method=\"GET\",http_route=\"/api/v1/products/{id}\",http_response_status_code=\"200\"} 1",
            "http_server_request_duration_seconds_bucket{le=\"0.0025\",http_request_method=\"GET\",http_route=\"/api/v1/products/{id}\",http_response_status_code=\"200\"} 0",
            "http_server_active_requests{http_request_method=\"GET\"} 1",
            "stockroom_movements_total{kind=\"outflow\"} 2",
            "stockroom_movements_total{kind=\"inflow\"} 0",
            "db_client_connection_count{state=\"idle\"} 3",
            "stockroom_db_statements_total 12",
        ] {
            assert!(
                text.lines().any(|found| found == line),
                "{line}\nis not in\n{text}"
            );
        }
        drop(active);
        let text = metrics.text(connections, 12).unwrap();
        assert!(
            text.contains("http_server_active_requests{http_request_method=\"GET\"} 0"),
            "{text}"
        );
    }
}
