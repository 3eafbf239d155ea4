//! The table `idempotency_key`.

use std::sync::Arc;

use ::entity::idempotency_key::{ActiveModel, Column, Entity, Model};
use chrono::{DateTime, TimeDelta, Utc};
use database::{Backend, Failure};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, Statement,
};

use super::keyed_request::KeyedRequest;
use super::{MAX_RESPONSE_BYTES, StoredResponse};
use crate::ctx::Ctx;
use crate::error::{Conflict, Error, Result};
use crate::tx::Tx;

/// The time for which a key is valid.
pub const RETENTION: TimeDelta = TimeDelta::hours(24);
/// The maximum number of rows that one transaction deletes.
const BATCH: u64 = 1_000;
/// The unique constraint on the user and the key.
const UNIQUE_KEY: &str = "idempotency_key_user_id_key_key";

/// The row of a user's key, even if it is older than [`RETENTION`].
async fn find(db: &impl ConnectionTrait, user_id: i64, key: &str) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::UserId.eq(user_id))
        .filter(Column::Key.eq(key))
        .one(db)
        .await
}

fn is_valid(row: &Model, now: DateTime<Utc>) -> bool {
    now - row.created_at < RETENTION
}

/// The row of a user's key, if it is still valid.
pub(super) async fn find_valid(ctx: &Ctx, user_id: i64, key: &str) -> Result<Option<Model>> {
    let found = find(ctx.db(), user_id, key).await?;
    Ok(found.filter(|row| is_valid(row, ctx.now)))
}

/// Claims a key for a transaction, without waiting for another transaction that holds it.
///
/// # Errors
/// [`Conflict::KeyInProgress`] when another transaction has claimed the key, or has committed it.
pub(super) async fn claim(tx: &Tx, keyed: &KeyedRequest) -> Result<()> {
    // SQLite runs write transactions one after the other.
    if tx.backend() == Backend::Postgres {
        let sql = "SELECT pg_try_advisory_xact_lock($1) AS is_locked";
        let lock = keyed.key.lock_number(keyed.user_id);
        let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [lock.into()]);
        let row = tx.query_one_raw(statement).await?;
        if !row
            .map(|row| row.try_get::<bool>("", "is_locked"))
            .transpose()?
            .unwrap_or(false)
        {
            return Err(in_progress(keyed));
        }
    }
    match find(tx, keyed.user_id, keyed.key.as_str()).await? {
        Some(row) if is_valid(&row, tx.ctx().now) => Err(in_progress(keyed)),
        Some(row) => {
            Entity::delete_by_id(row.id).exec(tx).await?;
            Ok(())
        }
        None => Ok(()),
    }
}

/// Tries to claim several keys on PostgreSQL. Returns for each key, in order, whether the transaction has claimed it and it
/// has never been used. Requests with the other keys need their own transactions.
pub async fn claim_new(tx: &Tx, keys: &[Arc<KeyedRequest>]) -> Result<Vec<bool>, DbErr> {
    let mut claimed = Vec::with_capacity(keys.len());
    if keys.is_empty() {
        return Ok(claimed);
    }
    let locks: Vec<i64> = keys
        .iter()
        .map(|keyed| keyed.key.lock_number(keyed.user_id))
        .collect();
    // Two statements, because the second one sees what was committed before the locks were granted.
    let sql = "SELECT number FROM json_array_elements_text(CAST($1 AS json)) AS locks (number)
               WHERE pg_try_advisory_xact_lock(CAST(number AS bigint))";
    let statement = Statement::from_sql_and_values(
        tx.get_database_backend(),
        sql,
        [database::bulk::json_rows(&locks)],
    );
    let mut locked = Vec::new();
    for row in tx.query_all_raw(statement).await? {
        locked.extend(row.try_get::<String>("", "number")?.parse::<i64>().ok());
    }
    let names = keys.iter().map(|keyed| keyed.key.as_str());
    let used = Entity::find().filter(Column::Key.is_in(names)).all(tx).await?;
    for (keyed, lock) in keys.iter().zip(locks) {
        let is_used = used
            .iter()
            .any(|row| row.user_id == keyed.user_id && row.key == keyed.key.as_str());
        claimed.push(locked.contains(&lock) && !is_used);
    }
    Ok(claimed)
}

