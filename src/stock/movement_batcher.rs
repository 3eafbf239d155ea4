//! Batches of movements on PostgreSQL: one statement records all movements that are waiting, up to a limit.
//!
//! Recorded separately, each movement would take several round trips, during which the product's row is locked, and a
//! commit that waits for the disk. So movements that arrive while others are being recorded wait in a queue and are
//! recorded together, by the statement of `movement_batch.rs`. The statement is a transaction by itself: either all
//! movements that it returns are committed, or none. No request gets a response before the commit.
//!
//! Some movements can't be recorded that way: the stock does not allow them, a row that they refer to is missing, or
//! another transaction has locked their product. Each of them is then recorded in its own transaction, which waits for
//! the lock, checks the movement again and returns the correct error. The batch itself never waits for a lock, so a
//! locked product does not delay the movements of other products.
//!
//! If a request of the batch has an idempotency key, the batch is a transaction of several statements, which also
//! stores the keys of the movements that it records (`movement_keys.rs`).
//!
//! SQLite needs no such batches: its writer commits waiting transactions together.

use std::marker::PhantomData;
use std::sync::Arc;

use database::{Backend, Failure};
use tokio::sync::oneshot;

use super::movement::Movement;
use super::movement_batch::{self, BatchItem, OnLocked, actor_id, created_movement};
use super::movement_keys;
use super::movement_queue::{MovementRequest, PushResult, RecordedMovement, WaitingMovement};
use super::new_movement::NewMovement;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::resource::Created;
use crate::services::Services;
use crate::webhooks::outbox;

/// The maximum number of movements in one statement, which limits how long the first of them waits.
const BATCH: usize = 64;
/// The name of the statement in the traces of its requests.
const SPAN_NAME: &str = "movements recorded together";

/// Whether movements can be recorded together on this database.
pub fn is_supported(ctx: &Ctx) -> bool {
    ctx.db().backend() == Backend::Postgres
}

/// Records a movement together with those of other requests. Returns `None`, and changes nothing, if that is not possible.
///
/// # Errors
/// Fails if the database did not respond. It is then unknown whether the movement was recorded, so it must not be recorded again.
pub async fn enqueue<M: Movement>(ctx: &Ctx, movement: NewMovement) -> Result<Option<Created<M>>> {
    let (reply, recorded) = oneshot::channel();
    let request = MovementRequest {
        movement: movement.clone(),
        actor_id: actor_id(ctx),
        at: ctx.now,
        keyed: ctx.keyed.clone(),
    };
    let waiting = WaitingMovement { request, reply };
    match M::queue(&ctx.services).push(waiting) {
        PushResult::QueueFull => return Ok(None),
        PushResult::Queued => {}
        // A separate task, because a client that disconnects must not cancel the movements of other clients.
        PushResult::NeedsWorker => drop(tokio::spawn(BatchWorker::<M>::new(&ctx.services).run())),
    }
    let mut span = ctx.record.statement(Backend::Postgres, SPAN_NAME);
    let recorded = recorded
        .await
        .unwrap_or_else(|_| Err(Error::internal("the batch of the movement was not completed")));
    if let Some(span) = &mut span {
        span.end(&recorded);
    }
    let recorded = recorded?;
    if recorded.is_some()
        && let Some(keyed) = &ctx.keyed
    {
        keyed.set_committed();
    }
    Ok(recorded.map(|recorded| created_movement::<M>(&movement, ctx.now, recorded)))
}

/// Records batches until the queue is empty.
struct BatchWorker<M: Movement> {
    services: Arc<Services>,
    kind: PhantomData<fn() -> M>,
    finished: bool,
}

impl<M: Movement> BatchWorker<M> {
    fn new(services: &Arc<Services>) -> Self {
        Self {
            services: Arc::clone(services),
            kind: PhantomData,
            finished: false,
        }
    }

    async fn run(mut self) {
        while let Some(batch) = M::queue(&self.services).next_batch(BATCH) {
            if batch.iter().any(|waiting| waiting.request.keyed.is_some()) {
                let requests = batch.iter().map(|waiting| waiting.request.clone()).collect();
                match movement_keys::record::<M>(&self.services, requests).await {
                    Ok(recorded) => self.reply(batch, recorded),
                    // Nothing has changed. Each request then records its movement in its own transaction.
                    Err(Error::Conflict(_)) => self.reply(batch, Vec::new()),
                    Err(error) => self.fail_all(batch, &error),
                }
                continue;
            }
            let items: Vec<BatchItem<'_>> = batch
                .iter()
                .map(|waiting| BatchItem::from(&waiting.request))
                .collect();
            let statement = movement_batch::statement::<M>(&self.services, &items, OnLocked::Skip);
            let rows = self.services.db.run_alone(statement).await;
            match rows.as_deref().map(movement_batch::read) {
                Ok(Ok(recorded)) => self.reply(batch, recorded),
                // Nothing has changed. Each request then records its movement in its own transaction, which returns the error
                // of the rejected one.
                Err(error) if Failure::of(error).is_rejection() => self.reply(batch, Vec::new()),
                Ok(Err(error)) => self.fail_all(batch, &Error::from(error)),
                Err(error) => self.fail_all(batch, &Error::from(error.clone())),
            }
        }
        self.finished = true;
    }

    /// Sends to each request the movement that was recorded for its position in the batch, or `None`.
    fn reply(&self, batch: Vec<WaitingMovement>, recorded: Vec<(usize, RecordedMovement)>) {
        if !recorded.is_empty() {
            let wakes_webhooks = outbox::publishes(&self.services, M::CREATED);
            self.services
                .publish_movements(M::KIND, recorded.len(), wakes_webhooks);
        }
        let mut replies: Vec<Option<RecordedMovement>> = batch.iter().map(|_| None).collect();
        for (position, movement) in recorded {
            if let Some(reply) = replies.get_mut(position) {
                *reply = Some(movement);
            }
        }
        for (waiting, reply) in batch.into_iter().zip(replies) {
            // The receiver has been dropped if the client has disconnected; its movement is recorded anyway.
            let _ = waiting.reply.send(Ok(reply));
        }
    }

    /// Fails the batch and all requests that are waiting in the queue, because they use the same database.
    fn fail_all(&self, batch: Vec<WaitingMovement>, error: &Error) {
        let queued = M::queue(&self.services).drain();
        for waiting in batch.into_iter().chain(queued) {
            let _ = waiting.reply.send(Err(error.clone()));
        }
    }
}

impl<M: Movement> Drop for BatchWorker<M> {
    fn drop(&mut self) {
        if !self.finished {
            M::queue(&self.services).worker_failed();
        }
    }
}
