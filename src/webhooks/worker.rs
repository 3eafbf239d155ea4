//! The worker: takes what is due, sends it, writes down what came of it. Requests never wait for it.
//!
//! It takes deliveries by a lease: for so long nobody else tries them, and no lock or connection to the database is held
//! while the network waits. So gateways share the work, and what a killed one had in hand is due again when its lease
//! has lapsed. Each endpoint has its own places, so that one that hangs holds up no other.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ::entity::delivery::{self, Outcome};
use ::entity::{endpoint, event, stock_change};
use chrono::{DateTime, TimeDelta, Utc};
use hyper::StatusCode;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, FromQueryResult, QueryFilter as _, Statement,
};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::client::{Message, Tried};
use super::watched::watched;
use super::{Webhooks, backoff, event as shape};
use crate::app::App;
use crate::ctx::Ctx;
use crate::error::{Error, Result};

/// Tries under way at the same time for one endpoint, in one gateway.
pub const PLACES: usize = 8;
/// How long until the worker looks again though nobody has woken it: for retries, and for what other gateways left.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How much longer than a try may take its lease holds.
const LEASE_MARGIN: TimeDelta = TimeDelta::seconds(30);
/// How long what is under way may take when the program stops; what is not done then is taken up by the next one.
const LEAVING: Duration = Duration::from_secs(5);

/// Works until the program is told to stop.
pub async fn run(app: Arc<App>) {
    let Some(webhooks) = &app.webhooks else { return };
    let mut worker = Worker::new(&app);
    let mut next_clearing = app.clock.now();
    while !app.is_stopping() {
        if let Err(error) = worker.take(&app, webhooks).await {
            tracing::warn!(?error, "webhooks wait: what is due could not be read");
        }
        if app.clock.now() >= next_clearing {
            next_clearing = app.clock.now() + super::outbox::CLEARING;
            if let Err(error) = super::outbox::clear(&app).await {
                tracing::warn!(?error, "old webhook events were not cleared");
            }
        }
        tokio::select! {
            () = app.stopped() => {}
            () = webhooks.woken() => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            Some(_) = worker.sending.join_next(), if !worker.sending.is_empty() => {}
        }
        while worker.sending.try_join_next().is_some() {}
    }
    if tokio::time::timeout(LEAVING, worker.sending.join_all())
        .await
        .is_err()
    {
        tracing::info!("some webhooks did not finish in time and will be sent again");
    }
}

/// Sends everything that is due now and returns how many tries that were.
///
/// # Errors
/// When the database can't be read.
pub async fn run_due(app: &Arc<App>) -> Result<usize> {
    let Some(webhooks) = &app.webhooks else {
        return Ok(0);
    };
    let mut worker = Worker::new(app);
    let mut tries = 0;
    loop {
        match worker.take(app, webhooks).await? {
            0 => return Ok(tries),
            taken => tries += taken,
        }
        while let Some(ended) = worker.sending.join_next().await {
            ended.map_err(Error::internal)?;
        }
    }
}

/// What a worker has in hand.
struct Worker {
    places: HashMap<i64, Arc<Semaphore>>,
    sending: JoinSet<()>,
    lease: TimeDelta,
}

/// A delivery on lease, with all that is told.
struct Taken {
    delivery: delivery::Model,
    event: event::Model,
    change: stock_change::Model,
    lease: DateTime<Utc>,
}

impl Worker {
    fn new(app: &App) -> Self {
        let timeout = i64::try_from(app.config.webhook_timeout).unwrap_or_default();
        Self {
            places: HashMap::new(),
            sending: JoinSet::new(),
            lease: TimeDelta::seconds(timeout) + LEASE_MARGIN,
        }
    }

    /// Takes what is due and begins to send it; returns how many it took.
    async fn take(&mut self, app: &Arc<App>, webhooks: &Webhooks) -> Result<usize> {
        let endpoints = endpoint::Entity::find()
            .filter(endpoint::Column::EndedAt.is_null())
            .filter(endpoint::Column::Managed.eq(false))
            .all(&app.db)
            .await?;
        let mut count = 0;
        for endpoint in endpoints {
            let places = self
                .places
                .entry(endpoint.id)
                .or_insert_with(|| Arc::new(Semaphore::new(PLACES)));
            let free = places.available_permits();
            if free == 0 {
                continue;
            }
            for taken in lease(app, endpoint.id, free, self.lease).await? {
                // Nobody else takes places of this worker, so there is one for each.
                let place = Arc::clone(places)
                    .acquire_owned()
                    .await
                    .map_err(Error::internal)?;
                let (app, endpoint) = (Arc::clone(app), endpoint.clone());
                let secret = webhooks.secret.clone();
                self.sending.spawn(async move {
                    let _place = place;
                    deliver(&app, &endpoint, &taken, &secret).await;
                });
                count += 1;
            }
        }
        Ok(count)
    }
}

