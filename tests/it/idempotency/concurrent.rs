//! Concurrent requests with keys: equal requests with one key, and movements that are recorded together.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::json;

use super::request::{Request, assert_replay, is_replayed, key_count};
use crate::support::gateway::Gateway;
use crate::support::response::Response;

on_both_databases![
    one_of_fifty_equal_requests_is_executed,
    one_of_the_equal_requests_at_two_gateways_is_executed,
    movements_are_recorded_together,
    movements_beyond_the_stock_are_refused,
];

/// Asserts that one request was executed, and that each of the others got the same response or `IDEMPOTENCY_IN_PROGRESS`.
#[track_caller]
fn assert_one_executed(request: &Request, responses: &[Response]) -> Response {
    let executed: Vec<&Response> = responses
        .iter()
        .filter(|response| request.is_success(response) && !is_replayed(response))
        .collect();
    assert_eq!(executed.len(), 1, "{responses:?}");
    for response in responses {
        if request.is_success(response) {
            assert_eq!(response.text, executed[0].text);
        } else {
            request.assert_refused(response, 409, "IDEMPOTENCY_IN_PROGRESS");
            assert_eq!(response.header("retry-after"), Some("1"));
        }
    }
    executed[0].clone()
}

async fn one_of_fifty_equal_requests_is_executed(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 100).await;
    let mut requests = Request::outflows(product, 1).to_vec();
    requests.push(Request::rest("brands/", json!({ "name": "Samsung" })));
    requests.push(Request::graphql(&format!(
        "mutation {{ createOutflows(input: {{items: [{{productId: \"{product}\", quantity: 3}}]}}) {{
            outflows {{ id }} userErrors {{ code }} }} }}"
    )));
    for (index, request) in requests.iter().enumerate() {
        let key = format!("key-{index}");
        let responses = join_all((0..50).map(|_| request.send(&gateway.root, &key))).await;
        let executed = assert_one_executed(request, &responses);
        assert_replay(&request.send(&gateway.root, &key).await, &executed);
    }
    assert_eq!(gateway.root.quantity(product).await, 95);
    let brands = gateway.root.get("brands/?search=samsung").await.expect(200);
    assert_eq!(brands["count"], 1);
    assert_eq!(key_count(&gateway).await, 4);
    gateway.assert_invariants().await;
}

async fn one_of_the_equal_requests_at_two_gateways_is_executed(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 100).await;
    let other = gateway.another(&[]).await;
    for round in 0..5 {
        for (index, request) in Request::outflows(product, 1).iter().enumerate() {
            let key = format!("key-{round}-{index}");
            let requests = (0..20).map(|number| {
                let actor = if number % 2 == 0 {
                    &gateway.root
                } else {
                    &other.root
                };
                request.send(actor, &key)
            });
            let responses = join_all(requests).await;
            let executed = assert_one_executed(request, &responses);
            assert_replay(&request.send(&gateway.root, &key).await, &executed);
            assert_replay(&request.send(&other.root, &key).await, &executed);
        }
    }
    assert_eq!(gateway.root.quantity(product).await, 90);
    gateway.assert_invariants().await;
    other.stop().await;
}

async fn movements_are_recorded_together(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 1_000).await;
    let supplier = gateway
        .root
        .make(stockroom::kind::Kind::Supplier, json!({ "name": "Nuts" }))
        .await;
    let [rest, graphql] = Request::outflows(product, 1);
    let inflow = Request::rest(
        "inflows/",
        json!({ "product": product, "supplier": supplier, "quantity": 2 }),
    );
    // Three of four requests have a key; all change the same product.
    let requests = (0..120).map(|index| {
        let request = [&rest, &graphql, &inflow][index % 3];
        let gateway = &gateway;
        async move {
            if index % 4 == 0 {
                return (request, None, request.send_without_key(&gateway.root).await);
            }
            let key = format!("key-{index}");
            let response = request.send(&gateway.root, &key).await;
            (request, Some(key), response)
        }
    });
    let requests = join_all(requests).await;
    let mut ids = BTreeSet::new();
    for (request, key, first) in &requests {
        assert!(request.is_success(first) && !is_replayed(first), "{first:?}");
        assert!(
            ids.insert((request.path.clone(), first.text.clone())),
            "{first:?}"
        );
        if let Some(key) = key {
            assert_replay(&request.send(&gateway.root, key).await, first);
        }
    }
    // 80 outflows of one and 40 inflows of two.
    assert_eq!(gateway.root.quantity(product).await, 1_000);
    assert_eq!(key_count(&gateway).await, 90);
    gateway.assert_invariants().await;
}

async fn movements_beyond_the_stock_are_refused(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 30).await;
    let [rest, graphql] = Request::outflows(product, 1);
    let requests = (0..60).map(|index| {
        let request = [&rest, &graphql][index % 2];
        let (gateway, key) = (&gateway, format!("key-{index}"));
        async move { (request, request.send(&gateway.root, &key).await, key) }
    });
    let requests = join_all(requests).await;
    let success_count = requests
        .iter()
        .filter(|(request, response, _)| request.is_success(response))
        .count();
    assert_eq!(success_count, 30);
    assert_eq!(key_count(&gateway).await, 30);
    for (request, response, key) in &requests {
        let repeat = request.send(&gateway.root, key).await;
        assert_eq!(is_replayed(&repeat), request.is_success(response));
        assert_eq!((repeat.status, &repeat.text), (response.status, &response.text));
    }
    assert_eq!(gateway.root.quantity(product).await, 0);
    gateway.assert_invariants().await;
}
