//! Preconditions (RFC 9110, section 13) of all methods on objects and lists.

use reqwest::Method;
use serde_json::{Value, json};
use stockroom::kind::Kind;

use super::etag::{send_with, tag};
use crate::support::actors::send;
use crate::support::gateway::Gateway;
use crate::support::response::NOT_FOUND;
use crate::support::samples::{MOVEMENTS, Sample, list};
use crate::support::webhook_receiver::{ManagedEndpoint, with_managed_endpoints};

on_both_databases![
    writes_check_preconditions,
    reads_check_preconditions,
    preconditions_are_checked_after_permissions_and_before_bodies,
    compressed_objects_have_weak_tags,
    webhook_actions_check_preconditions,
];

async fn writes_check_preconditions(gateway: Gateway) {
    let root = &gateway.root;
    let sample = Sample::create(root).await;
    for kind in [Kind::Brand, Kind::Category, Kind::Supplier, Kind::Product] {
        let path = sample.path(kind);
        let before = root.get(&path).await.json();
        let tag_before = tag(root, &path).await;
        let weak = format!("W/{tag_before}");
        let body = json!({ "description": "Overwritten" });
        for method in [Method::PUT, Method::PATCH, Method::DELETE] {
            for value in ["*", &*tag_before, &*weak] {
                let refused = send_with(root, method.clone(), &path, ("if-none-match", value), &body).await;
                assert_eq!(
                    refused.expect_error(412, "PRECONDITION_FAILED"),
                    json!({}),
                    "{method} {value}"
                );
            }
        }
        assert_eq!(root.get(&path).await.json(), before);
        send_with(root, Method::PATCH, &path, ("if-none-match", "\"other\""), &body)
            .await
            .expect(200);
        let missing = format!("{}/999/", kind.plural());
        send_with(root, Method::PUT, &missing, ("if-none-match", "*"), &body)
            .await
            .expect_body(404, NOT_FOUND);
    }
    for kind in Kind::ALL {
        let list = list(kind);
        let count = root.get(&list).await.json()["count"].clone();
        for header in [("if-none-match", "*"), ("if-match", "\"7\"")] {
            let refused = send_with(root, Method::POST, &list, header, &sample.body(kind)).await;
            refused.expect_error(412, "PRECONDITION_FAILED");
        }
        assert_eq!(root.get(&list).await.json()["count"], count);
        send_with(root, Method::POST, &list, ("if-match", "*"), &sample.body(kind))
            .await
            .expect(201);
    }
    for kind in MOVEMENTS {
        let path = sample.path(kind);
        send_with(root, Method::DELETE, &path, ("if-none-match", "*"), &Value::Null)
            .await
            .expect_error(412, "PRECONDITION_FAILED");
        root.get(&path).await.expect(200);
    }
}

async fn reads_check_preconditions(gateway: Gateway) {
    let viewer = &gateway.viewer;
    let sample = Sample::create(&gateway.root).await;
    let path = sample.path(Kind::Product);
    let tag_before = tag(viewer, &path).await;
    for method in [Method::GET, Method::HEAD] {
        let read = async |path: &str, header: (&str, &str)| {
            send(viewer.request(method.clone(), path).header(header.0, header.1))
                .await
                .status
        };
        assert_eq!(read(&path, ("if-match", &tag_before)).await, 200);
        assert_eq!(read(&path, ("if-match", "*")).await, 200);
        assert_eq!(read(&path, ("if-match", "\"other\"")).await, 412);
        assert_eq!(read(&path, ("if-match", &format!("W/{tag_before}"))).await, 412);
        // Lists have no tag, so only `*` matches.
        for list in ["products/", "products/?page_size=1", "brands/?search=none"] {
            assert_eq!(read(list, ("if-match", "*")).await, 200);
            assert_eq!(read(list, ("if-match", &tag_before)).await, 412);
            assert_eq!(read(list, ("if-none-match", "*")).await, 304);
            assert_eq!(read(list, ("if-none-match", &tag_before)).await, 200);
        }
        assert_eq!(read("products/?page=2", ("if-none-match", "*")).await, 404);
        assert_eq!(read("products/?page=x", ("if-match", &tag_before)).await, 400);
        // Preconditions with dates are ignored, because responses have no `Last-Modified`.
        let date = "Thu, 01 Jan 1970 00:00:00 GMT";
        assert_eq!(read(&path, ("if-unmodified-since", date)).await, 200);
        assert_eq!(
            read(&path, ("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT")).await,
            200
        );
    }
}

async fn preconditions_are_checked_after_permissions_and_before_bodies(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let path = sample.path(Kind::Brand);
    let stale = ("if-match", "\"999\"");
    for method in [Method::PUT, Method::PATCH] {
        let invalid = json!({ "name": "" });
        send_with(&gateway.anon, method.clone(), &path, stale, &invalid)
            .await
            .expect(401);
        send_with(&gateway.viewer, method.clone(), &path, stale, &invalid)
            .await
            .expect(403);
        send_with(&gateway.root, method.clone(), &path, stale, &invalid)
            .await
            .expect_error(412, "PRECONDITION_FAILED");
        let request = gateway.root.request(method, &path).header(stale.0, stale.1);
        send(request.header("content-type", "application/json").body("{"))
            .await
            .expect_error(412, "PRECONDITION_FAILED");
    }
    send_with(&gateway.anon, Method::GET, &path, stale, &Value::Null)
        .await
        .expect(401);
}

