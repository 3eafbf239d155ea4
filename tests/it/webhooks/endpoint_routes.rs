//! The routes of webhook endpoints: permissions, and the behaviour that all routes share.

use reqwest::Method;
use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::actors::{Actor, send};
use crate::support::api::{APIS, Outcome};
use crate::support::gateway::Gateway;
use crate::support::response::{FORBIDDEN, NO_TOKEN, NOT_FOUND, keys};
use crate::support::webhook_receiver::{ManagedEndpoint, create_outflow, with_managed_endpoints};

on_both_databases![
    one_permission_covers_every_route,
    endpoints_are_limited_to_fifty,
    routes_behave_like_those_of_other_collections,
    endpoints_can_be_managed_while_webhooks_are_disabled,
];

const URL: &str = "https://shop.example.com/hook";

fn new_endpoint() -> Value {
    json!({ "url": URL, "events": ["outflow.created"] })
}

/// Every REST operation on webhooks: method, path, body, and the status with permission.
fn every_route(id: i64) -> Vec<(Method, String, Value, u16)> {
    let path = format!("webhooks/{id}/");
    vec![
        (Method::GET, "webhooks/".to_owned(), Value::Null, 200),
        (Method::HEAD, "webhooks/".to_owned(), Value::Null, 200),
        (Method::POST, "webhooks/".to_owned(), new_endpoint(), 201),
        (Method::GET, path.clone(), Value::Null, 200),
        (Method::PUT, path.clone(), json!({}), 200),
        (Method::PATCH, path.clone(), json!({}), 200),
        (Method::POST, format!("{path}rotate-secret/"), json!({}), 200),
        (Method::POST, format!("{path}test/"), Value::Null, 202),
        (
            Method::POST,
            format!("{path}replay/"),
            json!({ "since": "2024-01-01T00:00:00Z" }),
            202,
        ),
        (Method::GET, format!("{path}deliveries/"), Value::Null, 200),
        (Method::GET, format!("{path}deliveries/999999/"), Value::Null, 404),
        (
            Method::POST,
            format!("{path}deliveries/999999/replay/"),
            Value::Null,
            404,
        ),
        (Method::DELETE, path, Value::Null, 204),
    ]
}

async fn one_permission_covers_every_route(gateway: Gateway) {
    let gateway = with_managed_endpoints(gateway, &[]).await;
    // User 4 is the viewer.
    let grant = "INSERT INTO permission (user_id, codename) VALUES (4, 'change_webhook')";
    for (actor, permitted) in [
        (&gateway.anon, None),
        (&gateway.viewer, Some(false)),
        (&gateway.manager, Some(false)),
        (&gateway.administrator, Some(true)),
        (&gateway.root, Some(true)),
    ] {
        assert_access(&gateway, actor, permitted).await;
    }
    gateway.sql(grant).await.unwrap();
    assert_access(&gateway, &gateway.viewer, Some(true)).await;
    let viewer = gateway
        .viewer
        .gql("{ viewer { permissions } }", json!({}))
        .await
        .json();
    assert_eq!(viewer["data"]["viewer"]["permissions"], json!(["CHANGE_WEBHOOK"]));
    gateway
        .sql("DELETE FROM permission WHERE user_id = 4")
        .await
        .unwrap();
    assert_access(&gateway, &gateway.viewer, Some(false)).await;
    // The group `Manager` does not have the permission.
    let manager = gateway
        .manager
        .gql("{ viewer { permissions } }", json!({}))
        .await
        .json();
    assert!(!manager.to_string().contains("WEBHOOK"), "{manager}");
}

