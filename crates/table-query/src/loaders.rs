//! Loads rows by their ids, one statement for each batch, with the `dataloader` crate.
//!
//! A loader is called once, with all ids that the rows of a page refer to, so it does not wait for more ids. It is dropped
//! after that call, so nothing is shared between requests.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

use database::Database;
use dataloader::BatchFn;
use dataloader::non_cached::Loader;
use sea_orm::DbErr;

use crate::error::Error;
use crate::table::{Table, row_id};

struct ById<T> {
    db: Database,
    table: PhantomData<fn() -> T>,
}

impl<T: Table> BatchFn<i64, Result<Option<T::Model>, Error>> for ById<T> {
    /// The trait has no error for a whole batch, so the error is returned for each id.
    async fn load(&mut self, ids: &[i64]) -> HashMap<i64, Result<Option<T::Model>, Error>> {
        match self.db.by_ids::<T>(ids).await {
            Ok(rows) => {
                let mut rows: HashMap<i64, T::Model> =
                    rows.into_iter().map(|row| (row_id::<T>(&row), row)).collect();
                ids.iter().map(|id| (*id, Ok(rows.remove(id)))).collect()
            }
            Err(error) => {
                let error = Arc::new(error);
                let result = |id: &i64| (*id, Err(Error::Database(Arc::clone(&error))));
                ids.iter().map(result).collect()
            }
        }
    }
}

/// The rows with these ids, in one statement.
pub(crate) async fn by_id<T: Table>(db: &Database, ids: Vec<i64>) -> Result<Vec<T::Model>, Error> {
    match ids.as_slice() {
        [] => return Ok(Vec::new()),
        // A single row is read without the overhead of a batch.
        [id] => return Ok(db.by_id::<T>(*id).await?.into_iter().collect()),
        _ => {}
    }
    let batch = ById::<T> {
        db: db.clone(),
        table: PhantomData,
    };
    let loader = Loader::new(batch)
        .with_max_batch_size(usize::MAX)
        .with_yield_count(0);
    let rows = loader.try_load_many(ids).await;
    let rows = rows.map_err(|error| DbErr::Custom(error.to_string()))?;
    let rows: Result<Vec<Option<T::Model>>, Error> = rows.into_values().collect();
    Ok(rows?.into_iter().flatten().collect())
}
