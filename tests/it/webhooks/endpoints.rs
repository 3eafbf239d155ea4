//! Webhook endpoints, managed through both APIs by users with permission.

use reqwest::Method;
use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::actors::send;
use crate::support::api::{APIS, Outcome};
use crate::support::gateway::Gateway;
use crate::support::response::keys;
use crate::support::webhook_receiver::{
    ManagedEndpoint, Receiver, SECRET, with_managed_endpoints, with_webhooks,
};

on_both_databases![
    endpoints_are_created_updated_disabled_and_deleted,
    secrets_are_shown_once,
    invalid_values_are_rejected_by_both_apis,
    the_endpoint_of_the_settings_is_read_only,
];

const URL: &str = "https://shop.example.com/hooks?from=stock";

fn new_endpoint() -> Value {
    json!({ "url": URL, "events": ["product.low_stock", "outflow.created", "outflow.created"] })
}

async fn endpoints_are_created_updated_disabled_and_deleted(gateway: Gateway) {
    let gateway = with_managed_endpoints(gateway, &[]).await;
    let root = &gateway.root;
    for api in APIS {
        let now = gateway
            .services
            .clock
            .now()
            .format("%Y-%m-%dT%H:%M:%SZ")
            .to_string();
        let created = api.create(root, Kind::Webhook, new_endpoint()).await.done();
        let id = created["id"].as_i64().expect("an id");
        let expected = json!({
            "id": id, "url": URL, "description": null, "events": ["outflow.created", "product.low_stock"],
            "disabled": false, "disabled_at": null, "disabled_reason": null, "failing_since": null,
            "previous_secret_until": null, "managed": true,
            "created_at": now, "updated_at": now,
        });
        for other in APIS {
            let found = other.find(root, Kind::Webhook, id).await.done();
            assert_eq!(found, expected, "{api:?} {other:?}");
        }
        let listed = root.get("webhooks/").await;
        assert_eq!(listed.column("id"), [id]);
        assert_eq!(listed.expect(200)["results"][0], expected);
        let listed = root
            .gql("{ webhookEndpoints { totalCount nodes { url } } }", json!({}))
            .await
            .json();
        assert_eq!(
            listed["data"]["webhookEndpoints"],
            json!({ "totalCount": 1, "nodes": [{ "url": URL }] })
        );

        gateway.advance_clock(60);
        let changes = json!({ "description": " The shop ", "events": ["inflow.created"], "url": "http://1.1.1.1:80/x" });
        let changed = api.update(root, Kind::Webhook, id, Some(1), changes).await.done();
        assert_eq!(changed["url"], "http://1.1.1.1/x");
        assert_eq!(changed["description"], "The shop");
        assert_eq!(changed["events"], json!(["inflow.created"]));
        let outdated = api
            .update(root, Kind::Webhook, id, Some(1), json!({ "description": "x" }))
            .await;
        assert_eq!(outdated, Outcome::Conflict);

        let changes = json!({ "disabled": true, "description": null });
        let disabled = api.update(root, Kind::Webhook, id, Some(2), changes).await.done();
        assert_eq!(
            (
                &disabled["disabled"],
                &disabled["disabled_reason"],
                &disabled["description"]
            ),
            (&json!(true), &json!("requested"), &Value::Null)
        );
        let since = disabled["disabled_at"].clone();
        gateway.advance_clock(60);
        let unchanged = api
            .update(root, Kind::Webhook, id, None, json!({ "disabled": true }))
            .await
            .done();
        assert_eq!(unchanged["disabled_at"], since);
        let enabled = api
            .update(root, Kind::Webhook, id, None, json!({ "disabled": false }))
            .await
            .done();
        assert_eq!(
            (
                &enabled["disabled"],
                &enabled["disabled_at"],
                &enabled["disabled_reason"],
                &enabled["events"]
            ),
            (
                &json!(false),
                &Value::Null,
                &Value::Null,
                &json!(["inflow.created"])
            )
        );

        assert_eq!(
            api.delete(root, Kind::Webhook, id).await,
            Outcome::Done(Value::Null)
        );
        for other in APIS {
            assert_eq!(other.find(root, Kind::Webhook, id).await, Outcome::NotFound);
        }
        assert_eq!(api.delete(root, Kind::Webhook, id).await, Outcome::NotFound);
    }
}

