//! Deletes old events, and the remaining deliveries of deleted endpoints; fails those of disabled endpoints.
//!
//! There may be millions of rows, so they are changed in batches: no transaction blocks others for long.

use std::sync::Arc;
use std::time::Duration;

use ::entity::removed_endpoint;
use ::entity::webhook_endpoint;
use chrono::TimeDelta;
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};

use super::disable::{BATCH, delete_deliveries, deletes, fail_pending};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::services::Services;
use crate::tx::Tx;

/// Time between two runs.
const INTERVAL: Duration = Duration::from_secs(3_600);
/// How often the clock is checked for the next run.
const POLL: Duration = Duration::from_secs(60);
/// How long events are kept.
const KEPT: TimeDelta = TimeDelta::days(30);
/// How long after an endpoint's deletion a transaction that has read it may still insert deliveries for it.
const STRAGGLERS: TimeDelta = TimeDelta::hours(1);
/// The maximum number of batches of one kind in a run. The next run changes the rest.
const MAX_BATCHES: usize = 1_000;
/// Pause between two batches, for other transactions.
const PAUSE: Duration = Duration::from_millis(20);

/// Runs [`clean`] every hour until shutdown.
pub async fn run(services: Arc<Services>) {
    let mut next = services.clock.monotonic();
    while !services.is_stopping() {
        if services.clock.monotonic() >= next {
            next = services.clock.monotonic() + INTERVAL;
            if let Err(error) = clean(&services).await {
                tracing::warn!(?error, "old webhook events were not deleted");
            }
        }
        tokio::select! {
            () = services.stopped() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

/// Deletes old events without due deliveries and the deliveries of deleted endpoints, and fails the due deliveries of
/// disabled ones.
///
/// # Errors
/// Fails if the database can't be written.
pub async fn clean(services: &Arc<Services>) -> Result<()> {
    in_batches(services, Step::OldEvents).await?;
    let disabled = webhook_endpoint::Entity::find()
        .filter(webhook_endpoint::Column::EndedAt.is_not_null())
        .all(&services.db)
        .await?;
    for endpoint in disabled {
        in_batches(services, Step::DisabledEndpoint(endpoint.id)).await?;
    }
    for removed in removed_endpoint::Entity::find().all(&services.db).await? {
        in_batches(services, Step::DeletedEndpoint(removed.endpoint_id)).await?;
        if removed.removed_at + STRAGGLERS < services.clock.now() {
            in_batches(services, Step::DeletionRecord(removed.endpoint_id)).await?;
        }
    }
    Ok(())
}

#[derive(Clone, Copy, Debug)]
enum Step {
    OldEvents,
    DisabledEndpoint(i64),
    DeletedEndpoint(i64),
    /// The row that records the deletion of an endpoint.
    DeletionRecord(i64),
}

/// Runs one transaction after another as long as each finds a full batch.
async fn in_batches(services: &Arc<Services>, step: Step) -> Result<()> {
    for _ in 0..MAX_BATCHES {
        if services.is_stopping() {
            break;
        }
        let ctx = Ctx::system(Arc::clone(services));
        let batch = ctx.transaction(move |tx| {
            Box::pin(async move {
                Ok(match step {
                    Step::OldEvents => delete_old_events(tx).await,
                    Step::DisabledEndpoint(id) => fail_pending_if_disabled(tx, id).await,
                    Step::DeletedEndpoint(id) => delete_deliveries(tx, id).await,
                    Step::DeletionRecord(id) => delete_record(tx, id).await,
                }?)
            })
        });
        if !batch.await? {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// An event is deleted with one delivery for each endpoint, so the batch is smaller the more endpoints there are.
async fn delete_old_events(tx: &Tx) -> Result<bool, DbErr> {
    let endpoints = webhook_endpoint::Entity::find().count(tx).await?;
    let limit = u64::from(BATCH).div_ceil(endpoints.saturating_add(1));
    let sql = format!(
        "DELETE FROM event WHERE id IN (
            SELECT id FROM event WHERE created_at < $1 AND NOT EXISTS (
                SELECT 1 FROM delivery WHERE event_id = event.id AND due_at IS NOT NULL)
            ORDER BY created_at, id LIMIT {limit})"
    );
    Ok(deletes(tx, sql, tx.ctx().now - KEPT).await? >= limit)
}

/// The endpoint may have been enabled again since it was read.
async fn fail_pending_if_disabled(tx: &Tx, endpoint_id: i64) -> Result<bool, DbErr> {
    let found = webhook_endpoint::Entity::find_by_id(endpoint_id).one(tx).await?;
    match found {
        Some(endpoint) if endpoint.ended_at.is_some() => fail_pending(tx, endpoint_id).await,
        _ => Ok(false),
    }
}

/// Deletes the record of a deleted endpoint, unless it has deliveries left.
async fn delete_record(tx: &Tx, endpoint_id: i64) -> Result<bool, DbErr> {
    let sql = "DELETE FROM removed_endpoint WHERE endpoint_id = $1 AND NOT EXISTS (
                 SELECT 1 FROM delivery WHERE delivery.endpoint_id = removed_endpoint.endpoint_id)";
    deletes(tx, sql.to_owned(), endpoint_id).await?;
    Ok(false)
}
