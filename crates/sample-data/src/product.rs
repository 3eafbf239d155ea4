//! Products: title, category, brand and prices. The history sets their opening quantities.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::calendar::{Calendar, TRADING_DAYS};
use crate::department::{DEPARTMENTS, Department, Good};
use crate::description;
use crate::rng::Rng;
use crate::shop::Label;

/// A product as it was before its first movement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Brand, line, kind, size and finish; duplicates are rare.
    pub title: String,
    /// Position in [`Shop::categories`](crate::Shop::categories).
    pub category: usize,
    /// Position in [`Shop::brands`](crate::Shop::brands).
    pub brand: usize,
    /// One or two sentences, on 60 % of the products.
    pub description: Option<String>,
    /// Unique; on 75 % of the products.
    pub serie_number: Option<String>,
    /// Lower than the selling price.
    pub cost_price: Decimal,
    /// Ends in .99, .50 or .00.
    pub selling_price: Decimal,
    /// The stock at `created_at`.
    pub opening_quantity: i64,
    /// Earlier than its first movement.
    pub created_at: DateTime<Utc>,
}

/// The number of possible serie numbers. `SERIE_STRIDE` shares no factor with it, so no number repeats before all are used.
const SERIE_NUMBERS: i64 = 1_000_000_000;
const SERIE_STRIDE: i64 = 387_420_489;

/// Generates products, oldest first, with an opening quantity of 0.
pub(crate) fn generate(
    rng: &mut Rng,
    calendar: &Calendar,
    count: usize,
    categories: &[Label],
    brands: &[Label],
) -> Vec<Product> {
    let brands_by_department = brands_by_department(brands.len());
    let first_number = rng.between(0, SERIE_NUMBERS - 1);
    creation_times(rng, calendar, count)
        .into_iter()
        .zip(0_i64..)
        .map(|(created_at, nth)| {
            let number = (first_number + nth * SERIE_STRIDE) % SERIE_NUMBERS;
            product(rng, categories, brands, &brands_by_department, number, created_at)
        })
        .collect()
}

/// The creation times of the products: about 80 % on the first day, the others later. Sorted, so that ids grow with time.
fn creation_times(rng: &mut Rng, calendar: &Calendar, count: usize) -> Vec<DateTime<Utc>> {
    let mut times: Vec<_> = (0..count)
        .map(|_| {
            let days_ago = if rng.chance(80) {
                TRADING_DAYS
            } else {
                rng.between(7, TRADING_DAYS)
            };
            calendar.moment(rng, days_ago)
        })
        .collect();
    times.sort_unstable();
    times
}

/// The positions of the brands that are sold in each department. A brand is sold in its main department and in the one that
/// is `related` to it.
fn brands_by_department(brands: usize) -> Vec<Vec<usize>> {
    let is_sold_in = |brand: usize, department: usize| {
        brand % DEPARTMENTS.len() == department || Department::nth(brand).related == department
    };
    let brands_in = |department| {
        (0..brands)
            .filter(|brand| is_sold_in(*brand, department))
            .collect()
    };
    (0..DEPARTMENTS.len()).map(brands_in).collect()
}

fn product(
    rng: &mut Rng,
    categories: &[Label],
    brands: &[Label],
    brands_by_department: &[Vec<usize>],
    number: i64,
    created_at: DateTime<Utc>,
) -> Product {
    // In half of the cases, take the lower of two random positions, so that categories differ in size but none is empty.
    let (one, other) = (rng.index(categories.len()), rng.index(categories.len()));
    let category = if rng.chance(50) { one } else { one.min(other) };
    let department = Department::nth(category);
    let brand = brands_by_department
        .get(category % DEPARTMENTS.len())
        .map_or(0, |brands| *rng.pick(brands));
    let good = rng.pick(department.goods);
    let size = rng.index(good.sizes.len());
    let selling = selling_cents(rng, good, size);
    let cost = (selling * rng.between(52, 82) / 100).max(1);
    let brand_name = brands.get(brand).map_or("", |brand| &brand.name);
    Product {
        title: title(rng, brand_name, department, good, size),
        category,
        brand,
        description: rng
            .chance(60)
            .then(|| description::generate(rng, department.style)),
        serie_number: rng.chance(75).then(|| format!("SN{number:09}")),
        cost_price: Decimal::new(cost, 2),
        selling_price: Decimal::new(selling, 2),
        opening_quantity: 0,
        created_at,
    }
}

/// Example: "Nordlys LED Desk Lamp 12 W, white".
fn title(rng: &mut Rng, brand: &str, department: &Department, good: &Good, size: usize) -> String {
    let mut title = brand.to_owned();
    let line = rng.chance(65).then(|| *rng.pick(department.style.lines));
    for word in line
        .into_iter()
        .chain([good.noun])
        .chain(good.sizes.get(size).copied())
    {
        title.push(' ');
        title.push_str(word);
    }
    if rng.chance(75) {
        title.push_str(", ");
        let finish = *rng.pick::<&str>(department.finishes);
        title.push_str(finish);
    }
    title
}

/// A price between the lowest and the highest of its kind, rising with the size, plus or minus 14 %, in cents.
fn selling_cents(rng: &mut Rng, good: &Good, size: usize) -> i64 {
    let step = |count: usize| i64::try_from(count).unwrap_or(0);
    let steps = step(good.sizes.len()).max(2) - 1;
    let middle = good.low + (good.high - good.low) * step(size) / steps;
    let whole = (middle * rng.between(86, 114) / 100).max(1) * 100;
    match rng.between(0, 9) {
        0..=5 => whole - 1,
        6..=7 => whole - 50,
        _ => whole,
    }
}
