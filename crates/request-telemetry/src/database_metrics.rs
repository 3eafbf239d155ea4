//! Metrics of the database.

use std::sync::atomic::Ordering;

use database::{Backend, Database};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct StateLabel {
    state: &'static str,
}

/// The number of changes in one commit.
#[derive(Clone, Debug)]
pub struct CommitSizes(Histogram);

impl Default for CommitSizes {
    /// Buckets at powers of two, up to 256, the maximum number of changes in one commit.
    fn default() -> Self {
        Self(Histogram::new(exponential_buckets(1.0, 2.0, 9)))
    }
}

impl CommitSizes {
    pub fn observe(&self, size: usize) {
        self.0.observe(f64::from(u32::try_from(size).unwrap_or(u32::MAX)));
    }
}

/// Metrics of connections, statements and, on SQLite, the writer.
pub struct DatabaseMetrics {
    connections: Family<StateLabel, Gauge>,
    statements: Counter,
    waiting: Gauge,
}

impl DatabaseMetrics {
    /// Registers the metrics. Names that are not from OpenTelemetry's conventions begin with `prefix`.
    pub fn register(registry: &mut Registry, prefix: &str, backend: Backend, commits: &CommitSizes) -> Self {
        let metrics = Self {
            connections: Family::default(),
            statements: Counter::default(),
            waiting: Gauge::default(),
        };
        registry.register(
            "db_client_connection_count",
            "Database connections by state",
            metrics.connections.clone(),
        );
        registry.register(
            format!("{prefix}_db_statements"),
            "Statements sent to the database",
            metrics.statements.clone(),
        );
        if backend == Backend::Sqlite {
            registry.register(
                format!("{prefix}_writer_waiting"),
                "Changes waiting for SQLite's writer",
                metrics.waiting.clone(),
            );
            registry.register(
                format!("{prefix}_writer_commit_size"),
                "Changes in one commit",
                commits.0.clone(),
            );
        }
        metrics
    }

    /// Sets the metrics to the current values of the database.
    pub fn update(&self, db: &Database) {
        let connections = db.connections();
        for (state, count) in [("idle", connections.idle), ("used", connections.used)] {
            self.connections
                .get_or_create(&StateLabel { state })
                .set(gauge_value(count));
        }
        self.statements.inner().store(db.statements(), Ordering::Relaxed);
        self.waiting.set(gauge_value(db.waiting_transactions()));
    }
}

fn gauge_value(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
