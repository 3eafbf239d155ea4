//! Six months of deliveries and sales: who sells how often, when, how much, and what was there to begin with.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::rng::Dice;
use super::{Calendar, Flow, Movement, Product};

const INFLOWS_PER_PRODUCT: usize = 2;
const OUTFLOWS_PER_PRODUCT: usize = 3;

/// Writes the movements of all products, oldest first, and into each product the quantity it opened with.
pub(super) fn play(
    dice: &mut Dice,
    calendar: &Calendar,
    products: &mut [Product],
    suppliers: usize,
) -> Vec<Movement> {
    let count = products.len();
    let popularity = Popularity::of(dice, count);
    let mut sales = vec![0_usize; count];
    for _ in 0..count * OUTFLOWS_PER_PRODUCT {
        one_more(&mut sales, popularity.throw(dice));
    }
    let mut restocks = vec![0_usize; count];
    for _ in 0..count * INFLOWS_PER_PRODUCT {
        // Half the deliveries follow the sales, the other half keep the shelves of slow sellers filled.
        let product = if dice.chance(50) {
            popularity.throw(dice)
        } else {
            dice.index(count)
        };
        one_more(&mut restocks, product);
    }

    let mut movements = Vec::with_capacity(count * (INFLOWS_PER_PRODUCT + OUTFLOWS_PER_PRODUCT));
    for (index, (product, (sales, restocks))) in products
        .iter_mut()
        .zip(sales.into_iter().zip(restocks))
        .enumerate()
    {
        let plan = Plan::of(dice, product, sales, restocks, suppliers);
        let first = movements.len();
        for at in plan.moments(dice, calendar, product) {
            movements.push(Movement {
                flow: Flow::Outflow,
                product: index,
                quantity: 0,
                description: None,
                at,
            });
        }
        let own = movements.get_mut(first..).unwrap_or_default();
        plan.deal(dice, own);
        product.opening_quantity = plan.settle(dice, own);
    }
    // Stable: two movements of one product in the same second keep their order, or its stock might fall below zero.
    movements.sort_by_key(|movement| movement.at);
    movements
}

fn one_more(counts: &mut [usize], index: usize) {
    if let Some(count) = counts.get_mut(index) {
        *count += 1;
    }
}

/// How the demand is spread: a few products sell twenty times as much as the average, half of them hardly at all.
struct Popularity {
    /// Sums of the weights up to each product, ascending.
    sums: Vec<i64>,
}

impl Popularity {
    fn of(dice: &mut Dice, products: usize) -> Self {
        let mut sum = 0;
        let mut next = || {
            sum += 100_000 / dice.between(10, 1_009);
            sum
        };
        Self {
            sums: (0..products).map(|_| next()).collect(),
        }
    }

    fn throw(&self, dice: &mut Dice) -> usize {
        let throw = dice.between(1, self.sums.last().copied().unwrap_or(1));
        self.sums.partition_point(|sum| *sum < throw)
    }
}

/// What will happen to one product.
struct Plan {
    sales: usize,
    restocks: usize,
    /// The supplier of nearly all of its deliveries, and how many suppliers there are beside it.
    supplier: usize,
    suppliers: usize,
    /// The most pieces of an ordinary sale: people buy ten cables, but one drill.
    basket: i64,
    /// What is left today of a product that runs low or has run out.
    left: Option<i64>,
}

impl Plan {
    fn of(dice: &mut Dice, product: &Product, sales: usize, restocks: usize, suppliers: usize) -> Self {
        let basket = match product.selling_price {
            price if price < Decimal::from(20) => 12,
            price if price < Decimal::from(100) => 5,
            _ => 2,
        };
        let left = match dice.between(0, 99) {
            0..=3 => Some(0),
            4..=10 => Some(dice.between(1, 5)),
            _ => None,
        };
        // What was only ever delivered has not run out.
        let left = left.filter(|_| sales > 0 || restocks == 0);
        Self {
            sales,
            restocks,
            supplier: dice.index(suppliers),
            suppliers,
            basket,
            left,
        }
    }

