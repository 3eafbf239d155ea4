//! `graphql-transport-ws`: the handshake, operations, and close codes.

use serde_json::{Value, json};
use stockroom::kind::Kind;
use tokio_tungstenite::tungstenite::Message;

use crate::support::gateway::Gateway;
use crate::support::websocket_client::Socket;

on_both_databases![
    the_token_is_in_the_first_message_or_in_a_header,
    operations_of_every_kind_are_executed,
    invalid_messages_close_the_connection,
    early_and_repeated_messages_close_the_connection,
    operation_ids_are_unique_while_in_use,
    a_client_can_complete_an_operation,
    operations_are_bounded,
    connections_from_other_origins_are_rejected,
];

/// The subscription of most tests.
pub const STREAM: &str = "subscription { stockChanged { change } }";

async fn the_token_is_in_the_first_message_or_in_a_header(gateway: Gateway) {
    let viewer_query = "{ viewer { user { username } } }";
    // The token may be in `connection_init`, in any capitalisation of `Authorization`, or in the header.
    for name in ["Authorization", "authorization"] {
        let mut socket = Socket::open(&gateway.viewer).await;
        let token = format!("Bearer {}", gateway.viewer.token.as_ref().unwrap());
        socket
            .send_json(&json!({ "type": "connection_init", "payload": { name: token } }))
            .await;
        assert_eq!(socket.message().await, json!({ "type": "connection_ack" }));
        socket.subscribe("1", viewer_query, json!({})).await;
        assert_eq!(
            socket.data("1").await,
            json!({ "viewer": { "user": { "username": "viewer" } } })
        );
    }
    let bearer = format!("Bearer {}", gateway.manager.token.as_ref().unwrap());
    let headers = [
        ("authorization", &*bearer),
        ("sec-websocket-protocol", "other, graphql-transport-ws"),
    ];
    let mut socket = Socket::connect(&gateway.anon, &headers).await.unwrap();
    socket.init(None).await;
    assert_eq!(socket.message().await["type"], "connection_ack");
    socket.subscribe("1", viewer_query, json!({})).await;
    assert_eq!(socket.data("1").await["viewer"]["user"]["username"], "manager");
    // A connection without a token is accepted, with the permissions of requests without a token.
    let mut socket = Socket::login(&gateway.anon).await;
    socket.subscribe("1", viewer_query, json!({})).await;
    assert_eq!(socket.data("1").await, json!({ "viewer": null }));
    assert_eq!(socket.message().await, json!({ "id": "1", "type": "complete" }));
    socket.subscribe("2", STREAM, json!({})).await;
    let refused = socket.message().await;
    assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("2")));
    assert_eq!(refused["payload"][0]["extensions"]["code"], "UNAUTHENTICATED");
    for bad in ["x", "a.b.c", ""] {
        let mut socket = Socket::open(&gateway.viewer).await;
        socket.init(Some(bad)).await;
        assert_eq!(
            socket.close_frame().await,
            (4403, "Forbidden".to_owned()),
            "{bad:?}"
        );
    }
}

