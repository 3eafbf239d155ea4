//! `Resource`: a collection that both APIs serve and change, and the functions that store its rows.

use std::future::Future;

use ::entity::{Record, brand, category, product, supplier};
use sea_orm::{ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryTrait};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::kind::Kind;
use crate::query::{Collection, Row, key};
use crate::tx::Tx;

/// A collection whose rows clients can create and delete.
pub trait Resource: Collection + EntityTrait<Model: Serialize + DeserializeOwned> {
    /// The kind, for permissions and errors.
    const KIND: Kind;
    /// The values that a client can send for a row.
    type Draft: Clone + Send + Sync + 'static;

    /// Prepares a draft before its transaction begins. Anything that waits for other servers, such as DNS, belongs here,
    /// because a transaction must not wait for them.
    fn prepare(ctx: &Ctx, draft: Self::Draft) -> impl Future<Output = Result<Self::Draft>> + Send {
        let _ = ctx;
        std::future::ready(Ok(draft))
    }
    /// Locks the rows that several drafts will change, in the same order in all transactions, to prevent deadlocks.
    fn lock_for(tx: &Tx, drafts: &[Self::Draft]) -> impl Future<Output = Result<()>> + Send {
        let _ = (tx, drafts);
        std::future::ready(Ok(()))
    }
    fn create(tx: &Tx, draft: Self::Draft) -> impl Future<Output = Result<Created<Self>>> + Send;
    /// Creates a row together with those of other requests, in one statement. Returns `None` and changes nothing if that is
    /// not possible; then [`Resource::create`] is used.
    fn create_in_batch(
        ctx: &Ctx,
        draft: &Self::Draft,
    ) -> impl Future<Output = Result<Option<Created<Self>>>> + Send {
        let _ = (ctx, draft);
        std::future::ready(Ok(None))
    }
    /// Loads the related rows that a response shows, for each of these rows. They are stored with the outcome of a request
    /// that has an idempotency key, so that a repeat of the request gets the same response.
    fn load_related(tx: &Tx, rows: &[Self::Model]) -> impl Future<Output = Result<Vec<RelatedRows>>> + Send {
        let _ = tx;
        std::future::ready(Ok(vec![RelatedRows::default(); rows.len()]))
    }
    /// Deletes a row unless others refer to it. For a movement, returns its product with the new stock.
    fn remove(tx: &Tx, row: &Self::Model) -> impl Future<Output = Result<Option<product::Model>>> + Send;
}

/// A new row.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "R::Model: Serialize", deserialize = "R::Model: DeserializeOwned"))]
pub struct Created<R: EntityTrait> {
    pub row: R::Model,
    /// For a movement, its product with the new stock.
    pub product: Option<product::Model>,
    #[serde(rename = "shown")]
    pub related: RelatedRows,
}

/// The rows that a new row refers to, if they have been loaded.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RelatedRows {
    pub brand: Option<brand::Model>,
    pub category: Option<category::Model>,
    pub supplier: Option<supplier::Model>,
}

impl<R: Collection> Created<R> {
    pub fn new(row: R::Model) -> Self {
        Self {
            row,
            product: None,
            related: RelatedRows::default(),
        }
    }

    /// The row with the rows that it refers to, if they have been loaded.
    pub fn into_row(self) -> Row<R> {
        let row = Row::<R>::single(self.row);
        let RelatedRows {
            brand,
            category,
            supplier,
        } = self.related;
        if let Some(product) = self.product {
            row.preload::<product::Entity>(PRODUCT, product);
        }
        if let Some(brand) = brand {
            row.preload::<brand::Entity>("brand", brand);
        }
        if let Some(category) = category {
            row.preload::<category::Entity>("category", category);
        }
        if let Some(supplier) = supplier {
            row.preload::<supplier::Entity>("supplier", supplier);
        }
        row
    }
}

/// A row that has been deleted.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "R::Model: Serialize", deserialize = "R::Model: DeserializeOwned"))]
pub struct Deleted<R: EntityTrait> {
    pub row: R::Model,
    /// For a movement, its product with the new stock.
    pub product: Option<product::Model>,
}

/// The name of the relation from a movement to its product.
pub const PRODUCT: &str = "product";

/// A resource whose rows can be updated. Movements can't, so they do not implement it, and have no route or mutation for
/// updates.
pub trait Editable: Resource {
    /// Applies a draft to a locked row.
    fn change(
        tx: &Tx,
        row: Self::Model,
        draft: Self::Draft,
    ) -> impl Future<Output = Result<Self::Model>> + Send;
}

/// The row with this id, locked against other changes.
pub async fn find_locked<R: Collection>(tx: &Tx, id: i64, expected_version: Option<i64>) -> Result<R::Model> {
    let mut select = R::find_by_id(id);
    tx.backend().lock(QueryTrait::query(&mut select));
    let row = select.one(tx).await?.ok_or(Error::NotFound)?;
    check_version(&row, expected_version)?;
    Ok(row)
}

/// Checks that a row has the expected version, if one is given.
///
/// # Errors
/// [`Error::VersionConflict`] if the row has another version.
pub fn check_version(row: &impl Record, expected_version: Option<i64>) -> Result<()> {
    match expected_version {
        Some(expected) if expected != row.version() => Err(Error::VersionConflict),
        _ => Ok(()),
    }
}

/// Stores a new row and sets its id. For this and the following functions, the caller interprets the error of a violated
/// constraint.
pub async fn insert<R: Collection>(tx: &Tx, mut row: R::Model) -> Result<R::Model, DbErr> {
    let mut values = row.clone().into_active_model().reset_all();
    values.not_set(key::<R>());
    row.set_id(R::insert(values).exec(tx).await?.last_insert_id);
    Ok(row)
}

/// Stores a changed row.
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

pub async fn delete_row<R: Resource>(tx: &Tx, row: &R::Model) -> Result<(), DbErr> {
    R::delete_many()
        .filter(key::<R>().eq(row.id()))
        .exec(tx)
        .await
        .map(|_| ())
}
