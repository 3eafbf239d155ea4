//! A numbered page begins after the last row of the page before it, without reading earlier rows, as long as nothing has
//! changed.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;

on_both_databases![
    consecutive_pages_take_one_statement_each,
    pages_are_exact_after_any_change,
];

/// Creates a brand, a category, and products with these titles.
async fn fill(gateway: &Gateway, titles: impl Iterator<Item = String>) -> (i64, i64) {
    let brand = gateway.root.make(Kind::Brand, json!({ "name": "Brand" })).await;
    let category = gateway
        .root
        .make(Kind::Category, json!({ "name": "Category" }))
        .await;
    for title in titles {
        add_product(gateway, brand, category, &title).await;
    }
    (brand, category)
}

async fn add_product(gateway: &Gateway, brand: i64, category: i64, title: &str) -> i64 {
    let product = json!({
        "title": title, "brand": brand, "category": category, "cost_price": 1, "selling_price": 2, "quantity": 3,
    });
    gateway.root.make(Kind::Product, product).await
}

async fn consecutive_pages_take_one_statement_each(gateway: Gateway) {
    fill(&gateway, (0..40).map(|number| format!("Product {number:02}"))).await;
    let mut titles = Vec::new();
    for page in 1..=8 {
        let path = format!("products/?page_size=5&page={page}");
        let (count, response) = gateway.count_statements(gateway.viewer.get(&path)).await;
        let response = response.json();
        assert_eq!(response["count"], json!(40));
        titles.extend(
            response["results"]
                .as_array()
                .expect("rows")
                .iter()
                .map(|row| row["title"].clone()),
        );
        if page > 2 {
            assert_eq!(count, 2, "page {page}: the revisions and the rows");
        }
    }
    let expected: Vec<Value> = (0..40)
        .map(|number| json!(format!("Product {number:02}")))
        .collect();
    assert_eq!(titles, expected);
    // Sales do not change the order.
    gateway
        .root
        .post("outflows/", json!({ "product": 1, "quantity": 1 }))
        .await
        .expect(201);
    let (count, response) = gateway
        .count_statements(gateway.viewer.get("products/?page_size=5&page=7"))
        .await;
    assert_eq!(
        (count, response.json()["results"][0]["title"].clone()),
        (2, json!("Product 30"))
    );
    gateway
        .viewer
        .get("products/?page_size=5&page=9")
        .await
        .expect(404);
}

/// Reads random pages between random changes, and compares each with all rows as the database sorts them.
async fn pages_are_exact_after_any_change(gateway: Gateway) {
    let seed: u64 = rand::rng().random();
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let other = gateway.another(&[]).await;
    let (brand, category) = fill(&gateway, (0..30).map(|number| format!("{}", number * 7 % 30))).await;
    for step in 0..80 {
        let ids = all_ids(&gateway).await;
        let id = ids[rng.random_range(0..ids.len())];
        let writer = if rng.random() { &gateway } else { &other };
        match rng.random_range(0..6) {
            0 => {
                add_product(writer, brand, category, &format!("{}", rng.random_range(0..30))).await;
            }
            1 if ids.len() > 20 => {
                writer.root.delete(&format!("products/{id}/")).await.expect(204);
            }
            2 => {
                let title = json!({ "title": format!("{}", rng.random_range(0..30)) });
                writer
                    .root
                    .patch(&format!("products/{id}/"), title)
                    .await
                    .expect(200);
            }
            3 => {
                let change = json!({ "selling_price": 5, "quantity": 9 });
                writer
                    .root
                    .patch(&format!("products/{id}/"), change)
                    .await
                    .expect(200);
            }
            _ => {}
        }
        let expected = all_ids(&gateway).await;
        let size = rng.random_range(1..8);
        let pages = expected.len().div_ceil(size);
        let page = rng.random_range(1..=pages);
        let reader = if rng.random() { &gateway } else { &other };
        let response = reader
            .viewer
            .get(&format!("products/?page={page}&page_size={size}"))
            .await;
        let rows = expected.iter().skip((page - 1) * size).take(size).copied();
        assert_eq!(
            response.ids(),
            rows.collect::<Vec<_>>(),
            "seed {seed}, step {step}"
        );
        assert_eq!(
            response.json()["count"],
            json!(expected.len()),
            "seed {seed}, step {step}"
        );
    }
    other.stop().await;
    gateway.assert_invariants().await;
}

/// The ids of all products in their default order, read with a filter, for which no positions are kept.
async fn all_ids(gateway: &Gateway) -> Vec<i64> {
    let response = gateway.viewer.get("products/?min_price=0&page_size=100").await;
    response.ids()
}
