//! Copies a whole database into an empty one of either kind, SQLite or PostgreSQL: all tables of the schema, with the
//! ids of their rows and the next ids to be generated.
//!
//! ```no_run
//! use database::{Database, Transaction};
//! use database_copy::{Error, Plan, Progress};
//! use futures_util::FutureExt as _;
//!
//! const PLAN: Plan = Plan {
//!     ignored_tables: &["seaql_migrations"],
//!     last_tables: &[],
//!     seeded_tables: &["country"],
//!     summed_columns: &["pages"],
//! };
//!
//! # async fn run(source: Database, target: Database) -> Result<(), Error> {
//! let check = |_: &Transaction| async { Ok::<_, Error>(()) }.boxed();
//! let tables = database_copy::run(&source, &target, PLAN, check, &Progress::default()).await?;
//! assert!(tables.iter().all(|table| table.is_equal()));
//! # Ok(())
//! # }
//! ```
//!
//! # Guarantees
//!
//! - **A consistent state.** The source is read in one transaction: on PostgreSQL from one snapshot, on SQLite while other
//!   writers wait.
//! - **All or nothing.** The target is written in one transaction, which locks its tables. Before the commit, its rows are
//!   read back, and counts, sums, hashes and last ids of all tables have to be equal on both sides.
//! - **No list of tables.** The tables and the order of their references come from the schema, so that a table added by a
//!   migration is copied without a change here. A column of a type that can't be copied is an error.
//! - **Bounded memory.** Rows are read in pages of 250, and at most four pages wait to be written.
//!
//! # Modules
//!
//! | module | contents |
//! | --- | --- |
//! | `plan` | [`Plan`]: what the schema does not express |
//! | `table` | the tables, read from the database's catalogue |
//! | `row` | rows of any table, their [`Summary`] and the [`Comparison`] |
//! | `read`, `write` | reading the source, writing the target |
//! | `progress` | [`Progress`]: rows done, and how to cancel |

mod error;
mod plan;
mod progress;
mod read;
mod row;
mod table;
mod write;

use std::sync::{Arc, Mutex, PoisonError};

use database::{Database, Transaction};
use futures_util::future::BoxFuture;
use sea_orm::DbErr;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

pub use self::error::{Error, Result};
pub use self::plan::Plan;
pub use self::progress::Progress;
use self::read::Message;
pub use self::row::{Comparison, Summary};
use self::table::Table;

/// The maximum number of pages that wait to be written.
const QUEUED_PAGES: usize = 4;

/// A check in the target's transaction that returns an error if the seeded rows must not be replaced. On SQLite it must not
/// await anything but its statements.
pub type Check<E> = for<'t> fn(&'t Transaction) -> BoxFuture<'t, Result<(), E>>;

/// Copies all rows and returns the comparison of each table. If a table differs, nothing is stored.
///
/// # Errors
/// When the schemas differ, the target is not empty, `check` fails, `progress` is cancelled or a statement fails. Nothing is
/// stored then.
pub async fn run<E>(
    source: &Database,
    target: &Database,
    plan: Plan,
    check: Check<E>,
    progress: &Progress,
) -> Result<Vec<Comparison>, E>
where
    E: From<Error> + From<DbErr> + Send + 'static,
{
    let tables = table::all(source, &plan).await?;
    if !table::are_alike(&tables, &table::all(target, &plan).await?) {
        return Err(Error::failed(
            "the tables of source and target are not the same; was one of them changed by hand?",
        )
        .into());
    }
    let tables = Arc::new(tables);
    let (sender, receiver) = mpsc::channel(QUEUED_PAGES);
    let reading = read_all(source, Arc::clone(&tables), sender, progress.clone());
    let writing = write_all(target, tables, receiver, check, progress.clone());
    match tokio::join!(reading, writing) {
        // The reader failed first; the writer failed only because the rows ended early.
        (Err(error), Err(_)) if !progress.writer_failed() => Err(error.into()),
        (_, comparisons) => comparisons,
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
                let sender = sender.ok_or_else(|| {
                    Error::failed("the source's transaction was repeated, but its rows can be read only once")
                })?;
                read::send(transaction, &tables, &sender, &progress, &runtime).await
            })
        })
        .await
}

async fn write_all<E>(
    target: &Database,
    tables: Arc<Vec<Table>>,
    receiver: mpsc::Receiver<Message>,
    check: Check<E>,
    progress: Progress,
) -> Result<Vec<Comparison>, E>
where
    E: From<Error> + From<DbErr> + Send + 'static,
{
    let runtime = Handle::current();
    let receiver = Mutex::new(Some(receiver));
    let mismatch = Arc::<Mutex<Vec<Comparison>>>::default();
    let found_mismatch = Arc::clone(&mismatch);
    let result = target
        .transaction(Arc::new(()), move |transaction| {
            let receiver = receiver.lock().unwrap_or_else(PoisonError::into_inner).take();
            let (tables, progress, runtime) = (Arc::clone(&tables), progress.clone(), runtime.clone());
            let found_mismatch = Arc::clone(&found_mismatch);
            Box::pin(async move {
                let receiver = receiver.ok_or_else(|| {
                    Error::failed("another program changed the target; stop it and copy again")
                })?;
                let messages = read::MessageReceiver::new(receiver, runtime, transaction.backend());
                write::prepare(transaction, &tables).await?;
                check(transaction).await?;
                let comparisons = write::store(transaction, &tables, messages, &progress).await?;
                if !comparisons.iter().all(Comparison::is_equal) {
                    *found_mismatch.lock().unwrap_or_else(PoisonError::into_inner) = comparisons;
                    return Err(Error::failed("the target differs from the source").into());
                }
                Ok(comparisons)
            })
        })
        .await;
    let mismatch = std::mem::take(&mut *mismatch.lock().unwrap_or_else(PoisonError::into_inner));
    if mismatch.is_empty() { result } else { Ok(mismatch) }
}
