//! The progress of a copy, and its cancellation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::error::{Error, Result};

/// The progress of a copy, used by the copy itself, the progress bar and the signal handler. Clones share one state.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<State>);

#[derive(Debug, Default)]
struct State {
    cancelled: AtomicBool,
    writer_failed: AtomicBool,
    comparing: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
}

impl Progress {
    /// Cancels the copy, which stops before its next batch of rows.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
    }

    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Relaxed)
    }

    /// The current stage (`copying` or `comparing`), the number of rows done in it, and the total number of rows.
    pub fn status(&self) -> (&'static str, u64, u64) {
        let stage = if self.0.comparing.load(Ordering::Relaxed) {
            "comparing"
        } else {
            "copying"
        };
        let (done, total) = (&self.0.done, &self.0.total);
        (stage, done.load(Ordering::Relaxed), total.load(Ordering::Relaxed))
    }

    /// Checks that the copy has not been cancelled.
    ///
    /// # Errors
    /// [`Error::Cancelled`] after [`Progress::cancel`].
    pub(crate) fn check(&self) -> Result<()> {
        if self.is_cancelled() {
            return Err(Error::Cancelled);
        }
        Ok(())
    }

    /// Sets the total number of rows to copy.
    pub(crate) fn set_total(&self, rows: u64) {
        self.0.total.store(rows, Ordering::Relaxed);
    }

    pub(crate) fn begin_comparison(&self) {
        self.0.done.store(0, Ordering::Relaxed);
        self.0.comparing.store(true, Ordering::Relaxed);
    }

    pub(crate) fn advance(&self, rows: usize) {
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        self.0.done.fetch_add(rows, Ordering::Relaxed);
    }

    /// Records that the reader failed only because the writer stopped receiving rows, so the writer's error is the cause.
    pub(crate) fn record_writer_failure(&self) {
        self.0.writer_failed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn writer_failed(&self) -> bool {
        self.0.writer_failed.load(Ordering::Relaxed)
    }
}
