//! The rules. They know neither HTTP nor GraphQL; both faces call these five verbs.
//!
//! What can be done to a noun is written once, here; what a noun is stands in its own file. A verb takes a [`Permit`],
//! so nobody reaches a rule without the right.

use std::future::Future;
use std::sync::Arc;

use ::entity::Record;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, Iterable, PrimaryKeyToColumn,
    PrimaryKeyTrait, QueryFilter, QueryTrait,
};

use crate::auth::{Add, Change, Delete, Permit, Read, Right};
use crate::ctx::Ctx;
use crate::error::{Error, Fault, FaultCode, Result};
use crate::kind::Kind;
use crate::tx::Tx;

pub mod account;
pub mod analytics;
pub mod check;
pub mod cursor;
pub mod delivery;
pub mod endpoint;
pub mod filter;
pub mod history;
pub mod inflow;
pub mod invariant;
pub mod label;
pub mod ledger;
pub mod ledger_feed;
pub mod listing;
pub mod loaders;
pub mod movement;
pub mod outflow;
pub mod paging;
pub mod product;
pub mod range;
pub mod recorder;
pub mod siblings;
pub mod stock;

pub use check::{Check, Field};
pub use cursor::Term;
pub use filter::Filter;
pub use listing::{Direction, Listing, Order, Page, Sortable};
pub use paging::{Slice, Span};
pub use siblings::Row;

/// A table whose rows can be listed: by what they are ordered and searched.
pub trait Collection:
    EntityTrait<
        Model: Record + Default + IntoActiveModel<Self::ActiveModel> + Send + Sync + 'static,
        ActiveModel: Send,
        Column: Send + Sync + 'static,
        PrimaryKey: PrimaryKeyTrait<ValueType = i64>,
    > + Send
    + Sync
    + 'static
{
    /// The columns that lists can be ordered by.
    const SORTABLE: &'static [Sortable<Self::Column>];
    /// The order of a list that asks for none: the name of a column and a direction.
    const DEFAULT_ORDER: (&'static str, Direction);
    /// The folded column that `search` looks into.
    const SEARCHED: Option<Self::Column>;
    /// The right that all there is to do with it needs, reading included. Without one, reading needs a login, and each
    /// other verb the noun's own right.
    const GUARD: Option<Right> = None;
}

/// A collection that both faces serve and change: what a noun must say about itself.
pub trait Resource: Collection {
    /// The noun, for permissions and errors.
    const KIND: Kind;
    /// What a caller may say of a row, field by field.
    type Draft: Clone + Send + Sync + 'static;

    /// What a draft needs before its transaction begins, in which nothing may be waited for.
    fn prepare(ctx: &Ctx, draft: Self::Draft) -> impl Future<Output = Result<Self::Draft>> + Send {
        let _ = ctx;
        std::future::ready(Ok(draft))
    }
    /// Makes a row of a draft.
    fn create(tx: &Tx, draft: Self::Draft) -> impl Future<Output = Result<Made<Self>>> + Send;
    /// Makes a row of a draft together with those of other requests. None where that can't be done, and nothing has
    /// changed: then it is made alone.
    fn create_together(
        ctx: &Ctx,
        draft: &Self::Draft,
    ) -> impl Future<Output = Result<Option<Made<Self>>>> + Send {
        let _ = (ctx, draft);
        std::future::ready(Ok(None))
    }
    /// Removes a row, if nothing stands against it.
    fn remove(tx: &Tx, row: &Self::Model) -> impl Future<Output = Result<()>> + Send;
}

/// A row that has just been made.
#[derive(Debug)]
pub struct Made<R: EntityTrait> {
    /// The row.
    pub row: R::Model,
    /// For a movement, its product as it was right after.
    pub product: Option<::entity::product::Model>,
}

impl<R: Collection> Made<R> {
    /// One that tells of nothing else.
    pub fn alone(row: R::Model) -> Self {
        Self { row, product: None }
    }

    /// The row, which knows what was found on the way.
    fn into_row(self) -> Row<R> {
        let row = Row::<R>::single(self.row);
        if let Some(product) = self.product {
            row.knows::<::entity::product::Entity>(PRODUCT, product);
        }
        row
    }
}

/// What movements call the product that they refer to.
pub const PRODUCT: &str = "product";

/// What can be updated. Movements can't, so they do not implement this: there is no route, no field and no rule to
/// forget.
pub trait Editable: Resource {
    /// Changes a row, which is locked, by what a draft says.
    fn change(
        tx: &Tx,
        row: Self::Model,
        draft: Self::Draft,
    ) -> impl Future<Output = Result<Self::Model>> + Send;
}

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

/// The row with this id, locked against other changes.
pub(crate) async fn locked<R: Collection>(
    tx: &Tx,
    id: i64,
    expected_version: Option<i64>,
) -> Result<R::Model> {
    let mut select = R::find_by_id(id);
    tx.backend().lock(QueryTrait::query(&mut select));
    let row = select.one(tx).await?.ok_or(Error::NotFound)?;
    match expected_version {
        Some(expected) if expected != row.version() => Err(Error::VersionConflict),
        _ => Ok(row),
    }
}

/// Stores a new row and gives it its id. Constraints are the caller's to read.
pub(crate) async fn insert<R: Collection>(tx: &Tx, mut row: R::Model) -> Result<R::Model, DbErr> {
    let mut values = row.clone().into_active_model().reset_all();
    values.not_set(key::<R>());
    row.set_id(R::insert(values).exec(tx).await?.last_insert_id);
    Ok(row)
}

/// Stores what a row has become. Constraints are the caller's to read.
pub(crate) async fn store<R: Collection>(tx: &Tx, row: &R::Model) -> Result<(), DbErr> {
    let mut values = row.clone().into_active_model().reset_all();
    values.not_set(key::<R>());
    R::update_many()
        .set(values)
        .filter(key::<R>().eq(row.id()))
        .exec(tx)
        .await
        .map(|_| ())
}

/// Removes a row. Constraints are the caller's to read.
pub(crate) async fn erase<R: Resource>(tx: &Tx, row: &R::Model) -> Result<(), DbErr> {
    R::delete_many()
        .filter(key::<R>().eq(row.id()))
        .exec(tx)
        .await
        .map(|_| ())
}

/// The column of the primary key.
pub(crate) fn key<R: Collection>() -> R::Column {
    // Every table of ours has one column as its key; the id of the first is that of the only one.
    #[expect(
        clippy::expect_used,
        reason = "an entity without a primary key does not derive"
    )]
    let key = <R::PrimaryKey as Iterable>::iter().next().expect("a primary key");
    key.into_column()
}
