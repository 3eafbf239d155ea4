//! The size of the webhook outbox, for metrics. The cost of a measurement is bounded, and it is made at most every 5 seconds,
//! however often `/metrics` is read.

use std::time::Duration;

use chrono::{DateTime, Utc};
use database::Database;
use sea_orm::{ConnectionTrait as _, Statement};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::error::Result;

/// The maximum number of deliveries that are counted.
const MAX_COUNTED: usize = 10_000;
/// How long a measurement is reused.
const MAX_AGE: Duration = Duration::from_secs(5);
/// The maximum time for a measurement. If it takes longer, the previous result is returned.
const TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, Default)]
pub struct Backlog {
    /// The number of deliveries that are due now or later, counted up to 10,000.
    pub pending: usize,
    /// How long the oldest due delivery has been due.
    pub oldest_due: Duration,
}

/// The last measurement.
#[derive(Default)]
pub struct BacklogCache(Mutex<Option<(Instant, Backlog)>>);

impl BacklogCache {
    /// The backlog of a few seconds ago, or of the time when the database last responded.
    pub async fn get(&self, db: &Database, now: DateTime<Utc>) -> Backlog {
        // The lock is held during the measurement, so that concurrent callers share it.
        let mut last = self.0.lock().await;
        if let Some((measured_at, backlog)) = *last
            && measured_at.elapsed() < MAX_AGE
        {
            return backlog;
        }
        let previous = last.map(|(_, backlog)| backlog).unwrap_or_default();
        let backlog = match tokio::time::timeout(TIMEOUT, measure(db, now)).await {
            Ok(Ok(backlog)) => backlog,
            Ok(Err(error)) => {
                tracing::warn!(?error, "the webhook backlog could not be measured");
                previous
            }
            Err(_) => previous,
        };
        *last = Some((Instant::now(), backlog));
        backlog
    }
}

async fn measure(db: &Database, now: DateTime<Utc>) -> Result<Backlog> {
    let statement = |sql: &str| Statement::from_string(db.get_database_backend(), sql);
    let pending = format!(
        "SELECT COUNT(*) AS pending FROM (SELECT 1 FROM delivery WHERE due_at IS NOT NULL LIMIT {MAX_COUNTED}) AS due"
    );
    let pending: i64 = match db.query_one_raw(statement(&pending)).await? {
        Some(row) => row.try_get("", "pending")?,
        None => 0,
    };
    // One index look-up for each endpoint.
    let oldest = "SELECT delivery.due_at FROM endpoint JOIN delivery ON delivery.id = (
            SELECT earliest.id FROM delivery AS earliest
            WHERE earliest.endpoint_id = endpoint.id AND earliest.due_at IS NOT NULL
            ORDER BY earliest.due_at, earliest.id LIMIT 1)
        ORDER BY delivery.due_at LIMIT 1";
    let oldest: Option<DateTime<Utc>> = match db.query_one_raw(statement(oldest)).await? {
        Some(row) => Some(row.try_get("", "due_at")?),
        None => None,
    };
    let oldest_due = oldest.map(|due_at| now - due_at);
    Ok(Backlog {
        pending: usize::try_from(pending).unwrap_or_default(),
        oldest_due: oldest_due.and_then(|due| due.to_std().ok()).unwrap_or_default(),
    })
}