async fn operations_of_every_kind_are_executed(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 10).await;
    let mut socket = Socket::login(&gateway.manager).await;
    socket
        .subscribe(
            "stream",
            "subscription { stockChanged { change product { title } } }",
            json!({}),
        )
        .await;
    socket
        .subscribe(
            "read",
            "query($id: ID!) { product(id: $id) { quantity } }",
            json!({ "id": product }),
        )
        .await;
    assert_eq!(
        socket.data("read").await,
        json!({ "product": { "quantity": 10 } })
    );
    assert_eq!(
        socket.message().await,
        json!({ "id": "read", "type": "complete" })
    );
    let document = format!(
        "mutation {{ createOutflow(input: {{ productId: {product}, quantity: 3 }}) {{ outflow {{ quantity }} }} }}"
    );
    socket.subscribe("write", &document, json!({})).await;
    // The messages of the subscription and the mutation may interleave.
    let mut received: Vec<(String, Value)> = Vec::new();
    for _ in 0..3 {
        let message = socket.message().await;
        received.push((
            message["id"].as_str().unwrap().to_owned(),
            message["payload"]["data"].clone(),
        ));
    }
    received.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(
        received[0],
        (
            "stream".to_owned(),
            json!({ "stockChanged": { "change": -3, "product": { "title": "Bolts" } } })
        )
    );
    assert!(
        received[1..].contains(&(
            "write".to_owned(),
            json!({ "createOutflow": { "outflow": { "quantity": 3 } } })
        )),
        "{received:?}"
    );
    assert!(
        received[1..].contains(&("write".to_owned(), Value::Null)),
        "the mutation was not completed: {received:?}"
    );
    // Request errors arrive as `error`, field errors within `next`.
    for (query, code) in [
        ("{", "BAD_USER_INPUT"),
        ("{ nothing }", "BAD_USER_INPUT"),
        ("query($a: Int!) { viewer { groups } }", "BAD_USER_INPUT"),
    ] {
        socket.subscribe("bad", query, json!({})).await;
        let message = socket.message().await;
        assert_eq!(
            (&message["type"], &message["id"]),
            (&json!("error"), &json!("bad")),
            "{message}"
        );
        assert_eq!(message["payload"][0]["extensions"]["code"], code, "{message}");
    }
    let forbidden = "{ webhookEndpoints { totalCount } }";
    socket.subscribe("field", forbidden, json!({})).await;
    let message = socket.message().await;
    assert_eq!(message["payload"]["data"], json!({ "webhookEndpoints": null }));
    assert_eq!(
        message["payload"]["errors"][0]["path"],
        json!(["webhookEndpoints"])
    );
    assert_eq!(socket.message().await["type"], "complete");
    socket
        .send_json(&json!({ "type": "ping", "payload": { "a": [1] } }))
        .await;
    assert_eq!(
        socket.message().await,
        json!({ "type": "pong", "payload": { "a": [1] } })
    );
    socket.send_json(&json!({ "type": "pong" })).await;
    socket.send_json(&json!({ "type": "ping" })).await;
    assert_eq!(socket.message().await, json!({ "type": "pong" }));
    gateway.assert_invariants().await;
}

