//! The header `Idempotency-Key`: its syntax, and the requests that it applies to.

use reqwest::Method;
use reqwest::header::HeaderValue;
use serde_json::json;

use super::request::{Request, assert_replay, is_replayed, key_count};
use crate::support::actors::send;
use crate::support::gateway::Gateway;
use crate::support::test_database::PASSWORD;

on_both_databases![
    invalid_keys_are_rejected,
    mutations_with_several_fields_are_rejected,
    keys_are_ignored_for_queries_and_logins,
    a_replay_keeps_the_media_type,
];

async fn invalid_keys_are_rejected(gateway: Gateway) {
    let requests = [
        Request::rest("brands/", json!({ "name": "Samsung" })),
        Request::graphql(
            "mutation { createBrand(input: {name: \"LG\"}) { brand { id } userErrors { code } } }",
        ),
    ];
    let long = "k".repeat(255);
    for request in &requests {
        let too_long = format!("{long}k");
        for bad in [&b""[..], b"a b", "\u{fc}".as_bytes(), too_long.as_bytes()] {
            let sent = gateway
                .root
                .request(Method::POST, &request.path)
                .json(&request.body);
            let response = send(sent.header("idempotency-key", HeaderValue::from_bytes(bad).unwrap())).await;
            if request.path == "/graphql" {
                request.assert_refused(&response, 400, "BAD_USER_INPUT");
                let message = response.json()["errors"][0]["message"]
                    .as_str()
                    .unwrap()
                    .to_owned();
                assert!(message.starts_with("Idempotency-Key: "), "{message}");
            } else {
                let details = response.expect_error(400, "INVALID_PARAMETER");
                let message = "A key has 1 to 255 visible ASCII characters.";
                assert_eq!(details, json!({ "Idempotency-Key": message }));
            }
        }
        let with_two_keys = gateway
            .root
            .request(Method::POST, &request.path)
            .json(&request.body);
        let with_two_keys = with_two_keys
            .header("idempotency-key", "a")
            .header("idempotency-key", "a");
        send(with_two_keys).await.expect(400);
    }
    assert_eq!(gateway.root.get("brands/").await.expect(200)["count"], 0);
    for (request, key) in requests.iter().zip([&long, "!\"~"]) {
        let first = request.send(&gateway.root, key).await;
        assert!(request.is_success(&first), "{first:?}");
        assert_replay(&request.send(&gateway.root, key).await, &first);
    }
    // Login and permission are checked before the key.
    requests[0].send(&gateway.anon, "a b").await.expect(401);
    requests[0].send(&gateway.viewer, "a b").await.expect(403);
}

async fn mutations_with_several_fields_are_rejected(gateway: Gateway) {
    let brand = "createBrand(input: {name: \"LG\"}) { brand { id } }";
    let two = Request::graphql(&format!("mutation {{ one: {brand} two: {brand} }}"));
    two.assert_refused(&two.send(&gateway.root, "key").await, 400, "BAD_USER_INPUT");
    let mixed = Request::graphql(&format!(
        "mutation {{ {brand} logout(input: {{refresh: \"x\"}}) {{ userErrors {{ code }} }} }}"
    ));
    mixed.assert_refused(&mixed.send(&gateway.root, "key").await, 400, "BAD_USER_INPUT");
    assert_eq!(gateway.root.get("brands/").await.expect(200)["count"], 0);
    let with_typename = Request::graphql(&format!("mutation {{ __typename {brand} }}"));
    let first = with_typename.send(&gateway.root, "key").await;
    first.expect(200);
    assert_replay(&with_typename.send(&gateway.root, "key").await, &first);
    assert_eq!(gateway.root.get("brands/").await.expect(200)["count"], 1);
}

async fn keys_are_ignored_for_queries_and_logins(gateway: Gateway) {
    let login = format!("{{username: \"admin\", password: \"{PASSWORD}\"}}");
    let requests = [
        Request::graphql("{ brands { totalCount } }"),
        Request::graphql(&format!(
            "mutation {{ login(input: {login}) {{ access userErrors {{ code }} }} }}"
        )),
        Request::rest(
            "authentication/token/",
            json!({ "username": "admin", "password": PASSWORD }),
        ),
    ];
    for request in requests {
        for actor in [&gateway.root, &gateway.anon] {
            if actor.token.is_none() && request.body.to_string().contains("brands") {
                continue;
            }
            for _ in 0..2 {
                let response = request.send(actor, "key").await;
                response.expect(200);
                assert!(!is_replayed(&response));
            }
        }
    }
    assert_eq!(key_count(&gateway).await, 0);
}

async fn a_replay_keeps_the_media_type(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 10).await;
    let [_, request] = Request::outflows(product, 1);
    let send_accepting = async |accept: &str, key: &str| {
        let sent = gateway
            .root
            .request(Method::POST, "/graphql")
            .header("accept", accept);
        send(sent.header("idempotency-key", key).json(&request.body)).await
    };
    let media_type = "application/graphql-response+json";
    let first = send_accepting(media_type, "key").await;
    assert_eq!(
        first.header("content-type"),
        Some("application/graphql-response+json; charset=utf-8")
    );
    // The stored response has the media type of the first one.
    assert_replay(&send_accepting("application/json", "key").await, &first);
    send_accepting("text/event-stream", "other").await.expect(406);
    assert_eq!(gateway.root.quantity(product).await, 9);
}
