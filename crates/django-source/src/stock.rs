//! The ledger of a product: an opening entry, its movements in chronological order, a closing entry.
//!
//! Django stored only the current quantity, so initial quantities, edits and lost updates are not recorded. If S is the sum
//! of the movements and `low` their lowest running sum (at most 0), then the opening entry is `max(quantity − S, −low)` and
//! the closing entry is the rest, `quantity − S − opening`. So no balance is negative and the entries add up to the quantity.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::row::{Reason, StockChange};

/// The maximum quantity of a product or a movement.
pub(crate) const MAX_QUANTITY: i64 = 2_147_483_647;

/// The data of a product that is kept in memory, about 150 bytes.
#[derive(Clone, Debug)]
pub(crate) struct ProductState {
    pub(crate) id: i64,
    /// Whether the product and its movements are skipped.
    pub(crate) skipped: bool,
    pub(crate) quantity: i64,
    pub(crate) cost_price: Decimal,
    pub(crate) selling_price: Decimal,
    /// The stored time. If there is none, this is `None` until a time is derived from the movements.
    pub(crate) created_at: Option<DateTime<Utc>>,
    pub(crate) updated_at: Option<DateTime<Utc>>,
    /// The times of the first and the last movement.
    pub(crate) movement_times: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// The sum of the movements.
    pub(crate) total: i64,
    /// The lowest running sum, at most 0.
    low: i64,
    /// The highest running sum, at least 0.
    high: i64,
}

impl ProductState {
    /// A product without movements.
    pub(crate) fn new(id: i64, quantity: i64, cost_price: Decimal, selling_price: Decimal) -> Self {
        Self {
            id,
            skipped: false,
            quantity,
            cost_price,
            selling_price,
            created_at: None,
            updated_at: None,
            movement_times: None,
            total: 0,
            low: 0,
            high: 0,
        }
    }

    /// A product that is not imported.
    pub(crate) fn skipped(id: i64) -> Self {
        Self {
            skipped: true,
            ..Self::new(id, 0, Decimal::ZERO, Decimal::ZERO)
        }
    }

    pub(crate) fn opening(&self) -> i64 {
        (self.quantity - self.total).max(-self.low)
    }

    pub(crate) fn closing(&self) -> i64 {
        self.quantity - self.total - self.opening()
    }

    /// The highest balance of the ledger.
    pub(crate) fn highest(&self) -> i64 {
        self.opening() + self.high
    }

    /// The number of entries without a movement.
    pub(crate) fn entries_without_movement(&self) -> u64 {
        u64::from(self.opening() != 0) + u64::from(self.closing() != 0)
    }
}

/// A movement in 32 bytes.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The time, in microseconds since 1970.
    at: i64,
    id: i64,
    /// The user, or [`NO_USER`].
    actor: i64,
    /// The product's index in the list of products.
    product: u32,
    /// Positive for an inflow, negative for an outflow.
    change: i32,
}

/// Represents no user; ids are positive.
const NO_USER: i64 = 0;

/// All movements that are imported, 32 bytes each. They are in chronological order after [`Journal::sort_and_sum`].
#[derive(Debug, Default)]
pub(crate) struct Journal(Vec<Entry>);

impl Journal {
    /// Adds a movement of the product with this index in the list.
    pub(crate) fn add(
        &mut self,
        product: usize,
        id: i64,
        change: i32,
        at: DateTime<Utc>,
        actor: Option<i64>,
    ) {
        if let Ok(product) = u32::try_from(product) {
            let at = at.timestamp_micros();
            self.0.push(Entry {
                at,
                id,
                actor: actor.unwrap_or(NO_USER),
                product,
                change,
            });
        }
    }

    /// Sorts the movements by time, inflows before outflows of the same time, and adds them up by product.
    pub(crate) fn sort_and_sum(&mut self, products: &mut [ProductState]) {
        self.0
            .sort_unstable_by_key(|entry| (entry.at, entry.change < 0, entry.id));
        for entry in &self.0 {
            let (Some(product), Some(at)) = (products.get_mut(product_index(entry)), time(entry)) else {
                continue;
            };
            product.total += i64::from(entry.change);
            product.low = product.low.min(product.total);
            product.high = product.high.max(product.total);
            product.movement_times = Some((product.movement_times.map_or(at, |(first, _)| first), at));
        }
    }

