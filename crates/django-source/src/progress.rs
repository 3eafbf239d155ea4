//! The progress of reading, and its cancellation.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The progress of reading, used by the reading thread and by a progress bar. Clones share one state.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    table: Mutex<&'static str>,
    done: AtomicU64,
    total: AtomicU64,
    cancelled: AtomicBool,
}

impl Progress {
    /// The table that is being read, the number of rows read so far, and the total number of rows of all tables.
    pub fn status(&self) -> (&'static str, u64, u64) {
        let table = *self.0.table.lock().unwrap_or_else(PoisonError::into_inner);
        (
            table,
            self.0.done.load(Ordering::Relaxed),
            self.0.total.load(Ordering::Relaxed),
        )
    }

    /// Cancels reading, which fails with [`crate::Error::Cancelled`]: within a statement on SQLite, between batches on PostgreSQL.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether reading was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Relaxed)
    }

    pub(crate) fn begin(&self, total: u64) {
        self.0.done.store(0, Ordering::Relaxed);
        self.0.total.store(total, Ordering::Relaxed);
    }

    pub(crate) fn begin_table(&self, table: &'static str) {
        *self.0.table.lock().unwrap_or_else(PoisonError::into_inner) = table;
    }

    pub(crate) fn advance(&self) {
        self.0.done.fetch_add(1, Ordering::Relaxed);
    }
}