/// Asserts the response of every route and root field for an actor; `permitted` is `None` without a login.
async fn assert_access(gateway: &Gateway, actor: &Actor, permitted: Option<bool>) {
    let id = ManagedEndpoint::make(gateway, URL, &["outflow.created"]).await.id;
    for (method, path, body, status) in every_route(id) {
        let request = format!("{} {method} {path}", actor.name);
        let is_head = method == Method::HEAD;
        let response = if body.is_null() {
            send(actor.request(method, &path)).await
        } else {
            send(actor.request(method, &path).json(&body)).await
        };
        match permitted {
            None if is_head => assert_eq!(response.status, 401, "{request}"),
            None => response.expect_body(401, NO_TOKEN),
            Some(false) if is_head => assert_eq!(response.status, 403, "{request}"),
            Some(false) => response.expect_body(403, FORBIDDEN),
            Some(true) => assert_eq!(response.status, status, "{request}: {}", response.text),
        }
    }
    let expected = match permitted {
        None => Some("UNAUTHENTICATED"),
        Some(false) => Some("FORBIDDEN"),
        Some(true) => None,
    };
    for field in [
        "webhookEndpoint(id: 0) { id }",
        "webhookEndpoints { nodes { id } totalCount }",
        "a: webhookEndpoints(first: 0) { totalCount }",
    ] {
        let body = actor.gql(&format!("{{ {field} }}"), json!({})).await.json();
        assert_eq!(
            body["errors"][0]["extensions"]["code"].as_str(),
            expected,
            "{field}: {body}"
        );
    }
    for field in [
        r#"createWebhookEndpoint(input: {url: "x", events: []}) { userErrors { code } }"#,
        "updateWebhookEndpoint(input: {id: 0}) { userErrors { code } }",
        "deleteWebhookEndpoint(input: {id: 0}) { userErrors { code } }",
        "rotateWebhookSecret(input: {id: 0}) { userErrors { code } }",
        "sendTestWebhook(input: {endpointId: 0}) { userErrors { code } }",
        "replayWebhookDelivery(input: {id: 0}) { userErrors { code } }",
        r#"replayWebhookDeliveries(input: {endpointId: 0, since: "2024-01-01T00:00:00Z"}) { userErrors { code } }"#,
    ] {
        let body = actor
            .gql(&format!("mutation {{ {field} }}"), json!({}))
            .await
            .json();
        assert_eq!(
            body["errors"][0]["extensions"]["code"].as_str(),
            expected,
            "{field}: {body}"
        );
        if permitted == Some(true) {
            let payload = body["data"].as_object().unwrap().values().next().unwrap();
            assert!(!payload["userErrors"].as_array().unwrap().is_empty(), "{body}");
        }
    }
}

async fn endpoints_are_limited_to_fifty(gateway: Gateway) {
    let gateway = with_managed_endpoints(gateway, &[]).await;
    let root = &gateway.root;
    for _ in 0..45 {
        ManagedEndpoint::make(&gateway, URL, &["outflow.created"]).await;
    }
    // Of ten concurrent requests, five are within the limit.
    let created =
        futures_util::future::join_all((0..10).map(|_| root.post("webhooks/", new_endpoint()))).await;
    let statuses: Vec<u16> = created.iter().map(|response| response.status).collect();
    assert_eq!(
        statuses.iter().filter(|status| **status == 201).count(),
        5,
        "{statuses:?}"
    );
    for refused in created.iter().filter(|response| response.status != 201) {
        refused.expect_error(409, "TOO_MANY_ENDPOINTS");
    }
    for api in APIS {
        assert_eq!(
            api.create(root, Kind::Webhook, new_endpoint()).await,
            Outcome::TooMany
        );
    }
    let page = root.get("webhooks/?page_size=100").await;
    assert_eq!(page.expect(200)["count"], 50);
    let last = page.ids()[49];
    assert_eq!(
        APIS[0].delete(root, Kind::Webhook, last).await,
        Outcome::Done(Value::Null)
    );
    root.post("webhooks/", new_endpoint()).await.expect(201);
}