    /// The numbers of inflows and of outflows of products that are imported.
    pub(crate) fn counts(&self, products: &[ProductState]) -> (u64, u64) {
        let is_imported = |entry: &&Entry| {
            products
                .get(product_index(entry))
                .is_some_and(|product| !product.skipped)
        };
        self.0
            .iter()
            .filter(is_imported)
            .fold((0, 0), |(inflows, outflows), entry| {
                if entry.change > 0 {
                    (inflows + 1, outflows)
                } else {
                    (inflows, outflows + 1)
                }
            })
    }

    /// All entries of the ledger: openings, movements in chronological order, closings.
    pub(crate) fn ledger<'a>(
        &'a self,
        products: &'a [ProductState],
        now: DateTime<Utc>,
    ) -> impl Iterator<Item = StockChange> + 'a {
        let imported = || products.iter().filter(|product| !product.skipped);
        let openings = imported().filter_map(move |product| {
            let created = product.created_at.unwrap_or(now);
            let at = product
                .movement_times
                .map_or(created, |(first, _)| first.min(created));
            entry_without_movement(product, Reason::Opening, product.opening(), product.opening(), at)
        });
        let closings = imported().filter_map(move |product| {
            let last = product.movement_times.map(|(_, last)| last);
            let at = last.max(product.updated_at).unwrap_or(now);
            entry_without_movement(product, Reason::Closing, product.closing(), product.quantity, at)
        });
        let mut balances: Vec<i64> = products.iter().map(ProductState::opening).collect();
        let movements = self.0.iter().filter_map(move |entry| {
            let product = products
                .get(product_index(entry))
                .filter(|product| !product.skipped)?;
            let balance = balances.get_mut(product_index(entry))?;
            *balance += i64::from(entry.change);
            Some(StockChange {
                product_id: product.id,
                reason: if entry.change > 0 {
                    Reason::Inflow
                } else {
                    Reason::Outflow
                },
                change: i64::from(entry.change),
                balance: *balance,
                movement_id: Some(entry.id),
                actor_id: (entry.actor != NO_USER).then_some(entry.actor),
                created_at: time(entry)?,
            })
        });
        openings.chain(movements).chain(closings)
    }
}

fn entry_without_movement(
    product: &ProductState,
    reason: Reason,
    change: i64,
    balance: i64,
    at: DateTime<Utc>,
) -> Option<StockChange> {
    (change != 0).then_some(StockChange {
        product_id: product.id,
        reason,
        change,
        balance,
        movement_id: None,
        actor_id: None,
        created_at: at,
    })
}

fn product_index(entry: &Entry) -> usize {
    usize::try_from(entry.product).unwrap_or(usize::MAX)
}

fn time(entry: &Entry) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(entry.at)
}

#[cfg(test)]
mod tests {
    use super::{Journal, MAX_QUANTITY, ProductState};
    use chrono::DateTime;
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    proptest! {
        #[test]
        fn balances_are_never_negative_and_add_up(
            quantities in proptest::collection::vec(0..MAX_QUANTITY, 1..4),
            movements in proptest::collection::vec((0..4_usize, 0..50_i64, -1000..1000_i32), 0..60),
        ) {
            let now = DateTime::from_timestamp_micros(0).unwrap();
            let mut products: Vec<_> = (1..).zip(&quantities)
                .map(|(id, quantity)| ProductState::new(id, *quantity, Decimal::ZERO, Decimal::ZERO)).collect();
            let mut journal = Journal::default();
            for (id, (product, at, change)) in (1..).zip(movements) {
                if change != 0 && product < products.len() {
                    journal.add(product, id, change, DateTime::from_timestamp_micros(at).unwrap(), None);
                }
            }
            journal.sort_and_sum(&mut products);
            let mut balances = vec![0; products.len() + 1];
            for entry in journal.ledger(&products, now) {
                let balance = &mut balances[usize::try_from(entry.product_id).unwrap()];
                *balance += entry.change;
                prop_assert_eq!(*balance, entry.balance);
                prop_assert!(*balance >= 0 && entry.change != 0);
            }
            for product in &products {
                prop_assert_eq!(balances[usize::try_from(product.id).unwrap()], product.quantity);
                prop_assert!(product.closing() <= 0 && product.highest() >= product.quantity);
            }
        }
    }
}
