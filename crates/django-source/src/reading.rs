//! The async interface: the source is read on blocking threads, and rows are sent through a channel of a few batches.

use std::path::Path;

use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::digest::TableSummary;
use crate::error::{Error, Result};
use crate::options::Options;
use crate::plan::{Layout, Survey, stream, survey};
use crate::progress::Progress;
use crate::report::{CheckResult, Report};
use crate::row::Batch;
use crate::source::{PostgresReader, Reader, SqliteReader};

/// The maximum number of batches that wait to be written.
const QUEUED_BATCHES: usize = 4;

/// An open source. All reads see its state at the time of opening.
pub struct Source(Reader);

impl Source {
    /// Opens a SQLite file, given by its path with or without `sqlite://`, or a PostgreSQL URL.
    pub async fn open(address: &str) -> Result<Self> {
        if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            return PostgresReader::open(address)
                .await
                .map(|reader| Self(Reader::Postgres(reader)));
        }
        let scheme = ["sqlite://", "sqlite:"]
            .into_iter()
            .find_map(|scheme| address.strip_prefix(scheme));
        let path = scheme.unwrap_or(address);
        if path.contains("://") {
            return Err(Error::Address(
                "the source is neither a file nor a PostgreSQL URL".to_owned(),
            ));
        }
        let path = Path::new(path).to_owned();
        blocking(move || SqliteReader::open(&path))
            .await
            .map(|reader| Self(Reader::Sqlite(reader)))
    }

    /// Reads everything once and reports what would be imported.
    pub async fn check(self, options: Options, progress: Progress) -> Result<Plan> {
        let Self(mut reader) = self;
        blocking(move || {
            reader.set_progress(&progress);
            let layout = Layout::read(&mut reader, &options)?;
            let (survey, report) = survey(&mut reader, &layout, options, progress)?;
            Ok(Plan {
                reader,
                layout,
                survey,
                report,
            })
        })
        .await
    }
}

/// A checked source: its report, and the rows to import.
pub struct Plan {
    reader: Reader,
    layout: Layout,
    survey: Survey,
    report: Report,
}

impl Plan {
    /// The report of the check.
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// Starts to read the rows in this order: users, groups, memberships, permissions, brands, categories, suppliers, products,
    /// inflows, outflows, the ledger, revoked tokens. A refused source has no rows.
    pub fn rows(self) -> Rows {
        let (sender, batches) = mpsc::channel(QUEUED_BATCHES);
        let Self {
            mut reader,
            layout,
            survey,
            report,
        } = self;
        let reading = spawn_blocking(move || {
            if report.result == CheckResult::Refuse {
                return Ok(Vec::new());
            }
            stream(&mut reader, &layout, &survey, &mut |batch| {
                // The receiver was dropped.
                sender.blocking_send(batch).map_err(|_| Error::Cancelled)
            })
        });
        Rows { batches, reading }
    }
}

/// The stream of rows. Reading stops when it is dropped.
pub struct Rows {
    batches: mpsc::Receiver<Batch>,
    reading: JoinHandle<Result<Vec<TableSummary>>>,
}

impl Rows {
    /// The next batch; `None` at the end or after an error, which [`Rows::finish`] returns.
    pub async fn next(&mut self) -> Option<Batch> {
        self.batches.recv().await
    }

    /// The summary of each table, to be called after the last batch. An error means that rows are missing.
    pub async fn finish(self) -> Result<Vec<TableSummary>> {
        drop(self.batches);
        join(self.reading).await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    join(spawn_blocking(work)).await
}

async fn join<T>(task: JoinHandle<Result<T>>) -> Result<T> {
    match task.await {
        Ok(result) => result,
        // A panic is propagated; otherwise the runtime is shutting down.
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Error::Cancelled),
        },
    }
}
