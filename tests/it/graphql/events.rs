//! Subscriptions: every change once and in order, across reconnections and gateways; and server-sent events.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stockroom::kind::Kind;
use stockroom::resolvers::account;

use crate::support::actors::Actor;
use crate::support::event_stream::EventStream;
use crate::support::gateway::Gateway;
use crate::support::websocket_client::Socket;

on_both_databases![
    stock_changes_match_the_ledger,
    a_subscription_is_filtered_by_product,
    low_stock_is_published_on_crossing_the_threshold,
    no_change_is_lost_between_connections,
    no_change_is_lost_between_gateways,
    invalid_positions_are_rejected,
    subscriptions_are_served_as_server_sent_events,
    queries_and_mutations_are_served_as_server_sent_events,
    a_stream_ends_when_its_token_expires_or_is_revoked,
];

const CHANGES: &str = "subscription($after: ID) { stockChanged(after: $after) { id change } }";

async fn stock_changes_match_the_ledger(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 10).await;
    let supplier = gateway.root.make(Kind::Supplier, json!({ "name": "S" })).await;
    let mut socket = Socket::login(&gateway.viewer).await;
    let selected = "reason change balance productId product { quantity } actor { username } movement { __typename quantity }";
    socket
        .subscribe(
            "1",
            &format!("subscription {{ stockChanged(after: 1) {{ {selected} }} }}"),
            json!({}),
        )
        .await;
    let inflow = json!({ "product": product, "supplier": supplier, "quantity": 5 });
    gateway.manager.make(Kind::Inflow, inflow).await;
    let event = |reason: &str, change: i64, balance: i64, actor: &str, movement: Value| {
        json!({ "stockChanged": { "reason": reason, "change": change, "balance": balance, "productId": product.to_string(),
                "product": { "quantity": balance }, "actor": { "username": actor }, "movement": movement } })
    };
    let inflow_movement = json!({ "__typename": "Inflow", "quantity": 5 });
    assert_eq!(
        socket.data("1").await,
        event("INFLOW_CREATED", 5, 15, "manager", inflow_movement)
    );
    gateway
        .root
        .patch(&format!("products/{product}/"), json!({ "quantity": 3 }))
        .await
        .expect(200);
    assert_eq!(
        socket.data("1").await,
        event("ADJUSTMENT", -12, 3, "admin", Value::Null)
    );
    // Changes of other kinds and rejected changes publish no event.
    gateway
        .root
        .patch(&format!("products/{product}/"), json!({ "title": "Nuts" }))
        .await
        .expect(200);
    gateway
        .root
        .post("outflows/", json!({ "product": product, "quantity": 4 }))
        .await
        .expect(422);
    gateway
        .root
        .make(Kind::Outflow, json!({ "product": product, "quantity": 3 }))
        .await;
    let outflow_movement = json!({ "__typename": "Outflow", "quantity": 3 });
    assert_eq!(
        socket.data("1").await,
        event("OUTFLOW_CREATED", -3, 0, "admin", outflow_movement)
    );
}

async fn a_subscription_is_filtered_by_product(gateway: Gateway) {
    let (one, two) = (
        gateway.root.product("One", 10).await,
        gateway.root.product("Two", 20).await,
    );
    let document = "subscription($ids: [ID!]) { stockChanged(after: 0, productIds: $ids) { change } }";
    let mut socket = Socket::login(&gateway.viewer).await;
    for (id, ids) in [
        ("two", json!([two, "abc", "9223372036854775808"])),
        ("none", json!([])),
        ("invalid", json!(["abc"])),
        ("all", Value::Null),
    ] {
        socket.subscribe(id, document, json!({ "ids": ids })).await;
    }
    gateway
        .root
        .make(Kind::Outflow, json!({ "product": one, "quantity": 1 }))
        .await;
    gateway
        .root
        .make(Kind::Outflow, json!({ "product": two, "quantity": 2 }))
        .await;
    let mut received: Vec<(String, i64)> = Vec::new();
    for _ in 0..6 {
        let message = socket.message().await;
        let change = message["payload"]["data"]["stockChanged"]["change"].as_i64();
        received.push((
            message["id"].as_str().unwrap().to_owned(),
            change.unwrap_or_else(|| panic!("{message}")),
        ));
    }
    let changes_of = |id: &str| {
        received
            .iter()
            .filter(|(received, _)| received == id)
            .map(|(_, change)| *change)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (changes_of("all"), changes_of("two")),
        (vec![10, 20, -1, -2], vec![20, -2])
    );
    socket
        .subscribe("many", document, json!({ "ids": vec!["1"; 101] }))
        .await;
    let refused = socket.message().await;
    assert_eq!(refused["id"], "many");
    assert!(refused.to_string().contains("At most 100 ids."), "{refused}");
}