async fn secrets_are_shown_once(gateway: Gateway) {
    let gateway = with_managed_endpoints(gateway, &[]).await;
    let root = &gateway.root;
    let created = root.post("webhooks/", new_endpoint()).await;
    let location = created.header("location").expect("Location").to_owned();
    let body = created.expect(201);
    assert_eq!(keys(&body).last(), Some(&"secret"));
    let first = body["secret"].as_str().expect("a secret").to_owned();
    assert!(
        first.starts_with("whsec_") && first.len() == 50,
        "{}",
        first.len()
    );
    assert!(standardwebhooks::Webhook::new(&first).is_ok());
    let path = format!("webhooks/{}/", body["id"]);
    assert!(location.ends_with(&format!("/api/v1/{path}")), "{location}");

    let document = "mutation($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) {
        secret webhookEndpoint { id version } userErrors { field } } }";
    let input = json!({ "input": { "url": URL, "events": ["OUTFLOW_CREATED"] } });
    let created = root.gql(document, input).await.json();
    let payload = &created["data"]["createWebhookEndpoint"];
    let second = payload["secret"].as_str().expect("a secret").to_owned();
    assert_ne!(first, second);
    let id = &payload["webhookEndpoint"]["id"];

    let document = "mutation($input: RotateWebhookSecretInput!) { rotateWebhookSecret(input: $input) {
        secret webhookEndpoint { version previousSecretUntil } userErrors { field message code } } }";
    let rotate = async |input: Value| {
        let rotated = root.gql(document, json!({ "input": input })).await.json();
        rotated["data"]["rotateWebhookSecret"].clone()
    };
    let rotated = rotate(json!({ "id": id, "overlap": 90, "expectedVersion": 1 })).await;
    let third = rotated["secret"].as_str().expect("a secret").to_owned();
    assert_eq!(
        rotated["webhookEndpoint"],
        json!({ "version": 2, "previousSecretUntil": "2024-01-15T10:31:30Z" })
    );
    let outdated = rotate(json!({ "id": id, "expectedVersion": 1 })).await;
    assert_eq!(outdated["userErrors"][0]["code"], "CONFLICT");
    assert_eq!(
        (&outdated["secret"], &outdated["webhookEndpoint"]),
        (&Value::Null, &Value::Null)
    );
    let invalid = rotate(json!({ "id": id, "overlap": 604_801 })).await;
    assert_eq!(
        invalid["userErrors"],
        json!([{ "field": "overlap", "message": "Ensure this value is less than or equal to 604800.", "code": "OUT_OF_RANGE" }])
    );
    // The default overlap is a day; the body may be empty.
    let rotated = root
        .raw(Method::POST, &format!("{path}rotate-secret/"), "")
        .await
        .expect(200);
    assert_eq!(rotated["previous_secret_until"], "2024-01-16T10:30:00Z");
    let fourth = rotated["secret"].as_str().expect("a secret").to_owned();
    let without_overlap = root
        .post(&format!("{path}rotate-secret/"), json!({ "overlap": 0 }))
        .await;
    assert_eq!(without_overlap.expect(200)["previous_secret_until"], Value::Null);
    let fifth = without_overlap.json()["secret"]
        .as_str()
        .expect("a secret")
        .to_owned();
    root.post(&format!("{path}rotate-secret/"), json!({ "overlap": -1 }))
        .await
        .expect_json(
            422,
            &json!({ "overlap": ["Ensure this value is greater than or equal to 0."] }),
        );
    let stale = root
        .request(Method::POST, &format!("{path}rotate-secret/"))
        .header("if-match", "\"1\"");
    send(stale).await.expect_error(412, "PRECONDITION_FAILED");

    let all_responses = [
        root.get("webhooks/").await.text,
        root.get(&path).await.text,
        root.patch(&path, json!({ "description": "x" })).await.text,
        root.gql("{ webhookEndpoints { nodes { id url description } } }", json!({}))
            .await
            .text,
        format!("{:?}", ::entity::webhook_endpoint::Secret(fifth.clone())),
    ]
    .concat();
    for secret in [first, second, third, fourth, fifth] {
        assert!(!all_responses.contains(&secret[6..]));
    }
    assert!(!all_responses.contains("whsec_"));
}

