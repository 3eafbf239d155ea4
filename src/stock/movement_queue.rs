//! Movements that wait to be recorded together; `movement_batcher.rs` records them.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ::entity::{fold, product};
use chrono::{DateTime, Utc};
use tokio::sync::oneshot;

use crate::error::Result;

/// The waiting movements of one kind.
#[derive(Default)]
pub struct MovementQueue(Mutex<Queue>);

/// The queue behind its lock.
#[derive(Default)]
pub struct Queue {
    pub waiting: VecDeque<Waiting>,
    /// Statements being executed.
    pub running: usize,
}

/// A movement that waits.
pub struct Waiting {
    pub movement: NewMovement,
    pub at: DateTime<Utc>,
    pub actor_id: Option<i64>,
    /// Receives what was recorded, or `None` when the movement was not.
    pub done: oneshot::Sender<Result<Option<Recorded>>>,
}

/// What the statement returns of one movement.
pub struct Recorded {
    pub movement_id: i64,
    /// The product right after the movement.
    pub product: product::Model,
}

/// A movement about to be recorded, its values checked.
#[derive(Clone, Debug)]
pub struct NewMovement {
    /// What moves.
    pub product_id: i64,
    /// Who delivers it, where stock comes in.
    pub supplier_id: Option<i64>,
    /// How many: 1 to 2³¹−1.
    pub quantity: i64,
    /// Why.
    pub description: Option<String>,
}

impl NewMovement {
    /// The folded description.
    pub fn description_folded(&self) -> Option<String> {
        self.description.as_deref().map(fold)
    }
}

impl MovementQueue {
    pub fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