async fn compressed_objects_have_weak_tags(gateway: Gateway) {
    // The description must be long, because small responses are not compressed.
    let large = json!({ "name": "Large", "description": "\u{1F986}".repeat(5_000) });
    let brand = gateway.root.make(Kind::Brand, large).await;
    let path = format!("brands/{brand}/");
    let plain = tag(&gateway.viewer, &path).await;
    let weak = format!("W/{plain}");
    let read = async |coding: &str, if_none_match: &str| {
        let request = gateway.viewer.request(Method::GET, &path);
        send(
            request
                .header("accept-encoding", coding)
                .header("if-none-match", if_none_match),
        )
        .await
    };
    let uncompressed = read("identity", "\"other\"").await;
    assert_eq!(
        (
            uncompressed.header("content-encoding"),
            uncompressed.header("etag")
        ),
        (None, Some(&*plain))
    );
    for coding in ["gzip", "br"] {
        let compressed = read(coding, "\"other\"").await;
        assert_eq!(compressed.status, 200);
        assert_eq!(compressed.header("content-encoding"), Some(coding));
        assert_eq!(compressed.header("etag"), Some(&*weak));
        for if_none_match in [&plain, &weak] {
            let response = read(coding, if_none_match).await;
            assert_eq!((response.status, &*response.text), (304, ""));
            assert_eq!(response.header("content-encoding"), None);
        }
    }
    // `If-Match` uses the strong comparison, so a client that has read a compressed object must remove `W/`.
    let body = json!({ "name": "Changed" });
    send_with(&gateway.root, Method::PATCH, &path, ("if-match", &weak), &body)
        .await
        .expect_error(412, "PRECONDITION_FAILED");
    send_with(&gateway.root, Method::PATCH, &path, ("if-match", &plain), &body)
        .await
        .expect(200);
}

/// Actions on an endpoint are checked against its tag. A delivery has no tag.
async fn webhook_actions_check_preconditions(gateway: Gateway) {
    let gateway = with_managed_endpoints(gateway, &[]).await;
    let root = &gateway.root;
    let endpoint = ManagedEndpoint::make(&gateway, "http://127.0.0.1:9/", &["outflow.created"]).await;
    let old_tag = tag(root, &endpoint.path("")).await;
    endpoint
        .patch(&gateway, json!({ "description": "Changed" }))
        .await;
    let current_tag = tag(root, &endpoint.path("")).await;
    root.post(&endpoint.path("test/"), Value::Null).await.expect(202);
    let id = endpoint.deliveries(&gateway).await[0]["id"].clone();
    let replay_one = endpoint.path(&format!("deliveries/{id}/replay/"));
    let count = async || endpoint.deliveries(&gateway).await.len();
    let since = json!({ "since": "2024-01-01T00:00:00Z" });
    for (path, tag, body) in [
        (endpoint.path("test/"), Some(&current_tag), Value::Null),
        (endpoint.path("replay/"), Some(&current_tag), since.clone()),
        (replay_one.clone(), None, Value::Null),
    ] {
        let before = count().await;
        let weak = format!("W/{current_tag}");
        for header in [
            ("if-match", &*old_tag),
            ("if-match", "\"other\""),
            ("if-match", &*weak),
            ("if-none-match", "*"),
        ] {
            let refused = send_with(root, Method::POST, &path, header, &body).await;
            assert_eq!(
                refused.expect_error(412, "PRECONDITION_FAILED"),
                json!({}),
                "{path} {header:?}"
            );
            // A failed precondition is reported before an invalid body, and after missing objects and permissions.
            send_with(&gateway.manager, Method::POST, &path, header, &body)
                .await
                .expect(403);
            let missing = path.replacen(&endpoint.id.to_string(), "999999", 1);
            send_with(root, Method::POST, &missing, header, &body)
                .await
                .expect_body(404, NOT_FOUND);
        }
        if path.ends_with("/replay/") && tag.is_some() {
            send_with(root, Method::POST, &path, ("if-match", &old_tag), &json!({}))
                .await
                .expect_error(412, "PRECONDITION_FAILED");
        }
        assert_eq!(count().await, before, "{path}");
        let matching = tag.map_or("*", String::as_str);
        for header in [
            ("if-none-match", &*old_tag),
            ("if-match", matching),
            ("if-match", "*"),
        ] {
            send_with(root, Method::POST, &path, header, &body)
                .await
                .expect(202);
        }
        if tag.is_none() {
            send_with(root, Method::POST, &path, ("if-match", &current_tag), &body)
                .await
                .expect_error(412, "PRECONDITION_FAILED");
        }
    }
    let before = count().await;
    assert_eq!(before, 4);

    // The same through GraphQL.
    let version = root
        .data(
            "query($id: ID!) { webhookEndpoint(id: $id) { version } }",
            json!({ "id": endpoint.id }),
        )
        .await["webhookEndpoint"]["version"]
        .as_i64()
        .expect("a version");
    for (field, more, selected) in [
        ("sendTestWebhook", "", "webhookDelivery { id }"),
        (
            "replayWebhookDeliveries",
            ", since: \"2024-01-01T00:00:00Z\"",
            "replayed",
        ),
    ] {
        for (expected, codes) in [
            (version - 1, json!([{ "code": "CONFLICT" }])),
            (version, json!([])),
        ] {
            let document = format!(
                "mutation {{ {field}(input: {{ endpointId: {}, expectedVersion: {expected}{more} }}) {{
                    {selected} userErrors {{ code }} }} }}",
                endpoint.id
            );
            let payload = root.data(&document, json!({})).await[field].clone();
            assert_eq!(payload["userErrors"], codes, "{document}: {payload}");
        }
    }
    assert_eq!(count().await, before + 1);
}
