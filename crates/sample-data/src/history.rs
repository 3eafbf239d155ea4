//! Six months of deliveries and sales, and the opening quantities that they require.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::calendar::Calendar;
use crate::product::Product;
use crate::rng::Rng;
use crate::shop::{Flow, Movement};

const INFLOWS_PER_PRODUCT: usize = 2;
const OUTFLOWS_PER_PRODUCT: usize = 3;

/// Returns the movements of all products, oldest first, and sets the opening quantity of each product.
pub(crate) fn generate(
    rng: &mut Rng,
    calendar: &Calendar,
    products: &mut [Product],
    suppliers: usize,
) -> Vec<Movement> {
    let count = products.len();
    let popularity = Popularity::generate(rng, count);
    let mut sales = vec![0_usize; count];
    for _ in 0..count * OUTFLOWS_PER_PRODUCT {
        increment(&mut sales, popularity.pick(rng));
    }
    let mut restocks = vec![0_usize; count];
    for _ in 0..count * INFLOWS_PER_PRODUCT {
        // Half the deliveries follow the sales; the other half are spread evenly, so that slow sellers are restocked too.
        let product = if rng.chance(50) {
            popularity.pick(rng)
        } else {
            rng.index(count)
        };
        increment(&mut restocks, product);
    }

    let mut movements = Vec::with_capacity(count * (INFLOWS_PER_PRODUCT + OUTFLOWS_PER_PRODUCT));
    for (index, (product, (sales, restocks))) in products
        .iter_mut()
        .zip(sales.into_iter().zip(restocks))
        .enumerate()
    {
        let plan = Plan::generate(rng, product, sales, restocks, suppliers);
        let first = movements.len();
        for at in plan.moments(rng, calendar, product) {
            movements.push(Movement {
                flow: Flow::Outflow,
                product: index,
                quantity: 0,
                description: None,
                at,
            });
        }
        let product_movements = movements.get_mut(first..).unwrap_or_default();
        plan.assign(rng, product_movements);
        product.opening_quantity = plan.balance(rng, product_movements);
    }
    // The sort must be stable: if movements of a product in the same second changed their order, its stock could fall
    // below zero.
    movements.sort_by_key(|movement| movement.at);
    movements
}

fn increment(counts: &mut [usize], index: usize) {
    if let Some(count) = counts.get_mut(index) {
        *count += 1;
    }
}

/// The distribution of demand: a few products sell twenty times as much as the average, and half of the products hardly
/// sell at all.
struct Popularity {
    /// Cumulative weights, ascending.
    sums: Vec<i64>,
}

impl Popularity {
    fn generate(rng: &mut Rng, products: usize) -> Self {
        let mut sum = 0;
        let mut next = || {
            sum += 100_000 / rng.between(10, 1_009);
            sum
        };
        Self {
            sums: (0..products).map(|_| next()).collect(),
        }
    }

    fn pick(&self, rng: &mut Rng) -> usize {
        let position = rng.between(1, self.sums.last().copied().unwrap_or(1));
        self.sums.partition_point(|sum| *sum < position)
    }
}

/// The parameters of one product's history.
struct Plan {
    sales: usize,
    restocks: usize,
    /// Index of the supplier of most of its deliveries.
    supplier: usize,
    /// Number of suppliers.
    suppliers: usize,
    /// Maximum quantity of an ordinary sale; smaller for expensive products.
    basket: i64,
    /// The final stock, for a product that ends low on stock or out of stock.
    final_stock: Option<i64>,
}

impl Plan {
    fn generate(rng: &mut Rng, product: &Product, sales: usize, restocks: usize, suppliers: usize) -> Self {
        let basket = match product.selling_price {
            price if price < Decimal::from(20) => 12,
            price if price < Decimal::from(100) => 5,
            _ => 2,
        };
        let final_stock = match rng.between(0, 99) {
            0..=3 => Some(0),
            4..=10 => Some(rng.between(1, 5)),
            _ => None,
        };
        // A product with deliveries but no sales can't be out of stock.
        let final_stock = final_stock.filter(|_| sales > 0 || restocks == 0);
        Self {
            sales,
            restocks,
            supplier: rng.index(suppliers),
            suppliers,
            basket,
            final_stock,
        }
    }

