//! The way in for async code: reading happens on blocking threads, rows come through a channel of a few batches.

use std::path::Path;

use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::digest::TableSummary;
use crate::error::{Error, Result};
use crate::options::Options;
use crate::plan::{Layout, Survey, stream, survey};
use crate::progress::Progress;
use crate::report::{Report, Verdict};
use crate::row::Batch;
use crate::source::{PostgresReader, Reader, SqliteReader};

/// Batches that wait to be written.
const WAITING: usize = 4;

/// A source, opened. It stays open, at the same moment of its history, until its rows are handed over.
pub struct Source(Reader);

impl Source {
    /// Opens a SQLite file (its path, or `sqlite://` before it) or a PostgreSQL URL.
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

    /// Reads everything once and says what would become of it.
    pub async fn check(self, options: Options, progress: Progress) -> Result<Plan> {
        let Self(mut reader) = self;
        blocking(move || {
            reader.watch(&progress);
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

/// What would become of a source.
pub struct Plan {
    reader: Reader,
    layout: Layout,
    survey: Survey,
    report: Report,
}

impl Plan {
    /// What was found.
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// Begins to hand over the rows: users, groups, memberships, permissions, brands, categories, suppliers, products,
    /// inflows, outflows, the ledger, spent tokens. A refused source has none.
    pub fn rows(self) -> Rows {
        let (sender, batches) = mpsc::channel(WAITING);
        let Self {
            mut reader,
            layout,
            survey,
            report,
        } = self;
        let reading = spawn_blocking(move || {
            if report.verdict == Verdict::Refuse {
                return Ok(Vec::new());
            }
            stream(&mut reader, &layout, &survey, &mut |batch| {
                // Nobody takes them any more.
                sender.blocking_send(batch).map_err(|_| Error::Cancelled)
            })
        });
        Rows { batches, reading }
    }
}

/// The rows, on their way. Dropping it ends the reading.
pub struct Rows {
    batches: mpsc::Receiver<Batch>,
    reading: JoinHandle<Result<Vec<TableSummary>>>,
}

impl Rows {
    /// The next batch; none at the end, and after an error, which [`Rows::finish`] returns.
    pub async fn next(&mut self) -> Option<Batch> {
        self.batches.recv().await
    }

    /// What each table comes to, once all batches are taken. An error means that rows are missing.
    pub async fn finish(self) -> Result<Vec<TableSummary>> {
        drop(self.batches);
        joined(self.reading).await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    joined(spawn_blocking(work)).await
}

async fn joined<T>(task: JoinHandle<Result<T>>) -> Result<T> {
    match task.await {
        Ok(result) => result,
        // The runtime is shutting down; a panic goes on here.
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Error::Cancelled),
        },
    }
}