async fn invalid_messages_close_the_connection(gateway: Gateway) {
    let invalid = (4400, "Invalid message received".to_owned());
    for text in [
        "",
        "x",
        "[]",
        "null",
        "{}",
        r#"{"type":"start"}"#,
        r#"{"type":"subscribe","id":"1"}"#,
        r#"{"type":"subscribe","id":"1","payload":{"query":1}}"#,
        r#"{"type":"complete"}"#,
        r#"{"type":"ping","payload":1}"#,
    ] {
        let mut socket = Socket::login(&gateway.viewer).await;
        socket.send(Message::text(text)).await;
        assert_eq!(socket.close_frame().await, invalid, "{text}");
    }
    let mut socket = Socket::login(&gateway.viewer).await;
    socket.send(Message::binary(br#"{"type":"ping"}"#.to_vec())).await;
    assert_eq!(socket.close_frame().await, invalid);
    let mut socket = Socket::login(&gateway.viewer).await;
    socket
        .send_json(&json!({ "type": "ping", "payload": { "a": "x".repeat(300_000) } }))
        .await;
    assert_eq!(socket.close_frame().await.0, 1009);
    // A connection without a subprotocol is closed with a code. One with another subprotocol fails in the handshake.
    let mut socket = Socket::connect(&gateway.viewer, &[]).await.unwrap();
    assert_eq!(
        socket.close_frame().await,
        (4406, "Subprotocol not acceptable".to_owned())
    );
    let other = [("sec-websocket-protocol", "graphql-ws")];
    assert!(Socket::connect(&gateway.viewer, &other).await.is_err());
}

async fn early_and_repeated_messages_close_the_connection(gateway: Gateway) {
    let mut socket = Socket::open(&gateway.viewer).await;
    socket.subscribe("1", STREAM, json!({})).await;
    assert_eq!(socket.close_frame().await, (4401, "Unauthorized".to_owned()));
    let mut socket = Socket::login(&gateway.viewer).await;
    socket.init(None).await;
    assert_eq!(
        socket.close_frame().await,
        (4429, "Too many initialisation requests".to_owned())
    );
    // `ping` and `complete` are allowed before `connection_init`.
    let mut socket = Socket::open(&gateway.viewer).await;
    socket.send_json(&json!({ "type": "ping" })).await;
    assert_eq!(socket.message().await, json!({ "type": "pong" }));
    socket
        .send_json(&json!({ "type": "complete", "id": "unknown" }))
        .await;
    socket.init(gateway.viewer.token.as_deref()).await;
    assert_eq!(socket.message().await["type"], "connection_ack");
}

async fn operation_ids_are_unique_while_in_use(gateway: Gateway) {
    let mut socket = Socket::login(&gateway.viewer).await;
    // The id of a completed operation can be used again.
    for _ in 0..2 {
        socket.subscribe("1", "{ __typename }", json!({})).await;
        assert_eq!(socket.data("1").await, json!({ "__typename": "Query" }));
        assert_eq!(socket.message().await["type"], "complete");
    }
    socket.subscribe("a", STREAM, json!({})).await;
    socket.subscribe("a", STREAM, json!({})).await;
    assert_eq!(
        socket.close_frame().await,
        (4409, "Subscriber for a already exists".to_owned())
    );
    let mut socket = Socket::login(&gateway.viewer).await;
    let long = "x".repeat(200);
    socket.subscribe(&long, STREAM, json!({})).await;
    socket.subscribe(&long, STREAM, json!({})).await;
    assert_eq!(
        socket.close_frame().await,
        (4409, "Subscriber already exists".to_owned())
    );
}

async fn a_client_can_complete_an_operation(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 10).await;
    let mut socket = Socket::login(&gateway.viewer).await;
    for id in ["a", "b"] {
        socket
            .subscribe(
                id,
                "subscription { stockChanged(after: 0) { change } }",
                json!({}),
            )
            .await;
        assert_eq!(socket.data(id).await["stockChanged"]["change"], 10);
    }
    socket.send_json(&json!({ "type": "complete", "id": "a" })).await;
    // Messages are handled in order, so this response shows that `complete` was handled.
    socket.send_json(&json!({ "type": "ping" })).await;
    assert_eq!(socket.message().await, json!({ "type": "pong" }));
    gateway
        .root
        .make(Kind::Outflow, json!({ "product": product, "quantity": 1 }))
        .await;
    assert_eq!(socket.data("b").await["stockChanged"]["change"], -1);
    // The id of the completed operation can be used again.
    socket.subscribe("a", "{ __typename }", json!({})).await;
    assert_eq!(socket.data("a").await, json!({ "__typename": "Query" }));
}

async fn operations_are_bounded(gateway: Gateway) {
    let mut socket = Socket::login(&gateway.viewer).await;
    for number in 0..50 {
        socket.subscribe(&number.to_string(), STREAM, json!({})).await;
    }
    socket.subscribe("more", STREAM, json!({})).await;
    let refused = socket.message().await;
    assert_eq!(
        (&refused["type"], &refused["id"]),
        (&json!("error"), &json!("more"))
    );
    assert_eq!(refused["payload"][0]["extensions"]["code"], "LIMIT_EXCEEDED");
    socket.send_json(&json!({ "type": "complete", "id": "7" })).await;
    socket.subscribe("more", "{ __typename }", json!({})).await;
    assert_eq!(socket.data("more").await, json!({ "__typename": "Query" }));
}

async fn connections_from_other_origins_are_rejected(gateway: Gateway) {
    let gateway = gateway
        .restart_with(&["--cors-allowed-origins", "https://shop.example"])
        .await;
    let own_origin = format!("http://{}", gateway.address);
    for (origin, is_allowed) in [
        (&*own_origin, true),
        ("https://shop.example", true),
        ("https://evil.example", false),
        ("https://shop.example.evil.example", false),
        ("null", false),
        ("http://localhost:1", false),
    ] {
        let headers = [
            ("origin", origin),
            ("sec-websocket-protocol", "graphql-transport-ws"),
        ];
        let connected = Socket::connect(&gateway.viewer, &headers).await;
        assert_eq!(
            connected.map(|_| ()).map_err(|refused| refused.0),
            if is_allowed { Ok(()) } else { Err(403) },
            "{origin}"
        );
    }
}