/// Stores keys with their outcomes.
pub async fn record(tx: &Tx, outcomes: Vec<(Arc<KeyedRequest>, String)>) -> Result<()> {
    let now = tx.ctx().now;
    let Some((first, _)) = outcomes.first().cloned() else {
        return Ok(());
    };
    let rows = outcomes.into_iter().map(|(keyed, outcome)| ActiveModel {
        user_id: ActiveValue::Set(keyed.user_id),
        key: ActiveValue::Set(keyed.key.as_str().to_owned()),
        fingerprint: ActiveValue::Set(keyed.fingerprint.as_str().to_owned()),
        outcome: ActiveValue::Set(outcome),
        status: ActiveValue::Set(None),
        headers: ActiveValue::Set(None),
        body: ActiveValue::Set(None),
        created_at: ActiveValue::Set(now),
        ..ActiveModel::default()
    });
    match Entity::insert_many(rows).exec(tx).await {
        Ok(_) => Ok(()),
        // Happens only at an isolation level that hides rows committed by other transactions.
        Err(error) if matches!(Failure::of(&error), Failure::Unique(name) if name == UNIQUE_KEY) => {
            Err(in_progress(&first))
        }
        Err(error) => Err(error.into()),
    }
}

fn in_progress(keyed: &KeyedRequest) -> Error {
    keyed.set_conflict();
    Error::Conflict(Conflict::KeyInProgress)
}

/// Stores the response to a request whose change is committed, unless a response is stored already. Returns the response that
/// was stored before, or `None` if there was none.
pub(super) async fn add_response(
    ctx: &Ctx,
    keyed: &Arc<KeyedRequest>,
    response: &StoredResponse,
) -> Result<Option<StoredResponse>> {
    if response.body.len() > MAX_RESPONSE_BYTES {
        return Ok(None);
    }
    let headers = serde_json::to_string(&response.headers).map_err(Error::internal)?;
    let (stored, response) = (Arc::clone(keyed), response.clone());
    let updated = ctx
        .transaction(move |tx| {
            let (keyed, response, headers) = (Arc::clone(&stored), response.clone(), headers.clone());
            Box::pin(async move {
                let updated = Entity::update_many()
                    .col_expr(Column::Status, Expr::val(i64::from(response.status)))
                    .col_expr(Column::Headers, Expr::val(headers))
                    .col_expr(Column::Body, Expr::val(response.body))
                    .filter(Column::UserId.eq(keyed.user_id))
                    .filter(Column::Key.eq(keyed.key.as_str()))
                    .filter(Column::Fingerprint.eq(keyed.fingerprint.as_str()))
                    .filter(Column::Status.is_null())
                    .exec(tx)
                    .await?;
                Ok(updated.rows_affected)
            })
        })
        .await?;
    if updated > 0 {
        return Ok(None);
    }
    let found = find_valid(ctx, keyed.user_id, keyed.key.as_str()).await?;
    found.as_ref().map_or(Ok(None), stored_response)
}

/// The response that is stored in a row, if any.
pub(super) fn stored_response(row: &Model) -> Result<Option<StoredResponse>> {
    let (Some(status), Some(headers), Some(body)) = (row.status, &row.headers, &row.body) else {
        return Ok(None);
    };
    Ok(Some(StoredResponse {
        status: u16::try_from(status).map_err(Error::internal)?,
        headers: serde_json::from_str(headers).map_err(Error::internal)?,
        body: body.clone(),
    }))
}

/// Deletes a batch of keys that are no longer valid. Returns whether the batch was full; then there may be more.
///
/// # Errors
/// Fails if the database can't be written.
pub async fn prune(ctx: &Ctx) -> Result<bool> {
    let deleted = ctx
        .transaction(move |tx| {
            Box::pin(async move {
                let sql = format!(
                    "DELETE FROM idempotency_key WHERE id IN (
                        SELECT id FROM idempotency_key WHERE created_at <= $1 ORDER BY created_at LIMIT {BATCH})"
                );
                let until = tx.ctx().now - RETENTION;
                let statement =
                    Statement::from_sql_and_values(tx.get_database_backend(), sql, [until.into()]);
                Ok(tx.execute_raw(statement).await?.rows_affected())
            })
        })
        .await?;
    Ok(deleted >= BATCH)
}