    /// When the movements happen, oldest first: from the second day after the product was entered.
    fn moments(&self, dice: &mut Dice, calendar: &Calendar, product: &Product) -> Vec<DateTime<Utc>> {
        let age = calendar.days_since(product.created_at);
        let mut moments: Vec<_> = (0..self.sales + self.restocks)
            .map(|_| {
                let days_ago = dice.between(0, age - 2);
                calendar.moment(dice, days_ago)
            })
            .collect();
        moments.sort_unstable();
        moments
    }

    /// Deals out which movements are sales and which are deliveries, and how many pieces each has.
    fn deal(&self, dice: &mut Dice, movements: &mut [Movement]) {
        let (mut sales, mut restocks) = (self.sales, self.restocks);
        for movement in movements {
            // A product that runs out ends with a sale: its last one waits for all deliveries.
            let waits = self.left.is_some() && sales == 1 && restocks > 0;
            if !waits && dice.index(sales + restocks) < sales {
                sales -= 1;
                self.sell(dice, movement);
            } else {
                restocks -= 1;
                self.restock(dice, movement);
            }
        }
    }

    fn sell(&self, dice: &mut Dice, movement: &mut Movement) {
        let bulk = dice.chance(4);
        movement.quantity = dice.between(1, self.basket) * if bulk { dice.between(5, 10) } else { 1 };
        movement.description = match dice.between(0, 99) {
            _ if bulk => Some(Cow::Borrowed("Bulk sale")),
            0..=49 => Some(Cow::Owned(format!(
                "Sale to customer #{}",
                dice.between(1_000, 9_999)
            ))),
            50..=69 => Some(Cow::Owned(format!(
                "Online order #{}",
                dice.between(20_000, 89_999)
            ))),
            70..=75 => Some(Cow::Borrowed("Sold over the counter")),
            76..=78 => Some(Cow::Borrowed("Damaged in storage")),
            79..=80 => Some(Cow::Borrowed("Sample for the showroom")),
            _ => None,
        };
    }

    fn restock(&self, dice: &mut Dice, movement: &mut Movement) {
        let supplier = if dice.chance(85) {
            self.supplier
        } else {
            dice.index(self.suppliers)
        };
        movement.flow = Flow::Inflow { supplier };
        // As much as is sold from one delivery to the next, in boxes of five.
        let count = |movements: usize| i64::try_from(movements).unwrap_or(i64::MAX);
        let sold = count(self.sales) * (self.basket + 2) / 2 / count(self.restocks).max(1);
        movement.quantity = (sold * dice.between(70, 130) / 100)
            .max(self.basket)
            .div_euclid(5)
            * 5
            + 5;
        movement.description = match dice.between(0, 99) {
            0..=54 => Some(Cow::Borrowed("Monthly restock")),
            55..=61 => Some(Cow::Borrowed("Emergency restock")),
            62..=84 => Some(Cow::Owned(format!(
                "Purchase order PO-{}",
                dice.between(10_000, 99_999)
            ))),
            85..=87 => Some(Cow::Borrowed("Replacement for a damaged delivery")),
            _ => None,
        };
    }

    /// The quantity to open with: enough for the worst day, so that no sale ever finds the shelf empty. Trims a
    /// product that is to run low or out to what shall be left of it.
    fn settle(&self, dice: &mut Dice, movements: &mut [Movement]) -> i64 {
        let (mut balance, mut lowest) = (0, 0);
        for movement in movements.iter() {
            balance += match movement.flow {
                Flow::Inflow { .. } => movement.quantity,
                Flow::Outflow => -movement.quantity,
            };
            lowest = lowest.min(balance);
        }
        let Some(left) = self.left else {
            // More than the default threshold of low stock, at all times.
            return dice.between(6, 40) - lowest;
        };
        let opening = -lowest;
        let surplus = opening + balance - left;
        if surplus <= 0 {
            return opening - surplus;
        }
        // Only sales follow the last delivery, so taking from it can't bring any day but the last below `left`.
        let delivery = movements
            .iter_mut()
            .rfind(|movement| movement.flow != Flow::Outflow);
        let trimmed = delivery.map_or(0, |delivery| {
            let trimmed = surplus.min(delivery.quantity - 1);
            delivery.quantity -= trimmed;
            trimmed
        });
        if let Some(sale) = movements.last_mut().filter(|_| trimmed < surplus) {
            sale.quantity += surplus - trimmed;
            sale.description = Some(Cow::Borrowed("Clearance sale"));
        }
        opening
    }
}
