//! A noun that both APIs serve and change, and how its rows are stored.

use std::future::Future;

use ::entity::Record;
use sea_orm::{ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryTrait};

use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::kind::Kind;
use crate::query::{Collection, Row, key};
use crate::tx::Tx;

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
    fn create(tx: &Tx, draft: Self::Draft) -> impl Future<Output = Result<Created<Self>>> + Send;
    /// Makes a row of a draft together with those of other requests. None where that can't be done, and nothing has
    /// changed: then it is made alone.
    fn create_together(
        ctx: &Ctx,
        draft: &Self::Draft,
    ) -> impl Future<Output = Result<Option<Created<Self>>>> + Send {
        let _ = (ctx, draft);
        std::future::ready(Ok(None))
    }
    /// Removes a row, if nothing stands against it.
    fn remove(tx: &Tx, row: &Self::Model) -> impl Future<Output = Result<()>> + Send;
}

/// A row that has just been made.
#[derive(Debug)]
pub struct Created<R: EntityTrait> {
    /// The row.
    pub row: R::Model,
    /// For a movement, its product as it was right after.
    pub product: Option<::entity::product::Model>,
}

impl<R: Collection> Created<R> {
    /// One that tells of nothing else.
    pub fn alone(row: R::Model) -> Self {
        Self { row, product: None }
    }

    /// The row, which knows what was found on the way.
    pub fn into_row(self) -> Row<R> {
        let row = Row::<R>::single(self.row);
        if let Some(product) = self.product {
            row.preload::<::entity::product::Entity>(PRODUCT, product);
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

/// The row with this id, locked against other changes.
pub async fn locked<R: Collection>(tx: &Tx, id: i64, expected_version: Option<i64>) -> Result<R::Model> {
    let mut select = R::find_by_id(id);
    tx.backend().lock(QueryTrait::query(&mut select));
    let row = select.one(tx).await?.ok_or(Error::NotFound)?;
    match expected_version {
        Some(expected) if expected != row.version() => Err(Error::VersionConflict),
        _ => Ok(row),
    }
}

/// Stores a new row and gives it its id. Constraints are the caller's to read.
pub async fn insert<R: Collection>(tx: &Tx, mut row: R::Model) -> Result<R::Model, DbErr> {
    let mut values = row.clone().into_active_model().reset_all();
    values.not_set(key::<R>());
    row.set_id(R::insert(values).exec(tx).await?.last_insert_id);
    Ok(row)
}

/// Stores what a row has become. Constraints are the caller's to read.
pub async fn update_row<R: Collection>(tx: &Tx, row: &R::Model) -> Result<(), DbErr> {
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
pub async fn delete_row<R: Resource>(tx: &Tx, row: &R::Model) -> Result<(), DbErr> {
    R::delete_many()
        .filter(key::<R>().eq(row.id()))
        .exec(tx)
        .await
        .map(|_| ())
}
