//! Tests of the guarantees in `lib.rs`.

use std::collections::HashSet;
use std::fmt::{self, Write};

use chrono::TimeDelta;
use rust_decimal::Decimal;

use crate::names;
use crate::rng::Rng;
use crate::shop::{EPOCH, Flow, Label, Shop};

/// FNV-1a, since the standard library's hashers may change between releases.
struct Fingerprint(u64);

impl Write for Fingerprint {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Ok(())
    }
}

/// The fingerprint of every field of every row. The format does not use `Debug`, which a dependency may change.
fn fingerprint(shop: &Shop) -> Result<u64, fmt::Error> {
    let mut print = Fingerprint(0xcbf2_9ce4_8422_2325);
    for (list, labels) in [
        ("c", &shop.categories),
        ("b", &shop.brands),
        ("s", &shop.suppliers),
    ] {
        for Label {
            name,
            description,
            created_at,
        } in labels
        {
            let description = description.as_deref().unwrap_or("-");
            writeln!(
                print,
                "{list}|{name}|{description}|{}",
                created_at.timestamp_micros()
            )?;
        }
    }
    for p in &shop.products {
        let description = p.description.as_deref().unwrap_or("-");
        let serie_number = p.serie_number.as_deref().unwrap_or("-");
        write!(
            print,
            "p|{}|{}|{}|{description}|{serie_number}|",
            p.title, p.category, p.brand
        )?;
        let (cost, selling) = (p.cost_price.mantissa(), p.selling_price.mantissa());
        writeln!(
            print,
            "{cost}|{selling}|{}|{}",
            p.opening_quantity,
            p.created_at.timestamp_micros()
        )?;
    }
    for m in &shop.movements {
        match m.flow {
            Flow::Inflow { supplier } => write!(print, "i|{supplier}|")?,
            Flow::Outflow => write!(print, "o|")?,
        }
        let description = m.description.as_deref().unwrap_or("-");
        writeln!(
            print,
            "{}|{}|{description}|{}",
            m.product,
            m.quantity,
            m.at.timestamp_micros()
        )?;
    }
    Ok(print.0)
}

/// Applies the history in order, checks each balance, and returns the final stock of each product.
fn balances(shop: &Shop) -> Vec<i64> {
    let mut balances: Vec<i64> = shop
        .products
        .iter()
        .map(|product| product.opening_quantity)
        .collect();
    for movement in &shop.movements {
        let Some(balance) = balances.get_mut(movement.product) else {
            panic!("{movement:?} has no product");
        };
        *balance += match movement.flow {
            Flow::Inflow { .. } => movement.quantity,
            Flow::Outflow => -movement.quantity,
        };
        assert!(
            (0..=i64::from(i32::MAX)).contains(balance),
            "{balance} after {movement:?}"
        );
    }
    balances
}

fn unique<'a>(texts: impl IntoIterator<Item = &'a str>) -> usize {
    texts
        .into_iter()
        .map(str::to_lowercase)
        .collect::<HashSet<_>>()
        .len()
}

#[test]
fn the_same_seed_gives_the_same_shop_in_every_release() {
    assert_eq!(
        fingerprint(&Shop::generate(1_000, 1, EPOCH)),
        Ok(0x2db6_af6d_9809_5d24)
    );
    assert_ne!(
        fingerprint(&Shop::generate(1_000, 2, EPOCH)),
        fingerprint(&Shop::generate(1_000, 1, EPOCH))
    );
    assert_eq!(EPOCH.to_rfc3339(), "2026-01-01T12:00:00+00:00");
}

#[test]
fn stock_never_falls_below_zero() {
    for seed in 0..20 {
        balances(&Shop::generate(240, seed, EPOCH));
    }
    balances(&Shop::generate(20_000, 1, EPOCH));
}

#[test]
fn a_few_products_are_low_on_stock_or_out_of_stock() {
    for seed in 0..20 {
        let balances = balances(&Shop::generate(240, seed, EPOCH));
        let out = balances.iter().filter(|balance| **balance == 0).count();
        let low = balances
            .iter()
            .filter(|balance| (1..=5).contains(*balance))
            .count();
        assert!(
            (1..=30).contains(&out),
            "seed {seed}: {out} of 240 are out of stock"
        );
        assert!(
            (1..=45).contains(&low),
            "seed {seed}: {low} of 240 are low on stock"
        );
    }
}

#[test]
fn the_lengths_of_the_lists_depend_on_the_product_count() {
    for (products, lists) in [
        (0, (14, 40, 15)),
        (1, (14, 40, 15)),
        (240, (14, 40, 15)),
        (10_000, (20, 100, 50)),
        (100_000, (200, 1_000, 500)),
    ] {
        let shop = Shop::generate(products, 7, EPOCH);
        assert_eq!(
            (shop.categories.len(), shop.brands.len(), shop.suppliers.len()),
            lists,
            "{products}"
        );
        assert_eq!(shop.products.len(), products);
        let outflows = shop
            .movements
            .iter()
            .filter(|movement| movement.flow == Flow::Outflow)
            .count();
        assert_eq!(
            (shop.movements.len() - outflows, outflows),
            (2 * products, 3 * products)
        );
    }
}

