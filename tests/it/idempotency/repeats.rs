//! Responses to repeated requests, and requests that are executed again.

use reqwest::Method;
use sea_orm::EntityTrait as _;
use serde_json::json;
use stockroom::idempotency::store;
use stockroom::kind::Kind;

use super::request::{Request, assert_replay, is_replayed, key_count, row_counts};
use crate::support::actors::send;
use crate::support::gateway::Gateway;
use crate::support::samples::Sample;
use crate::support::webhook_receiver::with_managed_endpoints;

on_both_databases![
    a_repeat_gets_the_stored_response,
    another_request_with_the_key_is_refused,
    keys_are_separate_for_each_user,
    keys_are_kept_for_a_day,
    refused_requests_are_not_stored,
    a_response_that_was_not_stored_is_rendered_again,
    keys_apply_to_post_only,
    responses_with_secrets_are_replayed,
    old_keys_are_deleted_in_batches,
];

const DAY: u64 = 24 * 3_600;

async fn a_repeat_gets_the_stored_response(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let mut responses = Vec::new();
    for (index, request) in Request::all(&sample).into_iter().enumerate() {
        let key = format!("key-{index}");
        let before = key_count(&gateway).await;
        let first = request.send(&gateway.root, &key).await;
        assert!(request.is_success(&first), "{request:?}: {first:?}");
        let after = row_counts(&gateway).await;
        assert_eq!(after[7], before + 1, "{request:?}");
        assert_replay(&request.send(&gateway.root, &key).await, &first);
        assert_eq!(row_counts(&gateway).await, after, "{request:?}");
        responses.push((request, key, first));
    }
    // Later changes do not affect the stored response.
    gateway
        .root
        .patch(
            &sample.path(Kind::Product),
            json!({ "title": "Renamed", "quantity": 1_000 }),
        )
        .await
        .expect(200);
    let after = row_counts(&gateway).await;
    for (request, key, first) in &responses {
        assert_replay(&request.send(&gateway.root, key).await, first);
    }
    assert_eq!(row_counts(&gateway).await, after);
    // Another gateway on the same database returns the stored response.
    let gateway = gateway.restart_with(&[]).await;
    for (request, key, first) in &responses {
        assert_replay(&request.send(&gateway.root, key).await, first);
    }
    gateway.assert_invariants().await;
}

async fn another_request_with_the_key_is_refused(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 100).await;
    let others = [
        Request::outflows(product, 2),
        [
            Request::rest("brands/", json!({ "name": "Samsung" })),
            Request::graphql("mutation { createBrand(input: {name: \"LG\"}) { brand { id } } }"),
        ],
    ];
    for (index, request) in Request::outflows(product, 1).into_iter().enumerate() {
        let key = format!("key-{index}");
        let first = request.send(&gateway.root, &key).await;
        assert!(request.is_success(&first), "{first:?}");
        let before = row_counts(&gateway).await;
        for other in others.iter().flatten() {
            let response = other.send(&gateway.root, &key).await;
            other.assert_refused(&response, 409, "IDEMPOTENCY_KEY_REUSED");
            assert_eq!(response.header("retry-after"), None);
        }
        assert_eq!(row_counts(&gateway).await, before);
        assert_replay(&request.send(&gateway.root, &key).await, &first);
    }
    assert_eq!(gateway.root.quantity(product).await, 98);
}

async fn keys_are_separate_for_each_user(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 100).await;
    for request in Request::outflows(product, 1) {
        let key = format!("key of {}", request.path).replace(' ', "-");
        let first = request.send(&gateway.manager, &key).await;
        let second = request.send(&gateway.administrator, &key).await;
        assert!(request.is_success(&first) && request.is_success(&second));
        assert!(!is_replayed(&second));
        assert_ne!(first.text, second.text);
        assert_replay(&request.send(&gateway.manager, &key).await, &first);
        assert_replay(&request.send(&gateway.administrator, &key).await, &second);
        // The permission is checked before the key.
        let refused = request.send(&gateway.viewer, &key).await;
        assert!(
            refused.text.contains("permission") && !is_replayed(&refused),
            "{refused:?}"
        );
    }
    assert_eq!(gateway.root.quantity(product).await, 96);
}

