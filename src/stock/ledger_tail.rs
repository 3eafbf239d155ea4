//! The ledger's newest entries, shared by all its readers; `ledger_feed.rs` reads them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::entity::stock_change::Model;
use tokio::sync::{broadcast, watch};

/// The tail that all readers of a process share, while there are any.
#[derive(Default)]
pub struct LedgerTail(Mutex<Option<Arc<Tail>>>);

/// What the task that reads the ledger sends.
pub struct Tail {
    pub entries: broadcast::Sender<Arc<[Model]>>,
    /// All entries up to this id are settled and have been sent; `None` before the first read.
    pub reached: watch::Sender<Option<i64>>,
}

impl LedgerTail {
    pub fn lock(&self) -> MutexGuard<'_, Option<Arc<Tail>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
