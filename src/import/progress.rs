//! `ImportProgress`: the progress of an import, and its cancellation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use django_source::Progress;
use django_source::digest::TableSummary;

use crate::error::{Error, Result};

/// The state that the import, the progress bar and the signal handler share. Clones refer to the same state.
#[derive(Clone, Debug, Default)]
pub(crate) struct ImportProgress {
    source: Progress,
    comparison: Arc<ComparisonProgress>,
}

#[derive(Debug, Default)]
struct ComparisonProgress {
    has_begun: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
}

impl ImportProgress {
    /// The progress of the source's reader.
    pub(crate) fn source(&self) -> Progress {
        self.source.clone()
    }

    /// Stops the import at the next batch.
    pub(crate) fn cancel(&self) {
        self.source.cancel();
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.source.is_cancelled()
    }

    /// Checks that the import was not cancelled.
    ///
    /// # Errors
    /// Fails after [`ImportProgress::cancel`].
    pub(super) fn check(&self) -> Result<()> {
        if self.is_cancelled() {
            return Err(Error::internal("cancelled"));
        }
        Ok(())
    }

    pub(super) fn begin_comparison(&self, tables: &[TableSummary]) {
        let rows = tables.iter().map(|table| table.rows).sum();
        self.comparison.total.store(rows, Ordering::Relaxed);
        self.comparison.has_begun.store(true, Ordering::Relaxed);
    }

    pub(super) fn add_compared(&self, rows: usize) {
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        self.comparison.done.fetch_add(rows, Ordering::Relaxed);
    }

    /// The current step, the number of rows it has processed, and the number of all its rows.
    pub(crate) fn status(&self) -> (&'static str, u64, u64) {
        if self.comparison.has_begun.load(Ordering::Relaxed) {
            let (done, total) = (&self.comparison.done, &self.comparison.total);
            return (
                "comparing",
                done.load(Ordering::Relaxed),
                total.load(Ordering::Relaxed),
            );
        }
        self.source.status()
    }
}