async fn keys_are_kept_for_a_day(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 100).await;
    let [rest, graphql] = Request::outflows(product, 1);
    let first_responses = [
        rest.send(&gateway.root, "rest").await,
        graphql.send(&gateway.root, "graphql").await,
    ];
    gateway.advance_clock(DAY - 1);
    assert_replay(&rest.send(&gateway.root, "rest").await, &first_responses[0]);
    assert_replay(&graphql.send(&gateway.root, "graphql").await, &first_responses[1]);
    assert_eq!(gateway.root.quantity(product).await, 98);
    // New tokens are needed, because those of the first requests expire at the same time.
    let now = gateway.services.clock.now() + chrono::TimeDelta::seconds(1);
    let gateway = gateway.restart_at(&[], now).await;
    for (request, key) in [(&rest, "rest"), (&graphql, "graphql")] {
        let repeat = request.send(&gateway.root, key).await;
        assert!(request.is_success(&repeat) && !is_replayed(&repeat), "{repeat:?}");
        assert_replay(&request.send(&gateway.root, key).await, &repeat);
    }
    assert_eq!(gateway.root.quantity(product).await, 96);
    assert_eq!(key_count(&gateway).await, 2);
    gateway.assert_invariants().await;
}

async fn refused_requests_are_not_stored(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 1).await;
    for (index, request) in Request::outflows(product, 5).into_iter().enumerate() {
        let key = format!("key-{index}");
        for _ in 0..2 {
            let refused = request.send(&gateway.root, &key).await;
            assert!(
                !request.is_success(&refused) && !is_replayed(&refused),
                "{refused:?}"
            );
            assert!(
                refused.text.to_lowercase().replace('_', " ").contains("stock"),
                "{refused:?}"
            );
        }
        assert_eq!(key_count(&gateway).await, u64::try_from(index).unwrap());
        let path = format!("products/{product}/");
        gateway
            .root
            .patch(&path, json!({ "quantity": 5 }))
            .await
            .expect(200);
        let first = request.send(&gateway.root, &key).await;
        assert!(request.is_success(&first), "{first:?}");
        assert_replay(&request.send(&gateway.root, &key).await, &first);
        assert_eq!(gateway.root.quantity(product).await, 0);
    }
    // A request with an unreadable body is not stored either.
    let sent = gateway
        .root
        .request(Method::POST, "brands/")
        .header("idempotency-key", "body");
    send(sent.header("content-type", "application/json").body("{"))
        .await
        .expect_error(400, "PARSE_ERROR");
    let brand = Request::rest("brands/", json!({ "name": "Samsung" }));
    assert!(brand.is_success(&brand.send(&gateway.root, "body").await));
}

/// Deletes the stored responses, as if the program had been killed before it stored them.
async fn a_response_that_was_not_stored_is_rendered_again(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let mut first_responses = Vec::new();
    for (index, request) in Request::all(&sample).into_iter().enumerate() {
        let key = format!("key-{index}");
        let first = request.send(&gateway.root, &key).await;
        assert!(request.is_success(&first), "{first:?}");
        first_responses.push((request, key, first));
    }
    let delete_responses = "UPDATE idempotency_key SET status = NULL, headers = NULL, body = NULL";
    gateway.sql(delete_responses).await.unwrap();
    // The response contains the names at the time of the change.
    for kind in [Kind::Category, Kind::Supplier] {
        let path = sample.path(kind);
        gateway
            .root
            .patch(&path, json!({ "name": "Renamed" }))
            .await
            .expect(200);
    }
    let before = row_counts(&gateway).await;
    for (request, key, first) in &first_responses {
        let repeat = request.send(&gateway.root, key).await;
        assert_replay(&repeat, first);
        assert_replay(&request.send(&gateway.root, key).await, first);
    }
    assert_eq!(row_counts(&gateway).await, before);
    let stored = ::entity::idempotency_key::Entity::find()
        .all(&gateway.services.db)
        .await
        .unwrap();
    assert!(
        stored
            .iter()
            .all(|row| row.status.is_some() && row.body.is_some())
    );
    gateway.assert_invariants().await;
}