async fn low_stock_is_published_on_crossing_the_threshold(gateway: Gateway) {
    let (one, two) = (
        gateway.root.product("One", 7).await,
        gateway.root.product("Two", 3).await,
    );
    let other = gateway.root.product("Other", 6).await;
    let mut socket = Socket::login(&gateway.viewer).await;
    socket
        .subscribe(
            "1",
            "subscription { productLowStock { title quantity isLowStock } }",
            json!({}),
        )
        .await;
    // Repeats crossings of another product until one arrives, which shows that the stream has started.
    let crossings = async {
        loop {
            for quantity in [5, 6] {
                let path = format!("products/{other}/");
                gateway
                    .root
                    .patch(&path, json!({ "quantity": quantity }))
                    .await
                    .expect(200);
            }
        }
    };
    tokio::select! {
        () = crossings => {}
        received = socket.data("1") => assert_eq!(received["productLowStock"]["title"], "Other"),
    }
    let mut next_event_of_one = async || {
        loop {
            let received = socket.data("1").await["productLowStock"].clone();
            if received["title"] != "Other" {
                return received;
            }
        }
    };
    let sell = async |product: i64, quantity: i64| {
        gateway
            .root
            .make(Kind::Outflow, json!({ "product": product, "quantity": quantity }))
            .await
    };
    // The first product falls to 6, 5 and 4, is restocked, and crosses the threshold again. The second was already low.
    sell(one, 1).await;
    sell(two, 1).await;
    sell(one, 1).await;
    let low = |quantity: i64| json!({ "title": "One", "quantity": quantity, "isLowStock": true });
    assert_eq!(next_event_of_one().await, low(5));
    sell(one, 1).await;
    gateway
        .root
        .patch(&format!("products/{one}/"), json!({ "quantity": 6 }))
        .await
        .expect(200);
    sell(one, 6).await;
    assert_eq!(next_event_of_one().await, low(0));
}

/// The ids of all ledger entries, oldest first, read by `stockLedger`.
async fn ledger(actor: &Actor) -> Vec<i64> {
    let (mut ids, mut after) = (Vec::new(), String::new());
    loop {
        let document = format!(
            "{{ stockLedger(first: 100{after}) {{ nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }} }}"
        );
        let data = actor.data(&document, json!({})).await["stockLedger"].clone();
        ids.extend(crate::support::graphql_request::ids(&data));
        if data["pageInfo"]["hasNextPage"] == false {
            ids.reverse();
            return ids;
        }
        after = format!(", after: {}", data["pageInfo"]["endCursor"]);
    }
}

/// Receives `count` ledger entries by subscriptions of these clients in turn, reconnecting after every seven entries.
async fn read_in_turns(actors: &[&Actor], count: usize) -> Vec<i64> {
    let mut ids: Vec<i64> = Vec::new();
    for turn in 0.. {
        let actor = actors[turn % actors.len()];
        let mut socket = Socket::login(actor).await;
        let after = ids.last().copied().unwrap_or_default();
        socket
            .subscribe("1", CHANGES, json!({ "after": after.to_string() }))
            .await;
        for _ in 0..7 {
            if ids.len() == count {
                return ids;
            }
            ids.push(crate::support::graphql_request::id(
                &socket.data("1").await["stockChanged"],
            ));
        }
    }
    ids
}

/// Creates outflows by six concurrent tasks, `count` by each.
async fn sell_concurrently(actors: &[&Actor], products: &[i64], count: usize) {
    let mut tasks = tokio::task::JoinSet::new();
    for (index, actor) in actors.iter().cycle().take(6).enumerate() {
        let (actor, product) = ((*actor).clone(), products[index % products.len()]);
        tasks.spawn(async move {
            for _ in 0..count {
                actor
                    .make(Kind::Outflow, json!({ "product": product, "quantity": 1 }))
                    .await;
            }
        });
    }
    while let Some(result) = tasks.join_next().await {
        result.expect("an outflow");
    }
}

async fn no_change_is_lost_between_connections(gateway: Gateway) {
    let products = [
        gateway.root.product("One", 100).await,
        gateway.root.product("Two", 100).await,
    ];
    let actors = [&gateway.root];
    let count = 2 + 6 * 15;
    let readers = [&gateway.viewer];
    let (ids, ()) = tokio::join!(
        read_in_turns(&readers, count),
        sell_concurrently(&actors, &products, 15)
    );
    assert_eq!(ids, ledger(&gateway.viewer).await);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), count);
}

async fn no_change_is_lost_between_gateways(gateway: Gateway) {
    // A SQLite file is used by a single gateway.
    if gateway.database_url().starts_with("sqlite") {
        return;
    }
    let other = gateway.another(&[]).await;
    let products = [
        gateway.root.product("One", 100).await,
        gateway.root.product("Two", 100).await,
    ];
    let count = 2 + 6 * 15;
    let (readers, sellers) = ([&gateway.viewer, &other.viewer], [&gateway.root, &other.root]);
    let (in_turns, (), first, second) = tokio::join!(
        read_in_turns(&readers, count),
        sell_concurrently(&sellers, &products, 15),
        read_all(&gateway.viewer, count),
        read_all(&other.viewer, count),
    );
    let all = ledger(&other.viewer).await;
    assert_eq!((&in_turns, &first, &second), (&all, &all, &all));
    other.stop().await;
    gateway.assert_invariants().await;
}

