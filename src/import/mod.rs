//! Imports a Django installation: stores the rows that `django_source` reads, in one transaction.
//!
//! The rows are read back inside the transaction and compared with the source, table by table. The transaction is committed
//! only if counts, sums and hashes are equal.

mod account;
mod compare;
mod incoming;
mod progress;
mod row;
mod store;
mod target;

use std::sync::{Arc, Mutex, PoisonError};

use django_source::Plan;

use self::incoming::IncomingRows;
use crate::ctx::Ctx;
use crate::error::{Error, Result};

pub(crate) use self::compare::Comparison;
pub(crate) use self::progress::ImportProgress;
pub(crate) use self::target::require_empty;

/// Stores the rows of a source and returns the comparison of each table. If a table differs, nothing is stored.
///
/// # Errors
/// Fails, and stores nothing, if the target is not empty, the source can't be read to its end, `progress` is cancelled, or a
/// statement fails.
pub(crate) async fn run(ctx: &Ctx, plan: Plan, progress: ImportProgress) -> Result<Vec<Comparison>> {
    let next_ids = Arc::new(plan.report().next_id.clone());
    let incoming = Mutex::new(Some(IncomingRows::new(plan.rows(), ctx.db().backend())));
    let failed_comparisons = Arc::<Mutex<Vec<Comparison>>>::default();
    let output = Arc::clone(&failed_comparisons);
    let stored = ctx
        .transaction(move |tx| {
            let incoming = incoming.lock().unwrap_or_else(PoisonError::into_inner).take();
            let (next_ids, output, progress) = (Arc::clone(&next_ids), Arc::clone(&output), progress.clone());
            Box::pin(async move {
                // The rows can be read only once, so the transaction can't be retried.
                let incoming = incoming.ok_or_else(|| {
                    Error::internal("another program changed the target; stop it and import again")
                })?;
                target::lock(tx).await?;
                require_empty(tx).await?;
                let (source, groups) = store::store(tx, incoming, &progress).await?;
                progress.begin_comparison(&source);
                let comparisons = compare::compare(tx, source, &groups, &progress).await?;
                if !comparisons.iter().all(Comparison::is_equal) {
                    *output.lock().unwrap_or_else(PoisonError::into_inner) = comparisons;
                    return Err(Error::internal("the target differs from the source"));
                }
                store::finish(tx, &next_ids).await?;
                Ok(comparisons)
            })
        })
        .await;
    let failed_comparisons =
        std::mem::take(&mut *failed_comparisons.lock().unwrap_or_else(PoisonError::into_inner));
    if failed_comparisons.is_empty() {
        stored
    } else {
        Ok(failed_comparisons)
    }
}
