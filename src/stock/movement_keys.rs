//! Batches of movements on PostgreSQL in which requests have idempotency keys.

use std::sync::Arc;

use database::Failure;
use sea_orm::ConnectionTrait as _;

use super::movement::Movement;
use super::movement_batch::{self, BatchItem, OnLocked, created_movement};
use super::movement_queue::{MovementRequest, RecordedMovement};
use crate::ctx::Ctx;
use crate::error::{Conflict, Error, Result};
use crate::idempotency::change::to_json;
use crate::idempotency::keyed_request::KeyedRequest;
use crate::idempotency::store;
use crate::services::Services;
use crate::tx::Tx;

/// Records movements and the keys of their requests in one transaction. Returns the recorded movements, each with its
/// position among the requests. A request whose key is in use is left out.
///
/// # Errors
/// [`Error::Conflict`] when the database rejected the batch. Then nothing has changed.
pub(super) async fn record<M: Movement>(
    services: &Arc<Services>,
    requests: Vec<MovementRequest>,
) -> Result<Vec<(usize, RecordedMovement)>> {
    let requests = Arc::new(requests);
    Ctx::system(Arc::clone(services))
        .transaction(move |tx| {
            let requests = Arc::clone(&requests);
            Box::pin(async move { record_in_tx::<M>(tx, &requests).await })
        })
        .await
}

async fn record_in_tx<M: Movement>(
    tx: &Tx,
    requests: &[MovementRequest],
) -> Result<Vec<(usize, RecordedMovement)>> {
    let keys: Vec<Arc<KeyedRequest>> = requests
        .iter()
        .filter_map(|request| request.keyed.clone())
        .collect();
    let mut claimed = store::claim_new(tx, &keys).await?.into_iter();
    let mut executable: Vec<(usize, &MovementRequest)> = Vec::with_capacity(requests.len());
    for (position, request) in requests.iter().enumerate() {
        if request.keyed.is_none() || claimed.next().unwrap_or(false) {
            executable.push((position, request));
        }
    }
    if executable.is_empty() {
        return Ok(Vec::new());
    }
    let items: Vec<BatchItem<'_>> = executable
        .iter()
        .map(|(_, request)| BatchItem::from(*request))
        .collect();
    let statement = movement_batch::statement::<M>(&tx.ctx().services, &items, OnLocked::Skip);
    let rows = match tx.query_all_raw(statement).await {
        Ok(rows) => rows,
        Err(error) if Failure::of(&error).is_rejection() => {
            return Err(Error::Conflict(Conflict::KeyInProgress));
        }
        Err(error) => return Err(error.into()),
    };
    let mut recorded = Vec::with_capacity(rows.len());
    let (mut keys, mut outcomes) = (Vec::new(), Vec::new());
    for (index, movement) in movement_batch::read(&rows)? {
        let Some((position, request)) = executable.get(index) else {
            continue;
        };
        if let Some(keyed) = &request.keyed {
            keys.push(Arc::clone(keyed));
            outcomes.push(created_movement::<M>(
                &request.movement,
                request.at,
                movement.clone(),
            ));
        }
        recorded.push((*position, movement));
    }
    let rows: Vec<M::Model> = outcomes.iter().map(|outcome| outcome.row.clone()).collect();
    let mut keyed_outcomes = Vec::with_capacity(keys.len());
    let related = M::load_related(tx, &rows).await?;
    for ((keyed, mut outcome), related) in keys.into_iter().zip(outcomes).zip(related) {
        outcome.related = related;
        keyed_outcomes.push((keyed, to_json(&outcome)?));
    }
    store::record(tx, keyed_outcomes).await?;
    Ok(recorded)
}