/// Reads `count` ledger entries as one stream of server-sent events.
async fn read_all(actor: &Actor, count: usize) -> Vec<i64> {
    let mut events = EventStream::open(actor, CHANGES, json!({ "after": "0" })).await;
    let mut ids = Vec::new();
    while ids.len() < count {
        ids.push(crate::support::graphql_request::id(
            &events.data().await["stockChanged"],
        ));
    }
    ids
}

async fn invalid_positions_are_rejected(gateway: Gateway) {
    let mut socket = Socket::login(&gateway.viewer).await;
    for after in ["abc", "-1", "+1", "1.0", "9223372036854775808", ""] {
        socket.subscribe("1", CHANGES, json!({ "after": after })).await;
        let message = socket.message().await;
        assert!(
            message
                .to_string()
                .contains("It is not the id of a ledger entry."),
            "{after}: {message}"
        );
        assert!(
            message.to_string().contains("BAD_USER_INPUT"),
            "{after}: {message}"
        );
        assert_eq!(message["type"], "error", "{after}: {message}");
    }
    // With a position that does not exist yet, the subscription waits for the entries after it.
    socket.subscribe("2", CHANGES, json!({ "after": "1" })).await;
    gateway.root.product("One", 10).await;
    gateway.root.product("Two", 20).await;
    assert_eq!(
        socket.data("2").await["stockChanged"],
        json!({ "id": "2", "change": 20 })
    );
}

async fn subscriptions_are_served_as_server_sent_events(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 10).await;
    let mut events = EventStream::open(&gateway.viewer, CHANGES, json!({ "after": "0" })).await;
    assert_eq!(
        events.data().await["stockChanged"],
        json!({ "id": "1", "change": 10 })
    );
    gateway
        .root
        .make(Kind::Outflow, json!({ "product": product, "quantity": 4 }))
        .await;
    assert_eq!(
        events.data().await["stockChanged"],
        json!({ "id": "2", "change": -4 })
    );
    // A plain request cannot subscribe.
    let body = gateway.viewer.gql(CHANGES, json!({})).await.json();
    assert_eq!(
        body["errors"][0]["extensions"]["code"], "BAD_USER_INPUT",
        "{body}"
    );
    // The stream ends when the program stops, without a `complete` event.
    let (_, end) = tokio::join!(gateway.stop(), events.next());
    assert_eq!(end, None);
}

async fn queries_and_mutations_are_served_as_server_sent_events(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 10).await;
    for (query, payload) in [
        (
            "{ __typename }".to_owned(),
            json!({ "data": { "__typename": "Query" } }),
        ),
        (
            format!(
                "mutation {{ updateProduct(input: {{ id: {product}, quantity: 5 }}) {{ product {{ quantity }} }} }}"
            ),
            json!({ "data": { "updateProduct": { "product": { "quantity": 5 } } } }),
        ),
    ] {
        let mut events = EventStream::open(&gateway.manager, &query, json!({})).await;
        assert_eq!(events.next().await, Some(("next".to_owned(), payload)));
        assert_eq!(events.next().await, Some(("complete".to_owned(), Value::Null)));
        assert_eq!(events.next().await, None);
    }
    for (query, code) in [
        ("{ nothing }", "BAD_USER_INPUT"),
        ("subscription { stockChanged { id } }", "UNAUTHENTICATED"),
    ] {
        let mut events = EventStream::open(&gateway.anon, query, json!({})).await;
        let (kind, payload) = events.next().await.expect("an event");
        let sent = &payload["errors"][0]["extensions"]["code"];
        assert_eq!((&*kind, sent), ("next", &json!(code)));
        assert_eq!(events.next().await.expect("an end").0, "complete");
    }
}

async fn a_stream_ends_when_its_token_expires_or_is_revoked(gateway: Gateway) {
    gateway.root.product("Bolts", 10).await;
    let mut expiring = EventStream::open(&gateway.viewer, CHANGES, json!({ "after": "0" })).await;
    let mut deactivated = EventStream::open(&gateway.manager, CHANGES, json!({ "after": "0" })).await;
    for stream in [&mut expiring, &mut deactivated] {
        assert_eq!(stream.data().await["stockChanged"]["change"], 10);
    }
    account::set_active(&gateway.system(), "manager".to_owned(), false)
        .await
        .expect("a user");
    assert_eq!(deactivated.next().await, None);
    gateway.advance_clock(86_400);
    assert_eq!(expiring.next().await, None);
}
