//! Concurrent requests: the database serialises them, and ledger and stock agree afterwards.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;
use crate::support::response::Response;
use crate::support::samples::Sample;

on_both_databases_and_apis![
    stock_is_not_oversold,
    concurrent_movements_keep_ledger_and_stock_equal,
    serie_numbers_stay_unique,
    product_deletions_and_outflows_exclude_each_other,
    edits_do_not_overwrite_concurrent_movements,
    concurrent_inflows_stay_within_32_bits,
    a_movement_is_deleted_once,
    brand_deletions_and_product_creations_exclude_each_other,
];

/// The number of responses with this status.
fn count(responses: &[Response], status: u16) -> usize {
    responses
        .iter()
        .filter(|response| response.status == status)
        .count()
}

/// Asserts that every response has one of these statuses.
#[track_caller]
fn assert_statuses(responses: &[Response], statuses: &[u16]) {
    for response in responses {
        assert!(statuses.contains(&response.status), "{response:?}");
    }
}

async fn stock_is_not_oversold(gateway: Gateway) {
    let (clients, sales, stock) = (64, 3_000, 1_000);
    let product = gateway.root.product("Bolts", stock).await;
    let remaining = AtomicUsize::new(sales);
    let client = async || {
        let mut responses = Vec::new();
        while remaining
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |remaining| {
                remaining.checked_sub(1)
            })
            .is_ok()
        {
            let sale = json!({ "product": product, "quantity": 1 });
            responses.push(gateway.manager.post("outflows/", sale).await);
        }
        responses
    };
    let responses: Vec<Response> = join_all((0..clients).map(|_| client())).await.concat();
    assert_eq!((count(&responses, 201), count(&responses, 422)), (1_000, 2_000));
    let errors = json!({ "quantity": [ "Not enough stock: 0 available." ] });
    assert!(
        responses
            .iter()
            .filter(|response| response.status == 422)
            .all(|response| response.json() == errors)
    );
    assert_eq!(gateway.viewer.quantity(product).await, 0);
    assert_eq!(gateway.viewer.get("outflows/").await.json()["count"], 1_000);
    gateway.assert_invariants().await;
}

/// Low stock with concurrent inflows and outflows: each outflow is covered by stock or rejected.
async fn concurrent_movements_keep_ledger_and_stock_equal(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let product = gateway.root.product("Bolts", 5).await;
    let client = async |number: i64| {
        let mut responses = Vec::new();
        for round in 0..12 {
            let quantity = 1 + (number + round) % 5;
            let outflow = json!({ "product": product, "quantity": quantity });
            responses.push(gateway.manager.post("outflows/", outflow).await);
            let change = match number % 4 {
                0 => json!({ "quantity": quantity }),
                1 => json!({ "title": format!("Bolts {round}") }),
                _ => {
                    let inflow =
                        json!({ "product": product, "supplier": sample.supplier, "quantity": quantity });
                    responses.push(gateway.manager.post("inflows/", inflow).await);
                    continue;
                }
            };
            responses.push(
                gateway
                    .manager
                    .patch(&format!("products/{product}/"), change)
                    .await,
            );
        }
        responses
    };
    let responses: Vec<Response> = join_all((0..16).map(client)).await.concat();
    assert_statuses(&responses, &[200, 201, 422]);
    assert!(count(&responses, 201) > 0 && count(&responses, 422) > 0);
    gateway.assert_invariants().await;
}

async fn serie_numbers_stay_unique(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let body = sample.with(Kind::Product, "serie_number", json!("SN-1"));
    let responses = join_all((0..24).map(|_| gateway.manager.post("products/", body.clone()))).await;
    assert_statuses(&responses, &[201, 422]);
    assert_eq!(count(&responses, 201), 1);
    let not_unique = json!({ "serie_number": [ "This field must be unique." ] });
    assert!(
        responses
            .iter()
            .filter(|response| response.status == 422)
            .all(|response| response.json() == not_unique)
    );
    // Concurrent updates keep serie numbers unique, too.
    let mut products = Vec::new();
    for _ in 0..8 {
        products.push(
            gateway
                .manager
                .make(Kind::Product, sample.body(Kind::Product))
                .await,
        );
    }
    let changes = products
        .iter()
        .map(|product| async move { format!("products/{product}/") });
    let paths = join_all(changes).await;
    let change = json!({ "serie_number": "SN-2" });
    let responses = join_all(
        paths
            .iter()
            .map(|path| gateway.manager.patch(path, change.clone())),
    )
    .await;
    assert_statuses(&responses, &[200, 422]);
    assert_eq!(count(&responses, 200), 1);
    gateway.assert_invariants().await;
}

