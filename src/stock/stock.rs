//! Stock: the only writer of `product.quantity` and of the ledger, so that the ledger's sum is the quantity by
//! construction.
//!
//! Races are decided by the database, never by a read before a write: the guarded `UPDATE` either finds enough in stock
//! or changes nothing, whatever runs beside it. On PostgreSQL a movement is one statement, so that the product's lock
//! is held for as few round trips as possible; on SQLite there are no round trips, only the writer's own thread.

use ::entity::stock_change::Reason;
use ::entity::{product, stock_change};
use database::Backend;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};

use super::movement_batcher;
use super::movement_queue::MovementQueue;
pub use super::movement_queue::NewMovement;
use crate::error::{Error, Result, Shortage};
use crate::query::check::INT_MAX;
use crate::resource::{Created, Resource, insert};
use crate::services::Services;
use crate::tx::Tx;
use crate::webhooks::outbox::{self, StockEvent};

/// Stock that moves.
pub trait Movement: Resource {
    /// 1 where stock comes in, -1 where it goes out.
    const SIGN: i64;
    /// The column that says which product moved.
    const PRODUCT: Self::Column;
    /// The column that says when.
    const CREATED_AT: Self::Column;
    /// What the ledger says when one is recorded.
    const CREATED: Reason;
    /// What the ledger says when one is deleted.
    const DELETED: Reason;
    /// The columns of its table, and where PostgreSQL's statement in `recorder.rs` has their values.
    const COLUMNS: (&'static str, &'static str);
    /// What else it refers to must be there: a join with `wanted` in that statement.
    const REFERENCES: &'static str;

    /// Who waits for one to be recorded.
    fn recorder(services: &Services) -> &MovementQueue;
    /// The row of a movement of this product, not stored yet.
    fn row(moving: &NewMovement, product: &product::Model, at: chrono::DateTime<chrono::Utc>) -> Self::Model;
    /// Which product and how many.
    fn moved(row: &Self::Model) -> (i64, i64);
}

/// Why a movement was not recorded.
#[derive(Debug)]
pub enum RecordError {
    /// There is no such product.
    NoProduct,
    /// Its stock doesn't allow it; this is what there is.
    Shortage(Shortage),
    /// The statement failed.
    Failed(DbErr),
}

impl From<DbErr> for RecordError {
    fn from(error: DbErr) -> Self {
        Self::Failed(error)
    }
}

/// Records a movement: changes the product's stock, stores the movement's row and the ledger's. Returns the row and the
/// product as it is now.
pub async fn record<M: Movement>(tx: &Tx, moving: &NewMovement) -> Result<Created<M>, RecordError> {
    let recorded = match tx.backend() {
        Backend::Sqlite => record_in_steps::<M>(tx, moving).await?,
        Backend::Postgres => movement_batcher::within::<M>(tx, moving).await?,
    };
    match recorded {
        Some(made) => {
            tx.moved(M::KIND);
            Ok(made)
        }
        None => Err(why_not(tx, moving.product_id, M::SIGN * moving.quantity).await?),
    }
}

async fn record_in_steps<M: Movement>(tx: &Tx, moving: &NewMovement) -> Result<Option<Created<M>>, DbErr> {
    let change = M::SIGN * moving.quantity;
    if !move_stock(tx, moving.product_id, change).await? {
        return Ok(None);
    }
    let Some(product) = product::Entity::find_by_id(moving.product_id).one(tx).await? else {
        return Ok(None);
    };
    let row = insert::<M>(tx, M::row(moving, &product, tx.ctx().now)).await?;
    let id = ::entity::Record::id(&row);
    let description = moving.description.as_deref();
    enter(tx, &product, M::CREATED, change, Some(id), description).await?;
    Ok(Some(Created {
        row,
        product: Some(product),
    }))
}

/// Takes the effect of a movement back, as it is deleted.
///
/// # Errors
/// [`Error::InsufficientStock`] where stock doesn't allow it.
pub async fn take_back<M: Movement>(tx: &Tx, row: &M::Model) -> Result<()> {
    let (product_id, quantity) = M::moved(row);
    let change = -M::SIGN * quantity;
    if !move_stock(tx, product_id, change).await? {
        return Err(match why_not(tx, product_id, change).await? {
            RecordError::Shortage(shortage) => Error::InsufficientStock(shortage),
            RecordError::NoProduct => Error::NotFound,
            RecordError::Failed(error) => error.into(),
        });
    }
    let product = product::Entity::find_by_id(product_id)
        .one(tx)
        .await?
        .ok_or(Error::NotFound)?;
    let id = ::entity::Record::id(row);
    Ok(enter(tx, &product, M::DELETED, change, Some(id), None).await?)
}

/// Enters what a new product begins with.
pub async fn open(tx: &Tx, product: &product::Model) -> Result<()> {
    if product.quantity == 0 {
        return Ok(());
    }
    Ok(enter(tx, product, Reason::ProductCreated, product.quantity, None, None).await?)
}

/// Sets the stock of a product, whose row is locked and about to be stored, as somebody has counted it.
pub async fn adjust(tx: &Tx, product: &mut product::Model, quantity: i64) -> Result<()> {
    let change = quantity - product.quantity;
    product.quantity = quantity;
    if change == 0 {
        return Ok(());
    }
    Ok(enter(tx, product, Reason::Adjustment, change, None, None).await?)
}

/// Whether stock allowed the change, which is then made.
async fn move_stock(tx: &Tx, product_id: i64, change: i64) -> Result<bool, DbErr> {
    use product::Column;
    let after = || Expr::col(Column::Quantity).add(change);
    let moved = product::Entity::update_many()
        .col_expr(Column::Quantity, after())
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::UpdatedAt, Expr::val(tx.ctx().now))
        .filter(Column::Id.eq(product_id))
        .filter(after().between(0, INT_MAX))
        .exec(tx)
        .await?;
    Ok(moved.rows_affected > 0)
}

async fn why_not(tx: &Tx, product_id: i64, change: i64) -> Result<RecordError, DbErr> {
    let product = product::Entity::find_by_id(product_id).one(tx).await?;
    Ok(product.map_or(RecordError::NoProduct, |product| {
        RecordError::Shortage(Shortage {
            product: product_id,
            available: product.quantity,
            requested: change.abs(),
        })
    }))
}

/// Enters a change into the ledger, and what it means to others into the outbox. The product is as it is now.
async fn enter(
    tx: &Tx,
    product: &product::Model,
    reason: Reason,
    change: i64,
    movement_id: Option<i64>,
    description: Option<&str>,
) -> Result<(), DbErr> {
    let entry = stock_change::ActiveModel {
        id: NotSet,
        product_id: Set(product.id),
        reason: Set(reason),
        change: Set(change),
        balance: Set(product.quantity),
        movement_id: Set(movement_id),
        actor_id: Set(actor_id(tx)),
        created_at: Set(tx.ctx().now),
    };
    let entered = stock_change::Entity::insert(entry).exec(tx).await?;
    let event = StockEvent {
        stock_change_id: entered.last_insert_id,
        reason,
        change,
        balance: product.quantity,
        product_title: &product.title,
        description,
    };
    outbox::publish(tx, event).await
}

fn actor_id(tx: &Tx) -> Option<i64> {
    tx.ctx().actor.as_ref().and_then(|actor| actor.user_id)
}
