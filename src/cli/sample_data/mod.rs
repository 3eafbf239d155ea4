//! A made-up shop: what `stockroom demo` shows and `stockroom seed` fills a database with.
//!
//! Plain values only, no database. The same count, seed and `now` give the same shop, on every machine and in
//! every release: the dice are a named generator with test vectors, all arithmetic is on integers (the floating
//! logarithms of two platforms differ), and a test holds a fingerprint of the whole. Whoever changes a word here
//! changes everybody's sample data, so the fingerprint has to be changed knowingly.

mod goods;
mod history;
mod names;
mod rng;

use std::borrow::Cow;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;

use self::goods::{DEPARTMENTS, Department, Good};
use self::rng::Dice;

/// The `now` of `stockroom seed`, whose rows must not depend on the day it runs: 2026-01-01T12:00:00Z.
pub const SEED_NOW: DateTime<Utc> = DateTime::from_timestamp_nanos(1_767_268_800_000_000_000);

/// Days of trading before `now`: about six months.
const TRADING_DAYS: i64 = 180;

/// Everything in the shop; `usize` fields of products and movements are positions in these lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shop {
    /// Fourteen, then one for every 500 products; the names are unique.
    pub categories: Vec<Label>,
    /// Forty, then one for every 100 products; the names are unique.
    pub brands: Vec<Label>,
    /// Fifteen, then one for every 200 products; the names are unique.
    pub suppliers: Vec<Label>,
    /// As many as asked for, oldest first.
    pub products: Vec<Product>,
    /// Two inflows and three outflows for every product on average, oldest first. Applied in this order no stock
    /// ever falls below zero.
    pub movements: Vec<Movement>,
}

/// A category, a brand or a supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// What it is called.
    pub name: String,
    /// A sentence about it, if anybody wrote one.
    pub description: Option<String>,
    /// Before any product that names it.
    pub created_at: DateTime<Utc>,
}

/// A product as it was entered, before its first movement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Brand, line, kind, size and finish; hardly ever given twice.
    pub title: String,
    /// Position in [`Shop::categories`].
    pub category: usize,
    /// Position in [`Shop::brands`].
    pub brand: usize,
    /// A sentence or two, on six products of ten.
    pub description: Option<String>,
    /// Unique, on three products of four.
    pub serie_number: Option<String>,
    /// Always below the selling price.
    pub cost_price: Decimal,
    /// Ends in .99, .50 or .00.
    pub selling_price: Decimal,
    /// What was counted when it was entered.
    pub opening_quantity: i64,
    /// Before its first movement.
    pub created_at: DateTime<Utc>,
}

/// Goods that came in or went out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// In, and from whom, or out.
    pub flow: Flow,
    /// Position in [`Shop::products`].
    pub product: usize,
    /// Always 1 or more.
    pub quantity: i64,
    /// Why, if anybody wrote it down.
    pub description: Option<Cow<'static, str>>,
    /// When.
    pub at: DateTime<Utc>,
}

/// The two directions of a movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Delivered by a supplier: a position in [`Shop::suppliers`].
    Inflow {
        /// Position in [`Shop::suppliers`].
        supplier: usize,
    },
    /// Sold, given away or written off.
    Outflow,
}

/// Makes the shop of this seed as it would look at `now`.
pub fn shop(products: usize, seed: u64, now: DateTime<Utc>) -> Shop {
    let mut dice = Dice::of(seed);
    let calendar = Calendar { now };
    let categories = labels(&mut dice, &calendar, (products / 500).max(14), names::category);
    let brands = labels(&mut dice, &calendar, (products / 100).max(40), names::brand);
    let suppliers = labels(&mut dice, &calendar, (products / 200).max(15), names::supplier);

    let makers = makers(brands.len());
    let first_number = dice.between(0, SERIE_NUMBERS - 1);
    let mut products: Vec<Product> = births(&mut dice, &calendar, products)
        .into_iter()
        .zip(0_i64..)
        .map(|(created_at, nth)| {
            let number = (first_number + nth * SERIE_STRIDE) % SERIE_NUMBERS;
            product(&mut dice, &categories, &brands, &makers, number, created_at)
        })
        .collect();
    let movements = history::play(&mut dice, &calendar, &mut products, suppliers.len());
    Shop {
        categories,
        brands,
        suppliers,
        products,
        movements,
    }
}

/// How many serie numbers there are. The stride shares no factor with it, so no number comes up twice.
const SERIE_NUMBERS: i64 = 1_000_000_000;
const SERIE_STRIDE: i64 = 387_420_489;