async fn product_deletions_and_outflows_exclude_each_other(gateway: Gateway) {
    for _ in 0..12 {
        let product = gateway.root.product("Bolts", 10).await;
        let path = format!("products/{product}/");
        let sales = join_all((0..4).map(|_| {
            gateway
                .root
                .post("outflows/", json!({ "product": product, "quantity": 1 }))
        }));
        let (sales, deleted) = futures_util::future::join(sales, gateway.root.delete(&path)).await;
        assert_statuses(&sales, &[201, 422]);
        match deleted.status {
            // The outflows followed the deletion.
            204 => assert_eq!(count(&sales, 201), 0),
            409 => assert_eq!(
                gateway.root.quantity(product).await,
                10 - i64::try_from(count(&sales, 201)).unwrap()
            ),
            _ => panic!("{deleted:?}"),
        }
    }
    gateway.assert_invariants().await;
}

async fn edits_do_not_overwrite_concurrent_movements(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 100).await;
    let supplier = gateway
        .root
        .make(Kind::Supplier, json!({ "name": "Bolts and Nuts" }))
        .await;
    let path = format!("products/{product}/");
    let change = async |number: usize| match number % 4 {
        0 => {
            gateway
                .root
                .post("outflows/", json!({ "product": product, "quantity": 3 }))
                .await
        }
        1 => {
            gateway
                .root
                .post(
                    "inflows/",
                    json!({ "product": product, "supplier": supplier, "quantity": 2 }),
                )
                .await
        }
        2 => {
            gateway
                .root
                // Enough for all outflows after it.
                .patch(&path, json!({ "quantity": 60 + number }))
                .await
        }
        _ => {
            gateway
                .root
                .patch(&path, json!({ "title": format!("Bolts {number}") }))
                .await
        }
    };
    let responses = join_all((0..80).map(change)).await;
    assert_statuses(&responses, &[200, 201]);
    gateway.assert_invariants().await;
    // A change of title does not overwrite the quantity: every movement is in the ledger and in the quantity.
    let rows: Value = gateway.root.get("outflows/?page_size=100").await.json();
    assert_eq!(rows["count"], 20);
}

async fn concurrent_inflows_stay_within_32_bits(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 2_147_483_640).await;
    let supplier = gateway
        .root
        .make(Kind::Supplier, json!({ "name": "Bolts and Nuts" }))
        .await;
    let inflow = json!({ "product": product, "supplier": supplier, "quantity": 2 });
    let responses = join_all((0..16).map(|_| gateway.root.post("inflows/", inflow.clone()))).await;
    assert_statuses(&responses, &[201, 422]);
    assert_eq!(count(&responses, 201), 3);
    assert_eq!(gateway.root.quantity(product).await, 2_147_483_646);
    gateway.assert_invariants().await;
}

async fn a_movement_is_deleted_once(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 10).await;
    for _ in 0..5 {
        let outflow = gateway
            .root
            .make(Kind::Outflow, json!({ "product": product, "quantity": 4 }))
            .await;
        let path = format!("outflows/{outflow}/");
        let responses = join_all((0..8).map(|_| gateway.root.delete(&path))).await;
        assert_statuses(&responses, &[204, 404]);
        assert_eq!(count(&responses, 204), 1);
        assert_eq!(gateway.root.quantity(product).await, 10);
    }
    gateway.assert_invariants().await;
}

async fn brand_deletions_and_product_creations_exclude_each_other(gateway: Gateway) {
    for _ in 0..12 {
        let sample = Sample::create(&gateway.root).await;
        let brand = gateway.root.make(Kind::Brand, json!({ "name": "LG" })).await;
        let body = sample.with(Kind::Product, "brand", json!(brand));
        let path = format!("brands/{brand}/");
        let creations = join_all((0..3).map(|_| gateway.root.post("products/", body.clone())));
        let (created, deleted) = futures_util::future::join(creations, gateway.root.delete(&path)).await;
        assert_statuses(&created, &[201, 422]);
        let errors = json!({ "brand": [ format!("Invalid pk \"{brand}\" - object does not exist.") ] });
        assert!(
            created
                .iter()
                .filter(|response| response.status == 422)
                .all(|response| response.json() == errors)
        );
        match deleted.status {
            204 => assert_eq!(count(&created, 201), 0),
            409 => assert!(count(&created, 201) > 0),
            _ => panic!("{deleted:?}"),
        }
    }
}
