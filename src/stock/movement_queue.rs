//! `MovementQueue`: movements of one kind that wait to be recorded together. Plain data, bounded.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::entity::product;
use chrono::{DateTime, Utc};
use tokio::sync::oneshot;

use super::new_movement::NewMovement;
use crate::error::Result;
use crate::idempotency::keyed::Keyed;

/// The most movements that wait. A request that finds the queue full records its movement in a transaction of its own.
const CAPACITY: usize = 1_024;
/// The most statements that run at the same time for one kind of movement: two would find each other's products locked.
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

/// A movement with all that is stored of its request.
#[derive(Clone)]
pub(super) struct MovementRequest {
    pub(super) movement: NewMovement,
    pub(super) actor_id: Option<i64>,
    pub(super) at: DateTime<Utc>,
    pub(super) keyed: Option<Arc<Keyed>>,
}

/// A request that waits for its movement to be recorded.
pub(super) struct WaitingMovement {
    pub(super) request: MovementRequest,
    /// Receives none when the movement was not recorded.
    pub(super) done: oneshot::Sender<Result<Option<Recorded>>>,
}

/// The statement's result for one movement.
#[derive(Clone)]
pub(super) struct Recorded {
    pub(super) movement_id: i64,
    /// The product right after the movement.
    pub(super) product: product::Model,
}

/// What became of a movement offered to the queue.
pub(super) enum Push {
    Full,
    /// It waits, and a worker is running already.
    Waits,
    /// It waits, and the caller has to start the worker that it has just been counted for.
    NeedsWorker,
}

impl MovementQueue {
    pub(super) fn push(&self, waiting: WaitingMovement) -> Push {
        let mut state = self.lock();
        if state.waiting.len() >= CAPACITY {
            return Push::Full;
        }
        state.waiting.push_back(waiting);
        if state.workers < WORKERS {
            state.workers += 1;
            Push::NeedsWorker
        } else {
            Push::Waits
        }
    }

    /// The next movements, at most so many. With none left the worker is no longer counted and has to end.
    pub(super) fn next_batch(&self, most: usize) -> Option<Vec<WaitingMovement>> {
        let mut state = self.lock();
        let count = state.waiting.len().min(most);
        if count == 0 {
            state.workers -= 1;
            return None;
        }
        Some(state.waiting.drain(..count).collect())
    }

    /// Everything that waits.
    pub(super) fn drain(&self) -> Vec<WaitingMovement> {
        self.lock().waiting.drain(..).collect()
    }

    /// A worker ended early. Without another one nothing would ever be recorded, so dropping the senders fails the
    /// requests that wait.
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
