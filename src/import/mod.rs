//! Imports a Django installation: stores the rows that `django_source` reads, in one transaction.
//!
//! The rows are read back inside the transaction and compared with the source, table by table. The transaction is committed
//! only if counts, sums and hashes are equal.

mod account;
mod compare;
mod incoming;
mod row;
mod store;
mod target;
mod watch;

use std::sync::{Arc, Mutex, PoisonError};

use django_source::Plan;

use self::incoming::IncomingRows;
use crate::ctx::Ctx;
use crate::error::{Error, Result};

pub(crate) use self::compare::Comparison;
pub(crate) use self::target::require_empty;
pub(crate) use self::watch::Watch;

/// Stores the rows of a source and returns the comparison of each table. If a table differs, nothing is stored.
///
/// # Errors
/// Fails, and stores nothing, if the target is not empty, the source can't be read to its end, `watch` is cancelled, or a
/// statement fails.
pub(crate) async fn run(ctx: &Ctx, plan: Plan, watch: Watch) -> Result<Vec<Comparison>> {
    let next_ids = Arc::new(plan.report().next_id.clone());
    let incoming = Mutex::new(Some(IncomingRows::new(plan.rows(), ctx.db().backend())));
    let different = Arc::<Mutex<Vec<Comparison>>>::default();
    let found = Arc::clone(&different);
    let stored = ctx
        .transaction(move |tx| {
            let incoming = incoming.lock().unwrap_or_else(PoisonError::into_inner).take();
            let (next_ids, found, watch) = (Arc::clone(&next_ids), Arc::clone(&found), watch.clone());
            Box::pin(async move {
                // The rows can be read only once, so the transaction can't be retried.
                let incoming = incoming.ok_or_else(|| {
                    Error::internal("another program changed the target; stop it and import again")
                })?;
                target::lock(tx).await?;
                require_empty(tx).await?;
                let (source, groups) = store::store(tx, incoming, &watch).await?;
                watch.begin_comparison(&source);
                let comparisons = compare::compare(tx, source, &groups, &watch).await?;
                if !comparisons.iter().all(Comparison::is_equal) {
                    *found.lock().unwrap_or_else(PoisonError::into_inner) = comparisons;
                    return Err(Error::internal("the target differs from the source"));
                }
                store::finish(tx, &next_ids).await?;
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
