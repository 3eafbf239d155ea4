//! The rules. They know neither HTTP nor GraphQL; both faces call these five verbs.
//!
//! What can be done to a noun is written once, here; what a noun is stands in its own file. A verb takes a [`Permit`],
//! so nobody reaches a rule without the right.

use std::sync::Arc;

use crate::auth::{Add, Change, Delete, Permit, Read};
use crate::error::{Error, Fault, FaultCode, Result};
use crate::query::{Collection, Row};
use crate::resource::{Editable, Resource, locked};
use crate::tx::Tx;

pub mod account;
pub mod analytics;
pub mod delivery;
pub mod inflow;
mod integrity;
pub mod invariant;
pub mod label;
pub mod outflow;
pub mod product;
pub mod webhook_endpoint;

/// The row with this id.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find<R: Collection>(permit: Permit<'_, Read, R>, id: i64) -> Result<Row<R>> {
    let found = permit.ctx().db().by_id::<R>(id).await?;
    found.map(Row::single).ok_or(Error::NotFound)
}

/// The row with this id as it is before a change, for who may make it.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn current<A, R: Resource>(permit: &Permit<'_, A, R>, id: i64) -> Result<R::Model> {
    permit.ctx().db().by_id::<R>(id).await?.ok_or(Error::NotFound)
}

/// Makes a row.
///
/// # Errors
/// [`Error::Invalid`] with every bad field.
pub async fn create<R: Resource>(permit: Permit<'_, Add, R>, draft: R::Draft) -> Result<Row<R>> {
    let ctx = permit.ctx();
    let draft = R::prepare(ctx, draft).await?;
    if let Some(made) = R::create_together(ctx, &draft).await? {
        return Ok(made.into_row());
    }
    let made = ctx
        .transaction(move |tx| Box::pin(R::create(tx, draft.clone())))
        .await?;
    Ok(made.into_row())
}

/// The most rows that one request makes.
pub const BATCH: usize = 100;

/// Makes several rows in one transaction, all or none.
///
/// # Errors
/// [`Error::Invalid`] with every bad field of every item.
pub async fn create_all<R: Resource>(
    permit: Permit<'_, Add, R>,
    drafts: Vec<R::Draft>,
) -> Result<Vec<Row<R>>> {
    if drafts.is_empty() {
        return Err(Fault::new("items", FaultCode::Invalid, "This list may not be empty.").into());
    }
    if drafts.len() > BATCH {
        let message = format!("Ensure this field has no more than {BATCH} elements.");
        return Err(Fault::new("items", FaultCode::TooLong, message).into());
    }
    let mut prepared = Vec::with_capacity(drafts.len());
    for draft in drafts {
        prepared.push(R::prepare(permit.ctx(), draft).await?);
    }
    let drafts = Arc::new(prepared);
    let rows = permit
        .ctx()
        .transaction(move |tx| {
            let drafts = Arc::clone(&drafts);
            Box::pin(async move { create_each::<R>(tx, &drafts).await })
        })
        .await?;
    Ok(Row::together(rows))
}

async fn create_each<R: Resource>(tx: &Tx, drafts: &[R::Draft]) -> Result<Vec<R::Model>> {
    let mut rows = Vec::with_capacity(drafts.len());
    let mut faults = Vec::new();
    for (item, draft) in drafts.iter().enumerate() {
        match R::create(tx, draft.clone())
            .await
            .map_err(|error| error.of_item(item))
        {
            Ok(made) => rows.push(made.row),
            Err(Error::Invalid(found)) => faults.extend(found),
            // A statement that fails ends a transaction of PostgreSQL; what has been found wrong until then is the answer.
            Err(_) if !faults.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    if faults.is_empty() {
        Ok(rows)
    } else {
        Err(Error::Invalid(faults))
    }
}

/// Changes a row; `expected_version`, if given, must be the one it has.
///
/// # Errors
/// [`Error::NotFound`], [`Error::VersionConflict`], [`Error::Invalid`] with every bad field.
pub async fn update<R: Editable>(
    permit: Permit<'_, Change, R>,
    id: i64,
    expected_version: Option<i64>,
    draft: R::Draft,
) -> Result<Row<R>> {
    let draft = R::prepare(permit.ctx(), draft).await?;
    let row = permit
        .ctx()
        .transaction(move |tx| {
            let draft = draft.clone();
            Box::pin(async move { R::change(tx, locked::<R>(tx, id, expected_version).await?, draft).await })
        })
        .await?;
    Ok(Row::single(row))
}

/// Removes a row and returns what it was.
///
/// # Errors
/// [`Error::NotFound`], [`Error::VersionConflict`], [`Error::Protected`] while others need it,
/// [`Error::InsufficientStock`] when its effect on stock can't be taken back.
pub async fn delete<R: Resource>(
    permit: Permit<'_, Delete, R>,
    id: i64,
    expected_version: Option<i64>,
) -> Result<R::Model> {
    permit
        .ctx()
        .transaction(move |tx| {
            Box::pin(async move {
                let row = locked::<R>(tx, id, expected_version).await?;
                R::remove(tx, &row).await?;
                Ok(row)
            })
        })
        .await
}
