//! Deletes old events and the remaining deliveries of deleted endpoints, and fails the pending deliveries of disabled ones.
//!
//! There may be millions of rows, so they are changed in batches: no transaction blocks others for long.

use std::sync::Arc;
use std::time::Duration;

use ::entity::removed_endpoint;
use ::entity::webhook_endpoint;
use chrono::TimeDelta;
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};

use super::disable::{BATCH, delete_deliveries, execute_delete, fail_pending};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::services::Services;
use crate::tx::Tx;

/// Time between two runs.
const INTERVAL: Duration = Duration::from_secs(3_600);
/// How often the clock is checked for the next run.
const POLL: Duration = Duration::from_secs(60);
/// How long events are kept.
const RETENTION: TimeDelta = TimeDelta::days(30);
/// The time after an endpoint's deletion during which a transaction that has read the endpoint can still insert deliveries.
const LATE_INSERTS: TimeDelta = TimeDelta::hours(1);
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
            () = services.wait_for_shutdown() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

/// Deletes old events without pending deliveries and the deliveries of deleted endpoints, and fails the pending
/// deliveries of disabled ones.
///
/// # Errors
/// Fails if the database can't be written.
pub async fn clean(services: &Arc<Services>) -> Result<()> {
    run_in_batches(services, Step::OldEvents).await?;
    let disabled = webhook_endpoint::Entity::find()
        .filter(webhook_endpoint::Column::EndedAt.is_not_null())
        .all(&services.db)
        .await?;
    for endpoint in disabled {
        run_in_batches(services, Step::DisabledEndpoint(endpoint.id)).await?;
    }
    for removed in removed_endpoint::Entity::find().all(&services.db).await? {
        run_in_batches(services, Step::DeletedEndpoint(removed.endpoint_id)).await?;
        if removed.removed_at + LATE_INSERTS < services.clock.now() {
            run_in_batches(services, Step::DeletionRecord(removed.endpoint_id)).await?;
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

/// Runs a step in one transaction after another until a batch is not full, at most [`MAX_BATCHES`] times.
async fn run_in_batches(services: &Arc<Services>, step: Step) -> Result<()> {
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

/// Deletes a batch of old events. The deliveries of an event are deleted with it, one for each endpoint, so the batch is
/// smaller if there are more endpoints.
async fn delete_old_events(tx: &Tx) -> Result<bool, DbErr> {
    let endpoints = webhook_endpoint::Entity::find().count(tx).await?;
    let limit = u64::from(BATCH).div_ceil(endpoints.saturating_add(1));
    let sql = format!(
        "DELETE FROM event WHERE id IN (
            SELECT id FROM event WHERE created_at < $1 AND NOT EXISTS (
                SELECT 1 FROM delivery WHERE event_id = event.id AND due_at IS NOT NULL)
            ORDER BY created_at, id LIMIT {limit})"
    );
    Ok(execute_delete(tx, sql, tx.ctx().now - RETENTION).await? >= limit)
}

/// Fails a batch of deliveries, unless the endpoint has been enabled again since it was read.
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
    execute_delete(tx, sql.to_owned(), endpoint_id).await?;
    Ok(false)
}
