//! Connections that the client closes, and those that the server closes: token expiry, deactivation, logout, no
//! `connection_init`, a client that does not read, shutdown.

use serde_json::json;
use stockroom::kind::Kind;
use stockroom::resolvers::account;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::graphql::socket::STREAM;
use crate::support::gateway::Gateway;
use crate::support::websocket_client::{ServerFrame, Socket};

on_both_databases![
    the_close_of_a_client_is_confirmed,
    an_expired_token_closes_the_connection,
    deactivation_closes_the_connection,
    logging_out_closes_the_connection,
    a_connection_without_init_is_closed,
    a_client_that_does_not_read_is_dropped,
    shutdown_closes_connections,
    shutdown_sends_no_complete_message,
];

/// RFC 6455, section 5.5.1. Without the confirmation, clients report an abnormal closure and reconnect.
async fn the_close_of_a_client_is_confirmed(gateway: Gateway) {
    // The close coincides with the first ping in some of them.
    for _ in 0..100 {
        let mut socket = Socket::open(&gateway.viewer).await;
        let frame = CloseFrame {
            code: CloseCode::Normal,
            reason: "Normal Closure".into(),
        };
        socket.send(Message::Close(Some(frame))).await;
        assert_eq!(socket.close_frame().await, (1000, "Normal Closure".to_owned()));
    }
}

async fn an_expired_token_closes_the_connection(gateway: Gateway) {
    let mut socket = Socket::login(&gateway.viewer).await;
    socket.subscribe("1", STREAM, json!({})).await;
    gateway.advance_clock(86_399);
    socket
        .subscribe("2", "{ viewer { user { id } } }", json!({}))
        .await;
    assert_eq!(socket.data("2").await["viewer"]["user"]["id"], "4");
    gateway.advance_clock(1);
    assert_eq!(socket.close_frame().await, (4403, "Forbidden".to_owned()));
}

async fn deactivation_closes_the_connection(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 10).await;
    let mut socket = Socket::login(&gateway.viewer).await;
    socket
        .subscribe(
            "1",
            "subscription { stockChanged(after: 0) { change } }",
            json!({}),
        )
        .await;
    assert_eq!(socket.data("1").await["stockChanged"]["change"], 10);
    account::set_active(&gateway.system(), "viewer".to_owned(), false)
        .await
        .expect("a user");
    gateway
        .root
        .make(Kind::Outflow, json!({ "product": product, "quantity": 1 }))
        .await;
    // No change after the deactivation is sent.
    assert_eq!(
        socket.next().await,
        ServerFrame::Closed(4403, "Forbidden".to_owned())
    );
    let mut socket = Socket::open(&gateway.viewer).await;
    socket.init(gateway.viewer.token.as_deref()).await;
    assert_eq!(socket.close_frame().await.0, 4403);
}

async fn logging_out_closes_the_connection(gateway: Gateway) {
    let input = json!({ "username": "viewer", "password": crate::support::test_database::PASSWORD });
    let tokens = gateway.anon.mutate("login", "access refresh", input).await;
    let actor = gateway.with_token(tokens["access"].as_str().unwrap());
    let mut socket = Socket::login(&actor).await;
    socket.subscribe("1", STREAM, json!({})).await;
    gateway
        .anon
        .mutate("logout", "", json!({ "refresh": tokens["refresh"] }))
        .await;
    assert_eq!(socket.close_frame().await.0, 4403);
}

async fn a_connection_without_init_is_closed(gateway: Gateway) {
    let mut socket = Socket::open(&gateway.viewer).await;
    assert_eq!(
        socket.close_frame().await,
        (4408, "Connection initialisation timeout".to_owned())
    );
}

async fn a_client_that_does_not_read_is_dropped(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 10).await;
    let description = json!({ "description": "x".repeat(400_000) });
    gateway
        .root
        .patch(&format!("products/{product}/"), description)
        .await
        .expect(200);
    let mut socket = Socket::login(&gateway.viewer).await;
    // About 60 MB, more than the socket buffers hold.
    let aliases: String = (0..3)
        .map(|alias| format!("a{alias}: product(id: {product}) {{ description }} "))
        .collect();
    for id in 0..50 {
        socket
            .subscribe(&id.to_string(), &format!("{{ {aliases} }}"), json!({}))
            .await;
    }
    assert!(
        socket.is_dropped().await,
        "the server did not close the connection"
    );
    let mut results = 0;
    while let Some(message) = socket.next_buffered().await {
        results += usize::from(message["type"] == "next");
    }
    assert!(results < 50, "{results}");
    // Other clients are served.
    assert_eq!(gateway.viewer.quantity(product).await, 10);
}

async fn shutdown_closes_connections(gateway: Gateway) {
    let mut socket = Socket::login(&gateway.viewer).await;
    socket.subscribe("1", STREAM, json!({})).await;
    socket.subscribe("2", "{ __typename }", json!({})).await;
    assert_eq!(socket.data("2").await, json!({ "__typename": "Query" }));
    let (_, closed) = tokio::join!(gateway.stop(), socket.close_frame());
    assert_eq!(closed, (1001, "Going away".to_owned()));
}

/// Clients do not resubscribe after `complete`, so a planned shutdown sends none.
async fn shutdown_sends_no_complete_message(gateway: Gateway) {
    let mut sockets = Vec::new();
    for _ in 0..24 {
        let mut socket = Socket::login(&gateway.viewer).await;
        for id in 0..10 {
            socket.subscribe(&id.to_string(), STREAM, json!({})).await;
        }
        // Operations start in order, so the subscriptions are active once this one has completed.
        socket.subscribe("last", "{ __typename }", json!({})).await;
        assert_eq!(socket.data("last").await, json!({ "__typename": "Query" }));
        assert_eq!(
            socket.message().await,
            json!({ "id": "last", "type": "complete" })
        );
        sockets.push(socket);
    }
    gateway.system().services.stop();
    for mut socket in sockets {
        assert_eq!(
            socket.next().await,
            ServerFrame::Closed(1001, "Going away".to_owned())
        );
    }
    let protocol = [("sec-websocket-protocol", "graphql-transport-ws")];
    let refused = Socket::connect(&gateway.viewer, &protocol).await.err();
    assert_eq!(refused.map(|(status, _)| status), Some(503));
}
