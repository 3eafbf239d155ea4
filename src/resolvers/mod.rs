//! The rules, independent of HTTP and GraphQL. Both APIs call the operations in this file. Each resource has its own file.
//!
//! An operation takes a [`Permit`], so it can't be called without a check of the caller's permission.

use std::slice;
use std::sync::Arc;

use crate::auth::{Add, Change, Delete, Permit, Read};
use crate::error::{Error, Fault, FaultCode, Result};
use crate::query::{Collection, Row};
use crate::resource::{Created, Deleted, Editable, Resource, find_locked};
use crate::tx::Tx;

pub mod account;
pub mod analytics;
pub mod delivery;
pub mod inflow;
mod integrity;
pub mod invariant;
pub mod label;
mod movement;
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

/// The row with this id, for a caller with the permission to change it.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find_model<A, R: Resource>(permit: &Permit<'_, A, R>, id: i64) -> Result<R::Model> {
    permit.ctx().db().by_id::<R>(id).await?.ok_or(Error::NotFound)
}

/// Creates a row.
///
/// # Errors
/// [`Error::Invalid`] with every invalid field.
pub async fn create<R: Resource>(permit: Permit<'_, Add, R>, draft: R::Draft) -> Result<Row<R>> {
    let ctx = permit.ctx();
    if let Some(created) = ctx.recorded_outcome::<Created<R>>()? {
        return Ok(created.into_row());
    }
    let draft = R::prepare(ctx, draft).await?;
    if let Some(created) = R::create_in_batch(ctx, &draft).await? {
        return Ok(created.into_row());
    }
    let created = ctx
        .change(move |tx| {
            let draft = draft.clone();
            Box::pin(async move {
                let mut created = R::create(tx, draft).await?;
                if tx.ctx().keyed.is_some() {
                    let related = R::load_related(tx, slice::from_ref(&created.row)).await?;
                    created.related = related.into_iter().next().unwrap_or_default();
                }
                Ok(created)
            })
        })
        .await?;
    Ok(created.into_row())
}

/// The maximum number of rows that one request creates.
const MAX_ITEMS: usize = 100;

/// Creates several rows in one transaction, all or none.
///
/// # Errors
/// [`Error::Invalid`] with every invalid field of every item.
pub async fn create_all<R: Resource>(
    permit: Permit<'_, Add, R>,
    drafts: Vec<R::Draft>,
) -> Result<Vec<Row<R>>> {
    if drafts.is_empty() {
        return Err(Fault::new("items", FaultCode::Invalid, "This list may not be empty.").into());
    }
    if drafts.len() > MAX_ITEMS {
        let message = format!("Ensure this field has no more than {MAX_ITEMS} elements.");
        return Err(Fault::new("items", FaultCode::TooLong, message).into());
    }
    let mut prepared = Vec::with_capacity(drafts.len());
    for draft in drafts {
        prepared.push(R::prepare(permit.ctx(), draft).await?);
    }
    let drafts = Arc::new(prepared);
    let rows = permit
        .ctx()
        .change(move |tx| {
            let drafts = Arc::clone(&drafts);
            Box::pin(async move { create_each::<R>(tx, &drafts).await })
        })
        .await?;
    Ok(Row::siblings_of(rows))
}

async fn create_each<R: Resource>(tx: &Tx, drafts: &[R::Draft]) -> Result<Vec<R::Model>> {
    R::lock_for(tx, drafts).await?;
    let mut rows = Vec::with_capacity(drafts.len());
    let mut faults = Vec::new();
    for (item, draft) in drafts.iter().enumerate() {
        match R::create(tx, draft.clone())
            .await
            .map_err(|error| error.with_item_index(item))
        {
            Ok(created) => rows.push(created.row),
            Err(Error::Invalid(found)) => faults.extend(found),
            // After a failed statement PostgreSQL accepts no others, so the remaining drafts can't be checked. The faults
            // found so far are more useful than this error.
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

/// Updates a row. `expected_version`, if given, must be its version.
///
/// # Errors
/// [`Error::NotFound`], [`Error::VersionConflict`], [`Error::Invalid`] with every invalid field.
pub async fn update<R: Editable>(
    permit: Permit<'_, Change, R>,
    id: i64,
    expected_version: Option<i64>,
    draft: R::Draft,
) -> Result<Row<R>> {
    let draft = R::prepare(permit.ctx(), draft).await?;
    let row = permit
        .ctx()
        .change(move |tx| {
            let draft = draft.clone();
            Box::pin(
                async move { R::change(tx, find_locked::<R>(tx, id, expected_version).await?, draft).await },
            )
        })
        .await?;
    Ok(Row::single(row))
}

/// Deletes a row and returns it.
///
/// # Errors
/// [`Error::NotFound`], [`Error::VersionConflict`], [`Error::Protected`] while other rows refer to it,
/// [`Error::InsufficientStock`] if its effect on stock can't be undone.
pub async fn delete<R: Resource>(
    permit: Permit<'_, Delete, R>,
    id: i64,
    expected_version: Option<i64>,
) -> Result<Deleted<R>> {
    permit
        .ctx()
        .change(move |tx| {
            Box::pin(async move {
                let row = find_locked::<R>(tx, id, expected_version).await?;
                let product = R::remove(tx, &row).await?;
                Ok(Deleted { row, product })
            })
        })
        .await
}