    /// Returns the times of the movements, oldest first, from the second day after the product was created.
    fn moments(&self, rng: &mut Rng, calendar: &Calendar, product: &Product) -> Vec<DateTime<Utc>> {
        let age = calendar.days_since(product.created_at);
        let mut moments: Vec<_> = (0..self.sales + self.restocks)
            .map(|_| {
                let days_ago = rng.between(0, age - 2);
                calendar.moment(rng, days_ago)
            })
            .collect();
        moments.sort_unstable();
        moments
    }

    /// Decides which movements are sales and which are deliveries, and sets their quantities.
    fn assign(&self, rng: &mut Rng, movements: &mut [Movement]) {
        let (mut sales, mut restocks) = (self.sales, self.restocks);
        for movement in movements {
            // For a product with a final stock, the last sale comes after all deliveries.
            let delayed = self.final_stock.is_some() && sales == 1 && restocks > 0;
            if !delayed && rng.index(sales + restocks) < sales {
                sales -= 1;
                self.sell(rng, movement);
            } else {
                restocks -= 1;
                self.restock(rng, movement);
            }
        }
    }

    fn sell(&self, rng: &mut Rng, movement: &mut Movement) {
        let bulk = rng.chance(4);
        movement.quantity = rng.between(1, self.basket) * if bulk { rng.between(5, 10) } else { 1 };
        movement.description = match rng.between(0, 99) {
            _ if bulk => Some(Cow::Borrowed("Bulk sale")),
            0..=49 => Some(Cow::Owned(format!(
                "Sale to customer #{}",
                rng.between(1_000, 9_999)
            ))),
            50..=69 => Some(Cow::Owned(format!(
                "Online order #{}",
                rng.between(20_000, 89_999)
            ))),
            70..=75 => Some(Cow::Borrowed("Sold over the counter")),
            76..=78 => Some(Cow::Borrowed("Damaged in storage")),
            79..=80 => Some(Cow::Borrowed("Sample for the showroom")),
            _ => None,
        };
    }

    fn restock(&self, rng: &mut Rng, movement: &mut Movement) {
        let supplier = if rng.chance(85) {
            self.supplier
        } else {
            rng.index(self.suppliers)
        };
        movement.flow = Flow::Inflow { supplier };
        // Roughly the quantity sold between two deliveries, in boxes of five.
        let count = |movements: usize| i64::try_from(movements).unwrap_or(i64::MAX);
        let sold = count(self.sales) * (self.basket + 2) / 2 / count(self.restocks).max(1);
        movement.quantity = (sold * rng.between(70, 130) / 100).max(self.basket).div_euclid(5) * 5 + 5;
        movement.description = match rng.between(0, 99) {
            0..=54 => Some(Cow::Borrowed("Monthly restock")),
            55..=61 => Some(Cow::Borrowed("Emergency restock")),
            62..=84 => Some(Cow::Owned(format!(
                "Purchase order PO-{}",
                rng.between(10_000, 99_999)
            ))),
            85..=87 => Some(Cow::Borrowed("Replacement for a damaged delivery")),
            _ => None,
        };
    }

    /// Returns an opening quantity that is enough for all sales. If the product has a final stock, adjusts the movements so
    /// that they lead to it.
    fn balance(&self, rng: &mut Rng, movements: &mut [Movement]) -> i64 {
        let (mut balance, mut lowest) = (0, 0);
        for movement in movements.iter() {
            balance += match movement.flow {
                Flow::Inflow { .. } => movement.quantity,
                Flow::Outflow => -movement.quantity,
            };
            lowest = lowest.min(balance);
        }
        let Some(final_stock) = self.final_stock else {
            // The final stock is then greater than the default low-stock threshold.
            return rng.between(6, 40) - lowest;
        };
        let opening = -lowest;
        let surplus = opening + balance - final_stock;
        if surplus <= 0 {
            return opening - surplus;
        }
        // Only sales follow the last delivery, so the final balance is the lowest one after it, and reducing the delivery
        // keeps all those balances at `final_stock` or above.
        let delivery = movements
            .iter_mut()
            .rfind(|movement| movement.flow != Flow::Outflow);
        let reduction = delivery.map_or(0, |delivery| {
            let reduction = surplus.min(delivery.quantity - 1);
            delivery.quantity -= reduction;
            reduction
        });
        if let Some(sale) = movements.last_mut().filter(|_| reduction < surplus) {
            sale.quantity += surplus - reduction;
            sale.description = Some(Cow::Borrowed("Clearance sale"));
        }
        opening
    }
}
