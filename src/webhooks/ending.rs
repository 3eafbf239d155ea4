//! What comes to an end: endpoints that are told of nothing any more, with what was still to be told to them, and old
//! events with their deliveries.
//!
//! There may be millions of deliveries, so they go in batches: no transaction holds anybody up for long.

use std::sync::Arc;
use std::time::Duration;

use ::entity::delivery::{self, Outcome};
use ::entity::removed_endpoint;
use ::entity::webhook_endpoint::{self, Ending};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveValue, ColumnTrait as _, ConnectionTrait as _, DbErr, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _, Statement,
};

use crate::app::App;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::tx::Tx;

/// How often what has ended is cleared away.
const CLEARING: TimeDelta = TimeDelta::hours(1);
/// How often it is looked whether it is time to.
const LOOK: Duration = Duration::from_secs(60);
/// How long what has been told is kept.
const KEPT: TimeDelta = TimeDelta::days(30);
/// How long after an endpoint was removed a transaction that knew it may still write deliveries for it.
const STRAGGLERS: TimeDelta = TimeDelta::hours(1);
/// The most rows that one transaction clears away.
const BATCH: u32 = 1_000;
/// The most batches of one clearing; the rest waits for the next.
const BATCHES: usize = 1_000;
/// How long others have the database to themselves between two batches.
const BREATH: Duration = Duration::from_millis(20);

/// Clears away, now and then, until the program is told to stop.
pub async fn run(app: Arc<App>) {
    let mut next = app.clock.now();
    while !app.is_stopping() {
        if app.clock.now() >= next {
            next = app.clock.now() + CLEARING;
            if let Err(error) = clear(&app).await {
                tracing::warn!(?error, "old webhook events were not cleared");
            }
        }
        tokio::select! {
            () = app.stopped() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Gives an endpoint up, and with it what was still to be told to it.
pub async fn end(tx: &Tx, endpoint_id: i64, because: Ending) -> Result<(), DbErr> {
    use webhook_endpoint::{Column, Entity};
    let now = tx.ctx().now;
    Entity::update_many()
        .col_expr(Column::EndedAt, Expr::val(now))
        .col_expr(Column::EndedBecause, Expr::val(because))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::UpdatedAt, Expr::val(now))
        .filter(Column::Id.eq(endpoint_id))
        .filter(Column::EndedAt.is_null())
        .exec(tx)
        .await?;
    give_up(tx, endpoint_id).await?;
    Ok(())
}

/// Gives up a batch of what is still to be told to an endpoint that has ended, and says whether that was a whole one.
/// What is being tried in this moment is left to whoever tries it.
pub async fn give_up(tx: &Tx, endpoint_id: i64) -> Result<bool, DbErr> {
    use delivery::{Column, Entity};
    let now = tx.ctx().now;
    let chosen = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::EndpointId.eq(endpoint_id))
        .filter(Column::DueAt.is_not_null())
        .filter(Column::LeasedUntil.is_null().or(Column::LeasedUntil.lte(now)))
        .order_by_asc(Column::DueAt)
        .limit(u64::from(BATCH));
    let ended = Entity::update_many()
        .col_expr(Column::DueAt, Expr::val(None::<DateTime<Utc>>))
        .col_expr(Column::LeasedUntil, Expr::val(None::<DateTime<Utc>>))
        .col_expr(Column::Outcome, Expr::val(Outcome::Failed))
        .col_expr(Column::EndedAt, Expr::val(now))
        .col_expr(Column::LastError, Expr::val("the endpoint was given up"))
        .filter(Column::Id.in_subquery(chosen.into_query()))
        .exec(tx)
        .await?;
    Ok(ended.rows_affected >= u64::from(BATCH))
}

/// Removes a batch of the deliveries of an endpoint that has been removed; the clearing removes what is left.
pub async fn remove(tx: &Tx, endpoint_id: i64) -> Result<(), DbErr> {
    let removed = removed_endpoint::ActiveModel {
        endpoint_id: ActiveValue::Set(endpoint_id),
        removed_at: ActiveValue::Set(tx.ctx().now),
    };
    removed_endpoint::Entity::insert(removed)
        .exec_without_returning(tx)
        .await?;
    forget(tx, endpoint_id).await?;
    Ok(())
}

async fn forget(tx: &Tx, endpoint_id: i64) -> Result<bool, DbErr> {
    let sql = format!(
        "DELETE FROM delivery WHERE id IN (
            SELECT id FROM delivery WHERE endpoint_id = $1 ORDER BY id LIMIT {BATCH})"
    );
    Ok(deletes(tx, sql, endpoint_id).await? >= u64::from(BATCH))
}

