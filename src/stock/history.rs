//! Writes the ledger of sample data, which has many products whose movements are all known in advance. The ledger and the
//! products are the same as if `record.rs` had recorded the movements one by one, but there are no webhook events.

use ::entity::product;
use ::entity::stock_change::{self, Reason};
use chrono::{DateTime, Utc};
use database::bulk::{BulkInsert, reserve_ids};

use super::movement::Movement;
use crate::error::{Error, Result, Shortage};
use crate::query::check::INT_MAX;
use crate::tx::Tx;

/// Writes ledger entries. They must be added in chronological order.
pub struct History<'t> {
    ledger: BulkInsert<'t, Tx, stock_change::Entity>,
    next_id: i64,
}

impl<'t> History<'t> {
    /// Begins a history of at most `entries` entries.
    pub async fn begin(tx: &'t Tx, entries: usize) -> Result<Self> {
        Ok(Self {
            next_id: reserve_ids::<stock_change::Entity>(tx, entries).await?,
            ledger: BulkInsert::new(tx),
        })
    }

    /// Adds the entry of a product's opening quantity. The caller stores the product.
    pub async fn add_opening(&mut self, product: &product::Model) -> Result<()> {
        if product.quantity == 0 {
            return Ok(());
        }
        let (quantity, at) = (product.quantity, product.created_at);
        self.add(product, Reason::ProductCreated, quantity, None, at)
            .await
    }

    /// Applies a movement to its product and adds its entry. The caller stores the movement and the product.
    ///
    /// # Errors
    /// [`Error::InsufficientStock`] if the stock does not allow it.
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
        self.add(product, M::CREATED, change, Some(movement_id), at).await
    }

    /// Stores the entries that are still buffered.
    pub async fn finish(self) -> Result<()> {
        Ok(self.ledger.finish().await?)
    }

    async fn add(
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
