//! `MovementQueue`: a bounded queue of movements of one kind that wait to be recorded together.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::entity::product;
use chrono::{DateTime, Utc};
use tokio::sync::oneshot;

use super::new_movement::NewMovement;
use crate::error::Result;
use crate::idempotency::keyed_request::KeyedRequest;

/// The maximum number of waiting movements. If the queue is full, a request records its movement in its own transaction.
const CAPACITY: usize = 1_024;
/// The maximum number of concurrent statements for one kind of movement. With two, one would often find products locked by
/// the other.
const WORKERS: usize = 1;

#[derive(Default)]
pub struct MovementQueue {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<WaitingMovement>,
    workers: usize,
}

/// A movement, with the data of its request that is stored with it.
#[derive(Clone)]
pub(super) struct MovementRequest {
    pub(super) movement: NewMovement,
    pub(super) actor_id: Option<i64>,
    pub(super) at: DateTime<Utc>,
    pub(super) keyed: Option<Arc<KeyedRequest>>,
}

/// A request that waits for its movement to be recorded.
pub(super) struct WaitingMovement {
    pub(super) request: MovementRequest,
    /// Sends the result to the request: `None` if the movement was not recorded.
    pub(super) reply: oneshot::Sender<Result<Option<RecordedMovement>>>,
}

/// The result of a batch for one of its movements.
#[derive(Clone)]
pub(super) struct RecordedMovement {
    pub(super) movement_id: i64,
    /// The product after the movement.
    pub(super) product: product::Model,
}

/// The result of [`MovementQueue::push`].
pub(super) enum PushResult {
    /// The movement is not in the queue, because the queue is full.
    QueueFull,
    /// The movement is in the queue, and a worker is running already.
    Queued,
    /// The movement is in the queue, and the caller must start a worker. It is already counted in `workers`.
    NeedsWorker,
}

impl MovementQueue {
    pub(super) fn push(&self, waiting: WaitingMovement) -> PushResult {
        let mut state = self.lock();
        if state.waiting.len() >= CAPACITY {
            return PushResult::QueueFull;
        }
        state.waiting.push_back(waiting);
        if state.workers < WORKERS {
            state.workers += 1;
            PushResult::NeedsWorker
        } else {
            PushResult::Queued
        }
    }

    /// The next movements, at most `limit`. If the queue is empty, the worker is no longer counted and must end.
    pub(super) fn next_batch(&self, limit: usize) -> Option<Vec<WaitingMovement>> {
        let mut state = self.lock();
        let count = state.waiting.len().min(limit);
        if count == 0 {
            state.workers -= 1;
            return None;
        }
        Some(state.waiting.drain(..count).collect())
    }

    /// Removes and returns all waiting movements.
    pub(super) fn drain(&self) -> Vec<WaitingMovement> {
        self.lock().waiting.drain(..).collect()
    }

    /// Handles a worker that ended early. If no other worker runs, drops the senders, so that the waiting requests fail instead
    /// of waiting forever.
    pub(super) fn worker_failed(&self) {
        let mut state = self.lock();
        state.workers -= 1;
        if state.workers == 0 {
            state.waiting.clear();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