async fn keys_apply_to_post_only(gateway: Gateway) {
    let brand = gateway.root.make(Kind::Brand, json!({ "name": "Samsung" })).await;
    let path = format!("brands/{brand}/");
    let with_key = |method| {
        gateway
            .root
            .request(method, &path)
            .header("idempotency-key", "key")
    };
    for (method, version) in [
        (Method::PUT, "\"2\""),
        (Method::PATCH, "\"3\""),
        (Method::PUT, "\"4\""),
    ] {
        let changed = send(with_key(method).json(&json!({ "name": "Samsung" }))).await;
        changed.expect(200);
        assert_eq!(changed.header("etag"), Some(version));
        assert!(!is_replayed(&changed));
    }
    assert!(!is_replayed(&send(with_key(Method::GET)).await));
    send(with_key(Method::DELETE)).await.expect(204);
    send(with_key(Method::DELETE)).await.expect(404);
    assert_eq!(key_count(&gateway).await, 0);
}

async fn responses_with_secrets_are_replayed(gateway: Gateway) {
    let gateway = with_managed_endpoints(gateway, &[]).await;
    let create = Request::rest(
        "webhooks/",
        json!({ "url": "https://203.0.113.7/hook", "events": ["outflow.created"] }),
    );
    let created = create.send(&gateway.root, "create").await;
    let id = created.expect(201)["id"].as_i64().unwrap();
    assert!(created.json()["secret"].as_str().unwrap().starts_with("whsec_"));
    assert_replay(&create.send(&gateway.root, "create").await, &created);
    let rotate = Request::rest(&format!("webhooks/{id}/rotate-secret/"), json!({ "overlap": 60 }));
    let rotated = rotate.send(&gateway.root, "rotate").await;
    assert_ne!(rotated.expect(200)["secret"], created.json()["secret"]);
    assert_replay(&rotate.send(&gateway.root, "rotate").await, &rotated);
    // The precondition is true for the first request and false for the repeat.
    let rotate_at_version_2 = async || {
        let sent = gateway
            .root
            .request(Method::POST, &rotate.path)
            .json(&rotate.body);
        send(
            sent.header("if-match", "\"2\"")
                .header("idempotency-key", "conditional"),
        )
        .await
    };
    let rotated = rotate_at_version_2().await;
    rotated.expect(200);
    assert_replay(&rotate_at_version_2().await, &rotated);
    let test = Request::rest(&format!("webhooks/{id}/test/"), json!({}));
    let queued = test.send(&gateway.root, "test").await;
    let delivery = queued.expect(202)["id"].clone();
    assert_replay(&test.send(&gateway.root, "test").await, &queued);
    let graphql = Request::graphql(&format!(
        "mutation {{ rotateWebhookSecret(input: {{id: \"{id}\"}}) {{ secret userErrors {{ code }} }} }}"
    ));
    let response = graphql.send(&gateway.root, "graphql").await;
    assert!(graphql.is_success(&response), "{response:?}");
    assert_replay(&graphql.send(&gateway.root, "graphql").await, &response);
    let listed = gateway
        .root
        .get(&format!("webhooks/{id}/deliveries/"))
        .await
        .expect(200);
    assert_eq!(
        (&listed["count"], &listed["results"][0]["id"]),
        (&json!(1), &delivery)
    );
}

async fn old_keys_are_deleted_in_batches(gateway: Gateway) {
    let brand = Request::rest("brands/", json!({ "name": "Samsung" }));
    assert!(brand.is_success(&brand.send(&gateway.root, "old").await));
    let copies = "INSERT INTO idempotency_key (user_id, key, fingerprint, outcome, created_at)
        SELECT user_id, key || n, fingerprint, outcome, created_at
        FROM idempotency_key, (WITH RECURSIVE numbers(n) AS (
            SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2500) SELECT n FROM numbers) AS numbers";
    gateway.sql(copies).await.unwrap();
    gateway.advance_clock(DAY - 1);
    assert!(brand.is_success(&brand.send(&gateway.root, "new").await));
    assert!(!store::prune(&gateway.system()).await.unwrap());
    assert_eq!(key_count(&gateway).await, 2_502);
    gateway.advance_clock(1);
    assert!(store::prune(&gateway.system()).await.unwrap());
    assert_eq!(key_count(&gateway).await, 1_502);
    assert!(store::prune(&gateway.system()).await.unwrap());
    assert!(!store::prune(&gateway.system()).await.unwrap());
    let remaining = ::entity::idempotency_key::Entity::find()
        .all(&gateway.services.db)
        .await
        .unwrap();
    assert_eq!(remaining.iter().map(|row| &*row.key).collect::<Vec<_>>(), ["new"]);
}
