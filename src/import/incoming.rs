//! The rows of the source, for the body of a transaction.

use database::Backend;
use django_source::digest::TableSummary;
use django_source::{Batch, Rows};
use tokio::runtime::Handle;

use crate::error::{Error, Result};

/// On PostgreSQL the body waits for the next batch. On SQLite it runs on the writer's thread, where it must not wait, so it
/// blocks that thread instead; nothing else uses the writer during an import.
pub(super) struct Incoming {
    rows: Rows,
    blocking: Option<Handle>,
}

impl Incoming {
    /// To be called on the runtime.
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
    /// When the source could not be read to its end.
    pub(super) async fn finish(self) -> Result<Vec<TableSummary>> {
        let finished = match &self.blocking {
            Some(runtime) => runtime.block_on(self.rows.finish()),
            None => self.rows.finish().await,
        };
        finished.map_err(Error::internal)
    }
}
