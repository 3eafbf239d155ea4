//! The worker: takes what is due and sends it. Requests never wait for it.
//!
//! It takes deliveries by a lease: for so long nobody else tries them, and no lock or connection to the database is held
//! while the network waits. So gateways share the work, and what a killed one had in hand is due again when its lease
//! has lapsed. Each endpoint has its own places, so that one that hangs holds up no other.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ::entity::{delivery, event, stock_change, webhook_endpoint};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, FromQueryResult, QueryFilter as _,
    QuerySelect as _, QueryTrait as _, Statement,
};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::client::{AttemptResult, Message};
use super::instrument::watched;
use super::record_attempt::{Try, settle};
use super::{SigningSecret, Webhooks, event as shape};
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
    while !app.is_stopping() {
        if let Err(error) = worker.take(&app, webhooks).await {
            tracing::warn!(?error, "webhooks wait: what is due could not be read");
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
    change: Option<stock_change::Model>,
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
        let endpoints = waiting(app).await?;
        // Nobody needs the places of one that has nothing in hand.
        self.places.retain(|id, places| {
            places.available_permits() < PLACES || endpoints.iter().any(|endpoint| endpoint.id == *id)
        });
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
            let Some(secrets) = webhooks.secrets(&endpoint, app.clock.now()) else {
                continue;
            };
            let (endpoint, secrets) = (Arc::new(endpoint), Arc::new(secrets));
            for taken in lease(app, endpoint.id, free, self.lease).await? {
                // Nobody else takes places of this worker, so there is one for each.
                let place = Arc::clone(places)
                    .acquire_owned()
                    .await
                    .map_err(Error::internal)?;
                let (app, endpoint, secrets) = (Arc::clone(app), Arc::clone(&endpoint), Arc::clone(&secrets));
                self.sending.spawn(async move {
                    let _place = place;
                    deliver(&app, &endpoint, taken, &secrets).await;
                });
                count += 1;
            }
        }
        Ok(count)
    }
}

/// The endpoints to which something is due that nobody has in hand, in one statement however many there are.
async fn waiting(app: &Arc<App>) -> Result<Vec<webhook_endpoint::Model>> {
    use delivery::Column;
    let now = app.clock.now();
    let due = delivery::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(
            Expr::col((delivery::Entity, Column::EndpointId))
                .equals((webhook_endpoint::Entity, webhook_endpoint::Column::Id)),
        )
        .filter(Column::DueAt.lte(now))
        .filter(Column::LeasedUntil.is_null().or(Column::LeasedUntil.lte(now)))
        .into_query();
    let waiting = webhook_endpoint::Entity::find()
        .filter(webhook_endpoint::Column::EndedAt.is_null())
        .filter(Expr::exists(due))
        .all(&app.db)
        .await?;
    Ok(waiting)
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
            change,
            lease: until,
        })
    };
    Ok(found.into_iter().filter_map(whole).collect())
}

async fn deliver(
    app: &Arc<App>,
    endpoint: &webhook_endpoint::Model,
    taken: Taken,
    secrets: &[SigningSecret],
) {
    let Some(webhooks) = &app.webhooks else { return };
    let started_at = app.clock.now();
    let begun = tokio::time::Instant::now();
    let body = shape::body(
        &taken.event,
        taken.change.as_ref(),
        endpoint,
        app.config.low_stock_threshold,
    );
    let tried = match body {
        Ok(body) => {
            let (id, timestamp) = (taken.event.message_id.clone(), started_at.timestamp());
            let signatures: Vec<String> = secrets
                .iter()
                .map(|secret| secret.sign(&id, timestamp, &body))
                .collect();
            let message = Message {
                signature: signatures.join(" "),
                id,
                timestamp,
                body,
            };
            let sending = webhooks.client.send(&endpoint.url, &message);
            watched(app, &endpoint.url, taken.event.name.as_str(), &message, sending).await
        }
        Err(error) => {
            tracing::error!(
                ?error,
                delivery.id = taken.delivery.id,
                "a webhook could not be written"
            );
            AttemptResult::Unanswered("the message could not be written".to_owned())
        }
    };
    let id = taken.delivery.id;
    let of = Try {
        delivery: taken.delivery,
        lease: taken.lease,
        started_at,
        took: begun.elapsed(),
    };
    if let Err(error) = settle(app, endpoint, &taken.event, tried, of).await {
        // The lease lapses, and it is tried again.
        tracing::warn!(
            ?error,
            delivery.id = id,
            "a webhook's outcome was not written down"
        );
    }
}
