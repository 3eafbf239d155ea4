//! Records changes of stock. Each function changes `product.quantity` and the ledger together, so that the sum of a product's
//! ledger entries is always its quantity.
//!
//! Races are decided by the database, never by a read before a write: the conditional `UPDATE` either finds enough in stock or
//! changes nothing. On PostgreSQL a movement is one statement, which keeps the product locked for as few round trips as
//! possible; SQLite runs in this process and has no round trips.

use ::entity::stock_change::Reason;
use ::entity::{Record as _, product, stock_change};
use database::Backend;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait as _, DbErr, EntityTrait, Iterable as _, QueryFilter, QueryTrait as _,
};

use super::movement::Movement;
use super::movement_batch::{self, actor_id};
use super::new_movement::NewMovement;
use crate::error::{Error, Result, Shortage};
use crate::query::check::INT_MAX;
use crate::resource::{Created, insert};
use crate::tx::Tx;
use crate::webhooks::outbox::{self, StockEvent};

/// Why a movement was not recorded.
#[derive(Debug)]
pub enum RecordError {
    /// There is no such product.
    NoProduct,
    /// The quantity of the product would be negative or too large.
    Shortage(Shortage),
    /// The statement failed.
    Failed(DbErr),
}

impl From<DbErr> for RecordError {
    fn from(error: DbErr) -> Self {
        Self::Failed(error)
    }
}

/// Records a movement: changes the product's stock, stores the movement's row and the ledger entry. Returns the row and the
/// product with its new stock.
pub async fn record<M: Movement>(tx: &Tx, movement: &NewMovement) -> Result<Created<M>, RecordError> {
    let recorded = match tx.backend() {
        Backend::Sqlite => record_in_steps::<M>(tx, movement).await?,
        Backend::Postgres => movement_batch::record_in_tx::<M>(tx, movement).await?,
    };
    match recorded {
        Some(created) => {
            tx.count_movement(M::KIND);
            Ok(created)
        }
        None => Err(failure_reason(tx, movement.product_id, M::SIGN * movement.quantity).await?),
    }
}

async fn record_in_steps<M: Movement>(tx: &Tx, movement: &NewMovement) -> Result<Option<Created<M>>, DbErr> {
    let change = M::SIGN * movement.quantity;
    let Some(product) = change_quantity(tx, movement.product_id, change).await? else {
        return Ok(None);
    };
    let row = insert::<M>(tx, M::row(movement, &product, tx.ctx().now)).await?;
    let description = movement.description.as_deref();
    add_entry(tx, &product, M::CREATED, change, Some(row.id()), description).await?;
    Ok(Some(Created {
        product: Some(product),
        ..Created::new(row)
    }))
}

/// Reverses the effect of a movement that is about to be deleted, and returns its product with the new stock.
///
/// # Errors
/// [`Error::InsufficientStock`] if the stock does not allow it.
pub async fn reverse<M: Movement>(tx: &Tx, row: &M::Model) -> Result<product::Model> {
    let (product_id, quantity) = M::product_and_quantity(row);
    let change = -M::SIGN * quantity;
    let Some(product) = change_quantity(tx, product_id, change).await? else {
        return Err(match failure_reason(tx, product_id, change).await? {
            RecordError::Shortage(shortage) => Error::InsufficientStock(shortage),
            RecordError::NoProduct => Error::NotFound,
            RecordError::Failed(error) => error.into(),
        });
    };
    add_entry(tx, &product, M::DELETED, change, Some(row.id()), None).await?;
    Ok(product)
}

/// Adds the ledger entry for the opening quantity of a new product.
pub async fn record_opening(tx: &Tx, product: &product::Model) -> Result<()> {
    if product.quantity == 0 {
        return Ok(());
    }
    Ok(add_entry(tx, product, Reason::ProductCreated, product.quantity, None, None).await?)
}

/// Sets the quantity of a product after the stock was counted. The caller has locked the row and stores it.
pub async fn adjust(tx: &Tx, product: &mut product::Model, quantity: i64) -> Result<()> {
    let change = quantity - product.quantity;
    product.quantity = quantity;
    if change == 0 {
        return Ok(());
    }
    Ok(add_entry(tx, product, Reason::Adjustment, change, None, None).await?)
}

/// Adds to the quantity of a product, and returns the product with its new stock. Returns `None` if there is no such product
/// or the stock does not allow the change.
async fn change_quantity(tx: &Tx, product_id: i64, change: i64) -> Result<Option<product::Model>, DbErr> {
    use product::Column;
    let new_quantity = || Expr::col(Column::Quantity).add(change);
    let mut update = product::Entity::update_many()
        .col_expr(Column::Quantity, new_quantity())
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::UpdatedAt, Expr::val(tx.ctx().now))
        .filter(Column::Id.eq(product_id))
        .filter(new_quantity().between(0, INT_MAX))
        .into_query();
    update.returning(Query::returning().columns(Column::iter()));
    let statement = tx.get_database_backend().build(&update);
    Ok(tx.models::<product::Entity>(statement).await?.pop())
}

/// Finds out why a change of stock was not possible.
async fn failure_reason(tx: &Tx, product_id: i64, change: i64) -> Result<RecordError, DbErr> {
    let product = product::Entity::find_by_id(product_id).one(tx).await?;
    Ok(product.map_or(RecordError::NoProduct, |product| {
        RecordError::Shortage(Shortage {
            product: product_id,
            available: product.quantity,
            requested: change.abs(),
        })
    }))
}

/// Adds an entry to the ledger and its events to the outbox. `product` has the quantity after the change.
async fn add_entry(
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
        actor_id: Set(actor_id(tx.ctx())),
        created_at: Set(tx.ctx().now),
    };
    let inserted = stock_change::Entity::insert(entry).exec(tx).await?;
    let event = StockEvent {
        stock_change_id: inserted.last_insert_id,
        reason,
        change,
        product,
        description,
    };
    outbox::publish(tx, event).await
}
