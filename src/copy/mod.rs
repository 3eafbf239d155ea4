//! Copies a whole database into an empty one of either kind: all tables of the schema, with ids, versions and the ids that
//! come next.
//!
//! The source is read in one transaction, the target is written in one. Before it is committed its rows are read back, and
//! counts, sums and hashes of all tables have to be equal on both sides. The tables come from the schema itself, so that
//! those of a later migration are copied without a line here.

mod progress;
mod read;
mod row;
mod table;
mod write;

use std::sync::{Arc, Mutex, PoisonError};

use database::Database;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use self::read::Message;
use self::table::Table;
use crate::error::{Error, Result};
use crate::schema;

pub(crate) use self::progress::Progress;
pub(crate) use self::row::Comparison;

/// Messages of rows that wait to be written.
const WAITING: usize = 4;

/// Copies all rows and returns the comparison of each table. If one of them is not equal, nothing is stored.
///
/// # Errors
/// When migrations of the source are missing, the schemas differ, the target is not empty, `progress` is cancelled or a
/// statement fails. Nothing is stored then.
pub(crate) async fn run(
    source: &Database,
    target: &Database,
    progress: &Progress,
) -> Result<Vec<Comparison>> {
    if !schema::is_current(source).await? {
        return Err(Error::internal(
            "migrations of the source are missing; run `stockroom migrate up` on it first",
        ));
    }
    let tables = table::all(source).await?;
    if !table::are_alike(&tables, &table::all(target).await?) {
        return Err(Error::internal(
            "the tables of source and target are not the same; was one of them changed by hand?",
        ));
    }
    let tables = Arc::new(tables);
    let (sender, receiver) = mpsc::channel(WAITING);
    let reading = read_all(source, Arc::clone(&tables), sender, progress.clone());
    let writing = write_all(target, tables, receiver, progress.clone());
    let (read, written) = tokio::join!(reading, writing);
    match (read, written) {
        // The writer has failed only because the rows ended early.
        (Err(error), Err(_)) if !progress.writer_failed() => Err(error),
        (_, written) => written,
    }
}

async fn read_all(
    source: &Database,
    tables: Arc<Vec<Table>>,
    sender: mpsc::Sender<Message>,
    progress: Progress,
) -> Result<()> {
    let runtime = Handle::current();
    let sender = Mutex::new(Some(sender));
    source
        .transaction(Arc::new(()), move |transaction| {
            let sender = sender.lock().unwrap_or_else(PoisonError::into_inner).take();
            let (tables, progress, runtime) = (Arc::clone(&tables), progress.clone(), runtime.clone());
            Box::pin(async move {
                let sender = sender.ok_or_else(|| Error::internal("the source can be read once only"))?;
                read::send(transaction, &tables, &sender, &progress, &runtime).await
            })
        })
        .await
}

async fn write_all(
    target: &Database,
    tables: Arc<Vec<Table>>,
    receiver: mpsc::Receiver<Message>,
    progress: Progress,
) -> Result<Vec<Comparison>> {
    let runtime = Handle::current();
    let receiver = Mutex::new(Some(receiver));
    let different = Arc::<Mutex<Vec<Comparison>>>::default();
    let found = Arc::clone(&different);
    let stored = target
        .transaction(Arc::new(()), move |transaction| {
            let receiver = receiver.lock().unwrap_or_else(PoisonError::into_inner).take();
            let (tables, progress, runtime) = (Arc::clone(&tables), progress.clone(), runtime.clone());
            let found = Arc::clone(&found);
            Box::pin(async move {
                let receiver = receiver.ok_or_else(|| {
                    Error::internal("another program changed the target; stop it and copy again")
                })?;
                let incoming = read::Incoming::new(receiver, runtime, transaction.backend());
                let comparisons = write::store(transaction, &tables, incoming, &progress).await?;
                if !comparisons.iter().all(Comparison::is_equal) {
                    *found.lock().unwrap_or_else(PoisonError::into_inner) = comparisons;
                    return Err(Error::internal("the target differs from the source"));
                }
                Ok(comparisons)
            })
        })
        .await;
    let different = std::mem::take(&mut *different.lock().unwrap_or_else(PoisonError::into_inner));
    if different.is_empty() {
        stored
    } else {
        Ok(different)
    }
}
