//! The types of the shop, and the order in which their values are generated.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use crate::calendar::{Calendar, TRADING_DAYS};
use crate::product::Product;
use crate::rng::Rng;
use crate::{history, names, product};

/// 2026-01-01T12:00:00Z, a fixed `now` for rows that must not depend on the day on which they are generated.
pub const EPOCH: DateTime<Utc> = DateTime::from_timestamp_nanos(1_767_268_800_000_000_000);

/// The whole shop. References between rows are positions in these lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shop {
    /// One per 500 products, at least 14; the names are unique.
    pub categories: Vec<Label>,
    /// One per 100 products, at least 40; the names are unique.
    pub brands: Vec<Label>,
    /// One per 200 products, at least 15; the names are unique.
    pub suppliers: Vec<Label>,
    /// Oldest first.
    pub products: Vec<Product>,
    /// Two inflows and three outflows per product on average, oldest first. Applied in this order, no stock falls below
    /// zero.
    pub movements: Vec<Movement>,
}

/// A category, a brand or a supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    pub name: String,
    pub description: Option<String>,
    /// Earlier than every product.
    pub created_at: DateTime<Utc>,
}

/// A change of a product's stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    pub flow: Flow,
    /// Position in [`Shop::products`].
    pub product: usize,
    /// At least 1.
    pub quantity: i64,
    pub description: Option<Cow<'static, str>>,
    pub at: DateTime<Utc>,
}

/// The direction of a movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// A delivery.
    Inflow {
        /// Position in [`Shop::suppliers`].
        supplier: usize,
    },
    /// A sale, a gift or a write-off.
    Outflow,
}

impl Shop {
    /// Generates the shop of a seed, with a history that ends at `now`.
    ///
    /// The sequence of random numbers is part of the result: changing the order of these steps changes every shop.
    pub fn generate(products: usize, seed: u64, now: DateTime<Utc>) -> Self {
        let mut rng = Rng::new(seed);
        let calendar = Calendar { now };
        let categories = labels(&mut rng, &calendar, (products / 500).max(14), names::category);
        let brands = labels(&mut rng, &calendar, (products / 100).max(40), names::brand);
        let suppliers = labels(&mut rng, &calendar, (products / 200).max(15), names::supplier);
        let mut products = product::generate(&mut rng, &calendar, products, &categories, &brands);
        let movements = history::generate(&mut rng, &calendar, &mut products, suppliers.len());
        Self {
            categories,
            brands,
            suppliers,
            products,
            movements,
        }
    }
}

fn labels(
    rng: &mut Rng,
    calendar: &Calendar,
    count: usize,
    nth_label: fn(&mut Rng, usize) -> (String, Option<String>),
) -> Vec<Label> {
    (0..count)
        .map(|nth| {
            let (name, description) = nth_label(rng, nth);
            let days_ago = TRADING_DAYS + rng.between(1, 20);
            Label {
                name,
                description,
                created_at: calendar.moment(rng, days_ago),
            }
        })
        .collect()
}
