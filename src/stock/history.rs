//! The ledger of many products at once, whose movements are known beforehand: sample data. It comes to what `stock.rs`
//! would have made of the same movements one by one.

use ::entity::product;
use ::entity::stock_change::{self, Reason};
use chrono::{DateTime, Utc};
use database::bulk::{BulkInsert, reserve_ids};

use super::stock::Movement;
use crate::error::{Error, Result, Shortage};
use crate::query::check::INT_MAX;
use crate::tx::Tx;

/// Entries on their way into the ledger, in the order of time.
pub struct History<'t> {
    ledger: BulkInsert<'t, Tx, stock_change::Entity>,
    next_id: i64,
}

impl<'t> History<'t> {
    /// A history of at most so many entries.
    pub async fn begin(tx: &'t Tx, entries: usize) -> Result<Self> {
        Ok(Self {
            next_id: reserve_ids::<stock_change::Entity>(tx, entries).await?,
            ledger: BulkInsert::new(tx),
        })
    }

    /// Enters what a new product, about to be stored, begins with.
    pub async fn open(&mut self, product: &product::Model) -> Result<()> {
        if product.quantity == 0 {
            return Ok(());
        }
        let (quantity, at) = (product.quantity, product.created_at);
        self.enter(product, Reason::ProductCreated, quantity, None, at)
            .await
    }

    /// Applies a movement to its product, both about to be stored, and enters it.
    ///
    /// # Errors
    /// [`Error::InsufficientStock`] where stock doesn't allow it.
    pub async fn record<M: Movement>(
        &mut self,
        product: &mut product::Model,
        movement_id: i64,
        quantity: i64,
        at: DateTime<Utc>,
    ) -> Result<()> {
        let change = M::SIGN * quantity;
        if !(0..=INT_MAX).contains(&(product.quantity + change)) {
            return Err(Error::InsufficientStock(Shortage {
                product: product.id,
                available: product.quantity,
                requested: quantity,
            }));
        }
        product.quantity += change;
        product.version += 1;
        product.updated_at = at;
        self.enter(product, M::CREATED, change, Some(movement_id), at)
            .await
    }

    /// Stores what still waits.
    pub async fn finish(self) -> Result<()> {
        Ok(self.ledger.finish().await?)
    }

    async fn enter(
        &mut self,
        product: &product::Model,
        reason: Reason,
        change: i64,
        movement_id: Option<i64>,
        at: DateTime<Utc>,
    ) -> Result<()> {
        let id = self.next_id;
        self.next_id += 1;
        let entry = stock_change::Model {
            id,
            product_id: product.id,
            reason,
            change,
            balance: product.quantity,
            movement_id,
            actor_id: None,
            created_at: at,
        };
        Ok(self.ledger.add(&entry).await?)
    }
}
