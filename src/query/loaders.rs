//! Loads rows by their ids, one statement a batch, with the `dataloader` crate.
//!
//! A loader is called once, with the ids that all rows of a page refer to, so it never waits for more. It does not outlive
//! that call, so nothing is shared between requests.

use std::collections::HashMap;
use std::marker::PhantomData;

use ::entity::Record;
use dataloader::BatchFn;
use dataloader::non_cached::Loader;

use super::Collection;
use crate::ctx::Ctx;
use crate::error::{Error, Result};

struct ById<R> {
    ctx: Ctx,
    table: PhantomData<fn() -> R>,
}

impl<R: Collection> BatchFn<i64, Result<Option<R::Model>>> for ById<R> {
    /// The interface has no error for a whole batch, so each id gets it.
    async fn load(&mut self, ids: &[i64]) -> HashMap<i64, Result<Option<R::Model>>> {
        let found = self.ctx.db().by_ids::<R>(ids).await;
        match found.map_err(Error::from) {
            Ok(rows) => {
                let mut found: HashMap<i64, R::Model> = rows.into_iter().map(|row| (row.id(), row)).collect();
                ids.iter().map(|id| (*id, Ok(found.remove(id)))).collect()
            }
            Err(error) => ids.iter().map(|id| (*id, Err(error.clone()))).collect(),
        }
    }
}

/// The rows with these ids, in one statement.
pub(super) async fn by_id<R: Collection>(ctx: &Ctx, ids: Vec<i64>) -> Result<Vec<R::Model>> {
    match ids.as_slice() {
        [] => return Ok(Vec::new()),
        // Without the overhead of a batch.
        [id] => return Ok(ctx.db().by_id::<R>(*id).await?.into_iter().collect()),
        _ => {}
    }
    let batch = ById::<R> {
        ctx: ctx.clone(),
        table: PhantomData,
    };
    let loader = Loader::new(batch)
        .with_max_batch_size(usize::MAX)
        .with_yield_count(0);
    let loaded = loader.try_load_many(ids).await.map_err(Error::internal)?;
    let rows: Result<Vec<Option<R::Model>>> = loaded.into_values().collect();
    Ok(rows?.into_iter().flatten().collect())
}