/// Takes at most `limit` deliveries that are due to an endpoint and in nobody's hand.
async fn lease(app: &Arc<App>, endpoint_id: i64, limit: usize, length: TimeDelta) -> Result<Vec<Taken>> {
    #[derive(FromQueryResult)]
    struct Leased {
        id: i64,
    }
    let ctx = Ctx::system(Arc::clone(app));
    let until = ctx.now + length;
    // Numbered in the order of their first appearance, for both databases.
    let sql = format!(
        "UPDATE delivery SET leased_until = $1 WHERE id IN (
            SELECT id FROM delivery WHERE endpoint_id = $2 AND due_at <= $3
            AND (leased_until IS NULL OR leased_until <= $3) ORDER BY due_at, id LIMIT {limit}{lock})
         RETURNING id",
        lock = app.db.backend().skipping_locked(),
    );
    let ids: Vec<i64> = ctx
        .transaction(move |tx| {
            let values = [until.into(), endpoint_id.into(), tx.ctx().now.into()];
            let statement = Statement::from_sql_and_values(tx.get_database_backend(), &sql, values);
            Box::pin(async move {
                let rows = tx.query_all_raw(statement).await?;
                let ids = rows.iter().map(|row| Ok(Leased::from_query_result(row, "")?.id));
                ids.collect()
            })
        })
        .await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = delivery::Entity::find()
        .filter(
            app.db
                .backend()
                .among((delivery::Entity, delivery::Column::Id), &ids),
        )
        .find_also_related(event::Entity)
        .find_also(event::Entity, stock_change::Entity)
        .all(&app.db)
        .await?;
    let whole = |(delivery, event, change): (delivery::Model, _, _)| {
        Some(Taken {
            delivery,
            event: event?,
            change: change?,
            lease: until,
        })
    };
    Ok(found.into_iter().filter_map(whole).collect())
}

async fn deliver(app: &Arc<App>, endpoint: &endpoint::Model, taken: &Taken, secret: &super::SigningSecret) {
    let Some(webhooks) = &app.webhooks else { return };
    let tried = match shape::body(&taken.event, &taken.change, app.config.low_stock_threshold) {
        Ok(body) => {
            let timestamp = app.clock.now().timestamp();
            let message = Message {
                signature: secret.sign(&taken.event.message_id, timestamp, &body),
                id: taken.event.message_id.clone(),
                timestamp,
                body,
            };
            let sending = webhooks.client.send(&endpoint.url, &message);
            watched(app, &endpoint.url, taken.event.name.as_str(), &message, sending).await
        }
        Err(error) => Tried::Unanswered(format!("{error:?}")),
    };
    if let Err(error) = settle(app, endpoint, taken, tried).await {
        // The lease lapses, and it is tried again.
        tracing::warn!(
            ?error,
            delivery.id = taken.delivery.id,
            "a webhook's outcome was not written down"
        );
    }
}

/// What comes of a try.
enum Verdict {
    Delivered,
    Again(DateTime<Utc>),
    Failed,
    /// The receiver wants no more of anything.
    Ended,
}