/// How many rows a statement deletes.
async fn deletes(tx: &Tx, sql: String, value: impl Into<sea_orm::Value>) -> Result<u64, DbErr> {
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [value.into()]);
    Ok(tx.execute_raw(statement).await?.rows_affected())
}

/// One thing to clear away, in batches.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Events that nobody is still to be told of.
    OldEvents,
    /// What is still to be told to an endpoint that has ended.
    OfEnded(i64),
    /// The deliveries of an endpoint that is gone.
    OfRemoved(i64),
    /// That there was one.
    Removed(i64),
}

/// Clears away old events that nobody is still to be told of, what was to be told to endpoints that have ended, and the
/// deliveries of those that are gone.
///
/// # Errors
/// When the database can't be written.
pub async fn clear(app: &Arc<App>) -> Result<()> {
    in_batches(app, Step::OldEvents).await?;
    let ended = webhook_endpoint::Entity::find()
        .filter(webhook_endpoint::Column::EndedAt.is_not_null())
        .all(&app.db)
        .await?;
    for endpoint in ended {
        in_batches(app, Step::OfEnded(endpoint.id)).await?;
    }
    for gone in removed_endpoint::Entity::find().all(&app.db).await? {
        in_batches(app, Step::OfRemoved(gone.endpoint_id)).await?;
        if gone.removed_at + STRAGGLERS < app.clock.now() {
            in_batches(app, Step::Removed(gone.endpoint_id)).await?;
        }
    }
    Ok(())
}

/// Runs transactions one after the other for as long as each says that there is more to do.
async fn in_batches(app: &Arc<App>, step: Step) -> Result<()> {
    for _ in 0..BATCHES {
        if app.is_stopping() {
            break;
        }
        let ctx = Ctx::system(Arc::clone(app));
        let batch = ctx.transaction(move |tx| {
            Box::pin(async move {
                Ok(match step {
                    Step::OldEvents => old_events(tx).await,
                    Step::OfEnded(id) => give_up_if_ended(tx, id).await,
                    Step::OfRemoved(id) => forget(tx, id).await,
                    Step::Removed(id) => forget_for_good(tx, id).await,
                }?)
            })
        });
        if !batch.await? {
            break;
        }
        tokio::time::sleep(BREATH).await;
    }
    Ok(())
}

/// An event goes with a delivery for each endpoint, so the more of them there are, the fewer events make a batch.
async fn old_events(tx: &Tx) -> Result<bool, DbErr> {
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

/// It may have been enabled again in between.
async fn give_up_if_ended(tx: &Tx, endpoint_id: i64) -> Result<bool, DbErr> {
    let found = webhook_endpoint::Entity::find_by_id(endpoint_id).one(tx).await?;
    match found {
        Some(endpoint) if endpoint.ended_at.is_some() => give_up(tx, endpoint_id).await,
        _ => Ok(false),
    }
}

/// Forgets that there was an endpoint, unless some of its deliveries are left.
async fn forget_for_good(tx: &Tx, endpoint_id: i64) -> Result<bool, DbErr> {
    let sql = "DELETE FROM removed_endpoint WHERE endpoint_id = $1 AND NOT EXISTS (
                 SELECT 1 FROM delivery WHERE delivery.endpoint_id = removed_endpoint.endpoint_id)";
    deletes(tx, sql.to_owned(), endpoint_id).await?;
    Ok(false)
}