async fn routes_behave_like_those_of_other_collections(gateway: Gateway) {
    let gateway = with_managed_endpoints(gateway, &[]).await;
    let root = &gateway.root;
    let endpoint = ManagedEndpoint::make(&gateway, URL, &["outflow.created"]).await;
    let id = endpoint.id;
    let index = gateway.anon.get("").await.expect(200);
    assert_eq!(
        keys(&index),
        [
            "brands",
            "categories",
            "suppliers",
            "products",
            "inflows",
            "outflows"
        ]
    );
    for (path, allow) in [
        ("webhooks".to_owned(), "GET, HEAD, POST, OPTIONS"),
        (format!("webhooks/{id}"), "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
        (format!("webhooks/{id}/rotate-secret"), "POST, OPTIONS"),
        (format!("webhooks/{id}/test"), "POST, OPTIONS"),
        (format!("webhooks/{id}/replay"), "POST, OPTIONS"),
        (format!("webhooks/{id}/deliveries"), "GET, HEAD, OPTIONS"),
        (format!("webhooks/{id}/deliveries/1"), "GET, HEAD, OPTIONS"),
        (format!("webhooks/{id}/deliveries/1/replay"), "POST, OPTIONS"),
    ] {
        for path in [path.clone(), format!("{path}/")] {
            let options = send(gateway.anon.request(Method::OPTIONS, &path)).await;
            assert_eq!(
                (options.status, options.header("allow")),
                (204, Some(allow)),
                "{path}"
            );
            let trace = send(gateway.anon.request(Method::TRACE, &path)).await;
            trace.expect_error(405, "METHOD_NOT_ALLOWED");
            assert_eq!(trace.header("allow"), Some(allow), "{path}");
        }
    }
    // A path with an id that is not a number is unknown, even without a token.
    for path in [
        "webhooks/x/".to_owned(),
        "webhooks/x/test/".to_owned(),
        "webhooks/-1/deliveries/".to_owned(),
        format!("webhooks/{id}/deliveries/x/"),
        format!("webhooks/x/deliveries/{id}/replay/"),
        format!("webhooks/{id}/nothing/"),
    ] {
        gateway
            .anon
            .post(&path, json!({}))
            .await
            .expect_body(404, NOT_FOUND);
    }
    let huge = "9".repeat(40);
    for path in [
        format!("webhooks/{huge}/"),
        format!("webhooks/{huge}/deliveries/"),
        format!("webhooks/{id}/deliveries/{huge}/"),
        format!("webhooks/{}/deliveries/1/", id + 1),
    ] {
        root.get(&path).await.expect_body(404, NOT_FOUND);
    }
    // Existence is checked before the body, and the body before its values.
    for action in ["rotate-secret/", "replay/"] {
        let (existing, missing) = (endpoint.path(action), format!("webhooks/999999/{action}"));
        root.raw(Method::POST, &missing, "no JSON")
            .await
            .expect_body(404, NOT_FOUND);
        root.raw(Method::POST, &existing, "no JSON")
            .await
            .expect_error(400, "PARSE_ERROR");
        root.raw(Method::POST, &existing, "[]")
            .await
            .expect_error(400, "PARSE_ERROR");
        let xml = root
            .request(Method::POST, &existing)
            .header("content-type", "text/xml")
            .body("<a/>");
        send(xml).await.expect_error(415, "UNSUPPORTED_MEDIA_TYPE");
        root.raw(Method::POST, &existing, vec![b' '; 2 << 20])
            .await
            .expect(413);
    }
    for since in [
        json!("yesterday"),
        json!(5),
        json!("2024-01-15"),
        json!("+12024-01-15T10:30:00Z"),
    ] {
        let refused = root
            .post(&endpoint.path("replay/"), json!({ "since": since }))
            .await
            .expect(422);
        assert_eq!(keys(&refused), ["since"]);
    }

    let object = root.get(&endpoint.path("")).await;
    let tag = object.header("etag").expect("a tag").to_owned();
    assert_eq!(tag, "\"1\"");
    let conditional = root
        .request(Method::GET, &endpoint.path(""))
        .header("if-none-match", &tag);
    send(conditional).await.expect_body(304, "");
    for method in [Method::PATCH, Method::PUT, Method::DELETE] {
        let stale = root
            .request(method, &endpoint.path(""))
            .header("if-match", "\"7\"")
            .json(&json!({}));
        send(stale).await.expect_error(412, "PRECONDITION_FAILED");
    }
    let fresh = root
        .request(Method::PUT, &endpoint.path(""))
        .header("if-match", &tag)
        .json(&json!({}));
    assert_eq!(send(fresh).await.header("etag"), Some("\"2\""));
    let head = send(root.request(Method::HEAD, &endpoint.path(""))).await;
    assert_eq!(
        (head.status, &*head.text, head.header("etag")),
        (200, "", Some("\"2\""))
    );
}

async fn endpoints_can_be_managed_while_webhooks_are_disabled(gateway: Gateway) {
    let root = &gateway.root;
    let endpoint = ManagedEndpoint::make(&gateway, "https://1.1.1.1/", &["outflow.created"]).await;
    let product = root.product("Bolts", 100).await;
    create_outflow(&gateway, product, 1).await;
    assert!(endpoint.deliveries(&gateway).await.is_empty());
    let since = json!({ "since": "2024-01-01T00:00:00Z" });
    root.post(&endpoint.path("test/"), json!({}))
        .await
        .expect_error(409, "WEBHOOKS_DISABLED");
    root.post(&endpoint.path("replay/"), since)
        .await
        .expect_error(409, "WEBHOOKS_DISABLED");
    let document = "mutation($id: ID!) { sendTestWebhook(input: {endpointId: $id}) { webhookDelivery { id } userErrors { code } } }";
    let body = root.gql(document, json!({ "id": endpoint.id })).await.json();
    assert_eq!(
        body["data"]["sendTestWebhook"],
        json!({ "webhookDelivery": null, "userErrors": [{ "code": "DISABLED" }] })
    );
    endpoint.patch(&gateway, json!({ "description": "later" })).await;
}
