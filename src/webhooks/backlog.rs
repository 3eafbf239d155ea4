//! How much the outbox still holds, for the figures: what it costs to find out is bounded, and it is found out now and
//! then and not whenever somebody asks.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait as _, Statement};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::app::App;
use crate::error::Result;

/// The most deliveries that are counted.
const COUNTED: usize = 10_000;
/// How long what was found out is good.
const GOOD_FOR: Duration = Duration::from_secs(5);
/// How long the database may take; afterwards it is as it was.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is still to be told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backlog {
    /// Deliveries that are due or will be, up to a bound.
    pub pending: usize,
    /// For how long the one that is due longest has been due.
    pub oldest_due: Duration,
}

/// What was last found out.
#[derive(Default)]
pub struct Outbox(Mutex<Option<(Instant, Backlog)>>);

impl Outbox {
    /// How it is now, or was a moment ago, or when the database last answered.
    pub async fn now(&self, app: &App) -> Backlog {
        // Those who ask together wait for one answer.
        let mut known = self.0.lock().await;
        if let Some((found, backlog)) = *known
            && found.elapsed() < GOOD_FOR
        {
            return backlog;
        }
        let found = match tokio::time::timeout(PATIENCE, find_out(app)).await {
            Ok(Ok(backlog)) => backlog,
            Ok(Err(error)) => {
                tracing::warn!(?error, "the outbox could not be read");
                known.map(|(_, backlog)| backlog).unwrap_or_default()
            }
            Err(_) => known.map(|(_, backlog)| backlog).unwrap_or_default(),
        };
        *known = Some((Instant::now(), found));
        found
    }
}

async fn find_out(app: &App) -> Result<Backlog> {
    let db = &app.db;
    let ask = |sql: &str| Statement::from_string(db.get_database_backend(), sql);
    let pending = format!(
        "SELECT COUNT(*) AS pending FROM (SELECT 1 FROM delivery WHERE due_at IS NOT NULL LIMIT {COUNTED}) AS unsettled"
    );
    let pending: i64 = match db.query_one_raw(ask(&pending)).await? {
        Some(row) => row.try_get("", "pending")?,
        None => 0,
    };
    // One look at the index for each endpoint.
    let oldest = "SELECT delivery.due_at FROM endpoint JOIN delivery ON delivery.id = (
            SELECT earliest.id FROM delivery AS earliest
            WHERE earliest.endpoint_id = endpoint.id AND earliest.due_at IS NOT NULL
            ORDER BY earliest.due_at, earliest.id LIMIT 1)
        ORDER BY delivery.due_at LIMIT 1";
    let oldest: Option<DateTime<Utc>> = match db.query_one_raw(ask(oldest)).await? {
        Some(row) => Some(row.try_get("", "due_at")?),
        None => None,
    };
    let waited = oldest.map(|due_at| app.clock.now() - due_at);
    Ok(Backlog {
        pending: usize::try_from(pending).unwrap_or_default(),
        oldest_due: waited.and_then(|waited| waited.to_std().ok()).unwrap_or_default(),
    })
}