/// Writes down what came of a try, if the delivery is still in our hand.
async fn settle(app: &Arc<App>, endpoint: &endpoint::Model, taken: &Taken, tried: Tried) -> Result<()> {
    let ctx = Ctx::system(Arc::clone(app));
    let now = ctx.now;
    let attempts = taken.delivery.attempts + 1;
    let (status, error, asked) = match tried {
        Tried::Answered { status, .. } if status.is_success() => (Some(status), None, None),
        Tried::Answered { status, retry_after } => {
            let asked = retry_after.and_then(|value| backoff::retry_after(&value, now));
            (
                Some(status),
                Some(format!("it answered {}", status.as_u16())),
                asked,
            )
        }
        Tried::Unanswered(why) => (None, Some(why), None),
    };
    let verdict = if error.is_none() {
        Verdict::Delivered
    } else if status == Some(StatusCode::GONE) {
        Verdict::Ended
    } else {
        let schedule = &app.config.webhook_retry_schedule;
        match backoff::wait(schedule, attempts, rand::random(), asked) {
            Some(wait) => Verdict::Again(now + wait),
            None => Verdict::Failed,
        }
    };
    log(&verdict, endpoint, taken, attempts, error.as_deref());
    let (id, endpoint_id, lease) = (taken.delivery.id, endpoint.id, taken.lease);
    let (due_at, outcome, ended) = match verdict {
        Verdict::Delivered => (None, Some(Outcome::Delivered), false),
        Verdict::Again(due_at) => (Some(due_at), None, false),
        Verdict::Failed => (None, Some(Outcome::Failed), false),
        Verdict::Ended => (None, Some(Outcome::Failed), true),
    };
    let status = status.map(|status| i64::from(status.as_u16()));
    ctx.transaction(move |tx| {
        let error = error.clone();
        Box::pin(async move {
            use delivery::Column;
            let settled = delivery::Entity::update_many()
                .col_expr(Column::Attempts, Expr::val(attempts))
                .col_expr(Column::DueAt, Expr::val(due_at))
                .col_expr(Column::LeasedUntil, Expr::val(None::<DateTime<Utc>>))
                .col_expr(Column::Outcome, Expr::val(outcome))
                .col_expr(Column::LastStatus, Expr::val(status))
                .col_expr(Column::LastError, Expr::val(error))
                .col_expr(Column::TriedAt, Expr::val(now))
                .filter(Column::Id.eq(id))
                .filter(Column::LeasedUntil.eq(lease))
                .exec(tx)
                .await?;
            if settled.rows_affected == 0 {
                tracing::debug!(delivery.id = id, "a webhook's lease had lapsed");
            }
            if ended {
                end(tx, endpoint_id, now).await?;
            }
            Ok(())
        })
    })
    .await
}

/// Gives an endpoint up, and with it all that was still to be told to it.
async fn end(tx: &crate::tx::Tx, endpoint_id: i64, now: DateTime<Utc>) -> Result<()> {
    use delivery::Column;
    endpoint::Entity::update_many()
        .col_expr(endpoint::Column::EndedAt, Expr::val(now))
        .col_expr(endpoint::Column::UpdatedAt, Expr::val(now))
        .filter(endpoint::Column::Id.eq(endpoint_id))
        .filter(endpoint::Column::EndedAt.is_null())
        .exec(tx)
        .await?;
    delivery::Entity::update_many()
        .col_expr(Column::DueAt, Expr::val(None::<DateTime<Utc>>))
        .col_expr(Column::LeasedUntil, Expr::val(None::<DateTime<Utc>>))
        .col_expr(Column::Outcome, Expr::val(Outcome::Failed))
        .col_expr(Column::LastError, Expr::val("the endpoint was given up"))
        .filter(Column::EndpointId.eq(endpoint_id))
        .filter(Expr::col(Column::DueAt).is_not_null())
        .exec(tx)
        .await?;
    Ok(())
}

fn log(verdict: &Verdict, endpoint: &endpoint::Model, taken: &Taken, attempts: i64, error: Option<&str>) {
    let (endpoint, message, name) = (endpoint.id, &taken.event.message_id, taken.event.name.as_str());
    let error = error.unwrap_or_default();
    match verdict {
        Verdict::Delivered => tracing::debug!(
            endpoint.id = endpoint, webhook.id = %message, webhook.event = name, attempts, "a webhook was delivered"
        ),
        Verdict::Again(due_at) => tracing::info!(
            endpoint.id = endpoint, webhook.id = %message, webhook.event = name, attempts, error, %due_at,
            "a webhook failed and will be tried again"
        ),
        Verdict::Failed => tracing::error!(
            endpoint.id = endpoint, webhook.id = %message, webhook.event = name, attempts, error,
            "a webhook failed for the last time"
        ),
        Verdict::Ended => tracing::error!(
            endpoint.id = endpoint, webhook.id = %message, webhook.event = name, attempts,
            "a webhook's receiver answered 410: nothing is sent to it any more"
        ),
    }
}
