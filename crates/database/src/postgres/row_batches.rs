//! Reads of single rows by id, shared by requests that run at the same time.
//!
//! Most of the time of such a read is spent on the round trip. So while [`CONCURRENT_READS`] statements are reading rows of a table,
//! the ids of further callers wait, and one statement then reads all of their rows. Each statement begins after the calls
//! that share it, so each caller sees all changes that were committed before its call.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use sea_orm::DbErr;
use tokio::sync::Semaphore;

use super::Postgres;
use super::error::Error;
use crate::Backend;
use crate::models::{Table, by_id_statement, by_ids_statement, row_id};

/// The maximum number of statements that read single rows of one table at the same time. With fewer, a caller more often
/// waits for the statement of others; with more, fewer callers share a statement.
const CONCURRENT_READS: usize = 2;

/// The batches of all tables.
#[derive(Default)]
pub(super) struct RowBatches(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

/// The batches of one table.
struct Batches<E: Table> {
    /// The next batch, which has not begun.
    next: Mutex<Option<Batch<E>>>,
    running: Semaphore,
}

struct Batch<E: Table> {
    ids: Vec<i64>,
    read: Read<E>,
}

type Read<E> = Shared<BoxFuture<'static, Result<Arc<Rows<E>>, DbErr>>>;
type Rows<E> = HashMap<i64, <E as sea_orm::EntityTrait>::Model>;

impl Postgres {
    /// The row with this id.
    pub(crate) async fn row<E: Table>(&self, id: i64) -> Result<Option<E::Model>, DbErr> {
        let read = self.row_batches.for_table::<E>().join(self, id);
        let result = self
            .with_time_limit(pin!(async { Ok::<_, Error>(read.await) }))
            .await;
        Ok(result??.get(&id).cloned())
    }
}

impl RowBatches {
    fn for_table<E: Table>(&self) -> Arc<Batches<E>> {
        let mut tables = lock(&self.0);
        let new = || {
            Arc::new(Batches::<E> {
                next: Mutex::new(None),
                running: Semaphore::new(CONCURRENT_READS),
            })
        };
        let batches = Arc::clone(tables.entry(TypeId::of::<E>()).or_insert_with(|| new()));
        drop(tables);
        batches.downcast().unwrap_or_else(|_| new())
    }
}

impl<E: Table> Batches<E> {
    /// Adds an id to the next batch, and returns the future that reads it.
    fn join(self: Arc<Self>, postgres: &Postgres, id: i64) -> Read<E> {
        let mut next = lock(&self.next);
        let batch = next.get_or_insert_with(|| Batch {
            ids: Vec::new(),
            read: Arc::clone(&self).read(postgres.clone()).boxed().shared(),
        });
        batch.ids.push(id);
        batch.read.clone()
    }

    async fn read(self: Arc<Self>, postgres: Postgres) -> Result<Arc<Rows<E>>, DbErr> {
        let _permit = self.running.acquire().await;
        // A caller that joins after this needs another read.
        let ids = lock(&self.next).take().map_or_else(Vec::new, |batch| batch.ids);
        let statement = match ids.as_slice() {
            [id] => by_id_statement::<E>(Backend::Postgres, *id),
            ids => by_ids_statement::<E>(Backend::Postgres, ids),
        };
        let rows = postgres.models::<E>(&statement).await?;
        Ok(Arc::new(
            rows.into_iter().map(|row| (row_id::<E>(&row), row)).collect(),
        ))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