#[test]
fn names_and_serie_numbers_are_unique_for_any_count() {
    let mut rng = Rng::new(1);
    for nth_name in [names::category, names::brand, names::supplier] {
        let names: Vec<String> = (0..60_000).map(|nth| nth_name(&mut rng, nth).0).collect();
        assert_eq!(
            unique(names.iter().map(String::as_str)),
            names.len(),
            "{:?}",
            names.last()
        );
    }
    let shop = Shop::generate(100_000, 3, EPOCH);
    let numbers: Vec<&str> = shop
        .products
        .iter()
        .filter_map(|product| product.serie_number.as_deref())
        .collect();
    assert!(numbers.len() > 70_000, "{}", numbers.len());
    assert_eq!(unique(numbers.iter().copied()), numbers.len());
    let titles = unique(shop.products.iter().map(|product| product.title.as_str()));
    assert!(titles > 95_000, "only {titles} different titles");
}

#[test]
fn values_are_within_the_limits_of_the_contract() {
    let text = |text: &str, longest: usize| {
        let length = text.chars().count();
        assert!((1..=longest).contains(&length) && text.trim() == text, "{text:?}");
    };
    let shop = Shop::generate(20_000, 5, EPOCH);
    for label in [&shop.categories, &shop.brands, &shop.suppliers]
        .into_iter()
        .flatten()
    {
        text(&label.name, 500);
        label
            .description
            .iter()
            .for_each(|description| text(description, 500));
    }
    for product in &shop.products {
        text(&product.title, 500);
        product
            .description
            .iter()
            .for_each(|description| text(description, 500));
        product.serie_number.iter().for_each(|number| text(number, 200));
        assert!(
            Decimal::ZERO < product.cost_price && product.cost_price < product.selling_price,
            "{product:?}"
        );
        assert_eq!(
            (product.cost_price.scale(), product.selling_price.scale()),
            (2, 2)
        );
        assert!(
            [0, 50, 99].contains(&(product.selling_price.mantissa() % 100)),
            "{product:?}"
        );
        assert!(
            (0..=i64::from(i32::MAX)).contains(&product.opening_quantity),
            "{product:?}"
        );
    }
    for movement in &shop.movements {
        assert!(
            (1..=i64::from(i32::MAX)).contains(&movement.quantity),
            "{movement:?}"
        );
        movement
            .description
            .iter()
            .for_each(|description| text(description, 500));
    }
}

#[test]
fn every_reference_points_into_its_list() {
    let shop = Shop::generate(5_000, 11, EPOCH);
    let categories: HashSet<usize> = shop.products.iter().map(|product| product.category).collect();
    let brands: HashSet<usize> = shop.products.iter().map(|product| product.brand).collect();
    assert_eq!(
        categories,
        (0..shop.categories.len()).collect(),
        "every category has a product, and every product a category"
    );
    assert_eq!(brands, (0..shop.brands.len()).collect());
    for movement in &shop.movements {
        assert!(movement.product < shop.products.len());
        if let Flow::Inflow { supplier } = movement.flow {
            assert!(supplier < shop.suppliers.len());
        }
    }
}

#[test]
fn times_are_in_order_and_in_the_past() {
    let noon = EPOCH;
    for now in [
        noon,
        noon - TimeDelta::hours(12),
        noon + TimeDelta::milliseconds(43_199_999),
    ] {
        let shop = Shop::generate(500, 13, now);
        let labels = [&shop.categories, &shop.brands, &shop.suppliers]
            .into_iter()
            .flatten();
        let last_label = labels.map(|label| label.created_at).max();
        assert!(
            shop.products
                .iter()
                .all(|product| Some(product.created_at) > last_label)
        );
        assert!(shop.products.is_sorted_by_key(|product| product.created_at));
        assert!(shop.movements.is_sorted_by_key(|movement| movement.at));
        assert!(shop.movements.iter().all(|movement| movement.at < now));
        for movement in &shop.movements {
            let created = shop
                .products
                .get(movement.product)
                .map(|product| product.created_at);
            assert!(created < Some(movement.at), "{movement:?}, created {created:?}");
        }
        let first = shop
            .movements
            .first()
            .map(|movement| (now - movement.at).num_days());
        let last = shop
            .movements
            .last()
            .map(|movement| (now - movement.at).num_days());
        assert!(
            first > Some(170) && last < Some(3),
            "from {first:?} to {last:?} days ago"
        );
    }
}

#[test]
fn some_products_sell_much_more_than_others() {
    let shop = Shop::generate(10_000, 17, EPOCH);
    let mut sales = vec![0_usize; shop.products.len()];
    for movement in shop
        .movements
        .iter()
        .filter(|movement| movement.flow == Flow::Outflow)
    {
        sales
            .iter_mut()
            .skip(movement.product)
            .take(1)
            .for_each(|sales| *sales += 1);
    }
    sales.sort_unstable();
    let best: usize = sales.iter().rev().take(1_000).sum();
    assert!(best * 2 > 30_000, "the best tenth has {best} of 30,000 sales");
    assert!(sales.iter().take(1_000).all(|sales| *sales == 0));
}
