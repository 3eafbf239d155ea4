//! `Movement`: the properties that inflows and outflows have in common.

use ::entity::product;
use ::entity::stock_change::Reason;
use chrono::{DateTime, Utc};

use super::movement_queue::MovementQueue;
use super::new_movement::NewMovement;
use crate::resource::Resource;
use crate::services::Services;

/// A resource whose rows each change the stock of one product.
pub trait Movement: Resource {
    /// 1 if stock comes in, -1 if it goes out.
    const SIGN: i64;
    /// The column of the product's id.
    const PRODUCT: Self::Column;
    /// The column that lists of movements are ordered by.
    const CREATED_AT: Self::Column;
    /// The reason in the ledger entry of a new movement.
    const CREATED: Reason;
    /// The reason in the ledger entry of a deleted movement.
    const DELETED: Reason;
    /// The columns of the table, and the expressions that fill them in the statement of `movement_batch.rs`.
    const INSERT: (&'static str, &'static str);
    /// The joins by which that statement checks that the rows referred to exist, except for the product. Empty if there are no
    /// such rows.
    const REFERENCES: &'static str;

    /// The movements of this kind that wait to be recorded together.
    fn queue(services: &Services) -> &MovementQueue;
    /// The row to be stored for a movement of this product.
    fn row(movement: &NewMovement, product: &product::Model, at: DateTime<Utc>) -> Self::Model;
    /// The product's id and the quantity that moved.
    fn product_and_quantity(row: &Self::Model) -> (i64, i64);
}