async fn invalid_values_are_rejected_by_both_apis(gateway: Gateway) {
    let gateway = with_managed_endpoints(gateway, &[]).await;
    let root = &gateway.root;
    let long = format!("https://example.com/{}", "x".repeat(2_000));
    // 1,920 characters, 11,420 after percent-encoding.
    let encoded = format!("https://example.com/{}", "é".repeat(1_900));
    let (host, label) = ("a.".repeat(180) + "example", "a".repeat(64));
    let too_long = "Enter a valid URL: it must have a host name of at most 253 characters, 63 in each label.";
    let cases = [
        (json!({ "url": "" }), "url", "This field may not be blank."),
        (json!({ "url": "shop" }), "url", "Enter a valid URL."),
        (json!({ "url": "https://" }), "url", "Enter a valid URL."),
        (
            json!({ "url": "ftp://example.com/" }),
            "url",
            "Enter a valid URL: it must be an http or https address.",
        ),
        (
            json!({ "url": "https://a:b@example.com/" }),
            "url",
            "Enter a valid URL: it must not hold a user name or password.",
        ),
        (
            json!({ "url": long }),
            "url",
            "Ensure this field has no more than 2000 characters.",
        ),
        (
            json!({ "url": encoded }),
            "url",
            "Ensure this field has no more than 2000 characters once it is percent-encoded.",
        ),
        (json!({ "url": format!("https://{host}/") }), "url", too_long),
        (
            json!({ "url": format!("https://{label}.example/") }),
            "url",
            too_long,
        ),
        (json!({ "url": "https://a..example/" }), "url", too_long),
        (
            json!({ "url": "https://example.com/\0" }),
            "url",
            "Null characters are not allowed.",
        ),
        (json!({ "events": [] }), "events", "This list may not be empty."),
        (
            json!({ "events": ["outflow.created", "webhook.test"] }),
            "events",
            "Choose from: outflow.created, inflow.created, product.low_stock.",
        ),
        (
            json!({ "description": "x".repeat(501) }),
            "description",
            "Ensure this field has no more than 500 characters.",
        ),
    ];
    let id = ManagedEndpoint::make(&gateway, URL, &["outflow.created"])
        .await
        .id;
    for (invalid, field, message) in cases {
        let mut body = new_endpoint();
        body.as_object_mut()
            .unwrap()
            .extend(invalid.as_object().unwrap().clone());
        for api in APIS {
            api.create(root, Kind::Webhook, body.clone())
                .await
                .expect_invalid(&[(field, message)]);
            api.update(root, Kind::Webhook, id, None, invalid.clone())
                .await
                .expect_invalid(&[(field, message)]);
        }
    }
    root.post("webhooks/", json!({})).await.expect_json(
        422,
        &json!({ "url": ["This field is required."], "events": ["This field is required."] }),
    );
    let invalid = json!({ "url": null, "events": "outflow.created", "disabled": "yes", "description": [] });
    root.patch(&format!("webhooks/{id}/"), invalid).await.expect_json(
        422,
        &json!({
            "events": ["Expected a list of strings."], "description": ["Not a valid string."],
            "disabled": ["Must be a valid boolean."], "url": ["This field may not be null."],
        }),
    );
    let invalid = json!({ "events": ["x"], "disabled": null });
    root.patch(&format!("webhooks/{id}/"), invalid).await.expect_json(
        422,
        &json!({
            "events": ["Choose from: outflow.created, inflow.created, product.low_stock."],
            "disabled": ["This field may not be null."],
        }),
    );
    root.raw(Method::POST, "webhooks/", "[]")
        .await
        .expect_error(400, "PARSE_ERROR");
    assert_eq!(root.get("webhooks/").await.ids(), [id]);
}

async fn the_endpoint_of_the_settings_is_read_only(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = with_webhooks(gateway, &receiver, &[]).await;
    let root = &gateway.root;
    let listed = root.get("webhooks/").await;
    let id = listed.ids()[0];
    let configured = listed.expect(200)["results"][0].clone();
    assert_eq!(
        (
            &configured["managed"],
            &configured["url"],
            &configured["disabled"]
        ),
        (&json!(false), &json!(receiver.url()), &json!(false))
    );
    for api in APIS {
        let changes = json!({ "url": URL, "disabled": true });
        assert_eq!(
            api.update(root, Kind::Webhook, id, None, changes).await,
            Outcome::ReadOnly
        );
        assert_eq!(api.delete(root, Kind::Webhook, id).await, Outcome::ReadOnly);
    }
    root.post(&format!("webhooks/{id}/rotate-secret/"), json!({}))
        .await
        .expect_error(409, "READ_ONLY");
    assert_eq!(root.get(&format!("webhooks/{id}/")).await.expect(200), configured);
    // A restart with the same settings does not change the endpoint or its version.
    let tag = root
        .get(&format!("webhooks/{id}/"))
        .await
        .header("etag")
        .expect("a tag")
        .to_owned();
    let gateway = with_webhooks(gateway, &receiver, &[]).await;
    let response = gateway.root.get(&format!("webhooks/{id}/")).await;
    assert_eq!(response.header("etag"), Some(&*tag));
    assert!(!response.text.contains(&SECRET[6..]));
    // If the endpoint is removed from the settings, it is disabled; if it is added again, it is enabled.
    let gateway = with_managed_endpoints(gateway, &[]).await;
    let removed = gateway.root.get(&format!("webhooks/{id}/")).await.expect(200);
    assert_eq!(
        (&removed["disabled"], &removed["disabled_reason"]),
        (&json!(true), &json!("requested"))
    );
    let gateway = with_webhooks(gateway, &receiver, &[]).await;
    let restored = gateway.root.get(&format!("webhooks/{id}/")).await.expect(200);
    assert_eq!(
        (&restored["disabled"], &restored["disabled_reason"]),
        (&json!(false), &Value::Null)
    );
}
