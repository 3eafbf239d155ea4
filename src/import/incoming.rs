//! The rows of the source, read within the body of a transaction.

use database::Backend;
use django_source::digest::TableSummary;
use django_source::{Batch, Rows};
use tokio::runtime::Handle;

use crate::error::{Error, Result};

/// The rows of the source. On PostgreSQL the body of the transaction awaits the next batch. On SQLite the body runs on the
/// writer's thread and must not await, so it blocks that thread. Nothing else uses the writer during an import.
pub(super) struct IncomingRows {
    rows: Rows,
    blocking: Option<Handle>,
}

impl IncomingRows {
    /// Must be called within the Tokio runtime that reads the source.
    pub(super) fn new(rows: Rows, target: Backend) -> Self {
        Self {
            rows,
            blocking: (target == Backend::Sqlite).then(Handle::current),
        }
    }

    pub(super) async fn next(&mut self) -> Option<Batch> {
        match &self.blocking {
            Some(runtime) => runtime.block_on(self.rows.next()),
            None => self.rows.next().await,
        }
    }

    /// The summaries of the tables.
    ///
    /// # Errors
    /// Fails if the source could not be read to its end.
    pub(super) async fn finish(self) -> Result<Vec<TableSummary>> {
        let result = match &self.blocking {
            Some(runtime) => runtime.block_on(self.rows.finish()),
            None => self.rows.finish().await,
        };
        result.map_err(Error::internal)
    }
}
