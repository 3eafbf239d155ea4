//! The description of webhooks compared with the requests that are sent.

use reqwest::Method;
use serde_json::json;
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;
use crate::support::openapi_index::{
    assert_example, assert_like, list_path, object_path, operation, response, schema,
};
use crate::support::webhook_receiver::{
    ManagedEndpoint, Receiver, send_due, with_managed_endpoints, with_webhooks,
};

on_both_databases![webhooks_match_their_description];

async fn webhooks_match_their_description(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = with_managed_endpoints(gateway, &[]).await;
    let root = &gateway.root;
    let success = |path: &str, method: &str, status| schema(response(path, method, status));
    let (all, one) = (list_path(Kind::Webhook), object_path(Kind::Webhook));
    let example = operation(&all, "post")["requestBody"]["content"]["application/json"]["example"].clone();
    let created = root.post("webhooks/", example).await.expect(201);
    assert_like(&created, success(&all, "post", 201), "created");
    let endpoint = ManagedEndpoint::make(&gateway, &receiver.url(), &["outflow.created"]).await;
    assert_like(
        &endpoint.read(&gateway).await,
        success(&one, "get", 200),
        "object",
    );
    assert_like(
        &root.get("webhooks/").await.expect(200),
        success(&all, "get", 200),
        "list",
    );
    for method in ["put", "patch"] {
        let by = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let changed = root.raw(by, &endpoint.path(""), r#"{"disabled": false}"#).await;
        assert_like(&changed.expect(200), success(&one, method, 200), method);
    }
    let test_delivery = root.post(&endpoint.path("test/"), json!({})).await.expect(202);
    assert_like(
        &test_delivery,
        success(&format!("{one}test/"), "post", 202),
        "test",
    );
    assert_eq!(send_due(&gateway).await, 1);
    let page = root.get(&endpoint.path("deliveries/")).await.expect(200);
    assert_like(
        &page,
        success(&format!("{one}deliveries/"), "get", 200),
        "deliveries",
    );
    let described = format!("{one}deliveries/{{delivery}}/");
    let path = endpoint.path(&format!("deliveries/{}/", test_delivery["id"]));
    assert_like(
        &root.get(&path).await.expect(200),
        success(&described, "get", 200),
        "delivery",
    );
    let replayed = root.post(&format!("{path}replay/"), json!({})).await.expect(202);
    assert_like(
        &replayed,
        success(&format!("{described}replay/"), "post", 202),
        "replay",
    );
    let since = json!({ "since": "2024-01-01T00:00:00Z" });
    let all_replayed = root
        .post(&endpoint.path("replay/"), since.clone())
        .await
        .expect(202);
    assert_like(
        &all_replayed,
        success(&format!("{one}replay/"), "post", 202),
        "replay all",
    );
    let rotated = root
        .post(&endpoint.path("rotate-secret/"), json!({}))
        .await
        .expect(200);
    assert_like(
        &rotated,
        success(&format!("{one}rotate-secret/"), "post", 200),
        "rotated",
    );

    assert_example(&gateway.viewer.get("webhooks/").await, &all, "get", 403);
    assert_example(&gateway.anon.get(&path).await, &described, "get", 401);
    assert_example(
        &root.get(&endpoint.path("deliveries/?page=9")).await,
        &format!("{one}deliveries/"),
        "get",
        404,
    );
    endpoint.patch(&gateway, json!({ "disabled": true })).await;
    assert_example(
        &root.post(&endpoint.path("test/"), json!({})).await,
        &format!("{one}test/"),
        "post",
        409,
    );
    assert_example(
        &root.post(&endpoint.path("replay/"), since).await,
        &format!("{one}replay/"),
        "post",
        409,
    );
    let refused = root.post(&format!("{path}replay/"), json!({})).await;
    assert_example(&refused, &format!("{described}replay/"), "post", 409);
    for _ in 0..48 {
        ManagedEndpoint::make(&gateway, "https://1.1.1.1/", &["outflow.created"]).await;
    }
    let body = json!({ "url": "https://1.1.1.1/", "events": ["outflow.created"] });
    assert_example(&root.post("webhooks/", body).await, &all, "post", 409);
    let gateway = with_webhooks(gateway, &receiver, &[]).await;
    let configured = gateway.root.get("webhooks/?ordering=-id").await.ids()[0];
    assert_example(
        &gateway.root.delete(&format!("webhooks/{configured}/")).await,
        &one,
        "delete",
        409,
    );
    assert_example(
        &gateway
            .root
            .patch(&format!("webhooks/{configured}/"), json!({}))
            .await,
        &one,
        "patch",
        409,
    );
}