fn labels(
    dice: &mut Dice,
    calendar: &Calendar,
    count: usize,
    named: fn(&mut Dice, usize) -> (String, Option<String>),
) -> Vec<Label> {
    (0..count)
        .map(|nth| {
            let (name, description) = named(dice, nth);
            let days_ago = TRADING_DAYS + dice.between(1, 20);
            Label {
                name,
                description,
                created_at: calendar.moment(dice, days_ago),
            }
        })
        .collect()
}

/// Most products were entered on the first day; the others are new arrivals. Sorted, so that ids grow with time.
fn births(dice: &mut Dice, calendar: &Calendar, count: usize) -> Vec<DateTime<Utc>> {
    let mut births: Vec<_> = (0..count)
        .map(|_| {
            let days_ago = if dice.chance(80) {
                TRADING_DAYS
            } else {
                dice.between(7, TRADING_DAYS)
            };
            calendar.moment(dice, days_ago)
        })
        .collect();
    births.sort_unstable();
    births
}

/// Which brands make the goods of each department: a brand is at home in one and active in a second.
fn makers(brands: usize) -> Vec<Vec<usize>> {
    let makes = |brand: usize, department: usize| {
        brand % DEPARTMENTS.len() == department || Department::of(brand).sister == department
    };
    let made = |department| (0..brands).filter(|brand| makes(*brand, department)).collect();
    (0..DEPARTMENTS.len()).map(made).collect()
}

fn product(
    dice: &mut Dice,
    categories: &[Label],
    brands: &[Label],
    makers: &[Vec<usize>],
    number: i64,
    created_at: DateTime<Utc>,
) -> Product {
    // The lower of two throws, half the time: some categories are larger, none is empty.
    let (one, other) = (dice.index(categories.len()), dice.index(categories.len()));
    let category = if dice.chance(50) { one } else { one.min(other) };
    let department = Department::of(category);
    let brand = makers
        .get(category % DEPARTMENTS.len())
        .map_or(0, |makers| *dice.pick(makers));
    let good = dice.pick(department.goods);
    let size = dice.index(good.sizes.len());
    let selling = selling_cents(dice, good, size);
    let cost = (selling * dice.between(52, 82) / 100).max(1);
    let brand_name = brands.get(brand).map_or("", |brand| &brand.name);
    Product {
        title: title(dice, brand_name, department, good, size),
        category,
        brand,
        description: dice.chance(60).then(|| names::praise(dice, department.manner)),
        serie_number: dice.chance(75).then(|| format!("SN{number:09}")),
        cost_price: Decimal::new(cost, 2),
        selling_price: Decimal::new(selling, 2),
        opening_quantity: 0, // the history of the product says how much it needs
        created_at,
    }
}

/// "Nordlys LED Desk Lamp 12 W, white"
fn title(dice: &mut Dice, brand: &str, department: &Department, good: &Good, size: usize) -> String {
    let mut title = brand.to_owned();
    let line = dice.chance(65).then(|| *dice.pick(department.manner.lines));
    for word in line
        .into_iter()
        .chain([good.noun])
        .chain(good.sizes.get(size).copied())
    {
        title.push(' ');
        title.push_str(word);
    }
    if dice.chance(75) {
        title.push_str(", ");
        let finish = *dice.pick::<&str>(department.finishes);
        title.push_str(finish);
    }
    title
}

/// Between the lowest and the highest price of its kind, rising with the size, give or take a seventh.
fn selling_cents(dice: &mut Dice, good: &Good, size: usize) -> i64 {
    let step = |count: usize| i64::try_from(count).unwrap_or(0);
    let steps = step(good.sizes.len()).max(2) - 1;
    let middle = good.low + (good.high - good.low) * step(size) / steps;
    let whole = (middle * dice.between(86, 114) / 100).max(1) * 100;
    match dice.between(0, 9) {
        0..=5 => whole - 1,
        6..=7 => whole - 50,
        _ => whole,
    }
}

/// Days counted back from `now`.
struct Calendar {
    now: DateTime<Utc>,
}

impl Calendar {
    /// A moment in the working hours of that day, never later than now.
    fn moment(&self, dice: &mut Dice, days_ago: i64) -> DateTime<Utc> {
        let midnight = self.now.date_naive().and_time(NaiveTime::MIN).and_utc();
        let at = midnight - TimeDelta::days(days_ago) + TimeDelta::seconds(dice.between(7 * 3600, 20 * 3600));
        if at < self.now {
            at
        } else {
            at - TimeDelta::days(1)
        }
    }

    fn days_since(&self, moment: DateTime<Utc>) -> i64 {
        (self.now.date_naive() - moment.date_naive()).num_days()
    }
}

#[cfg(test)]
mod tests;
