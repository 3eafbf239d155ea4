//! Webhooks: each committed change is delivered once, signed and in the documented shape. Rejected changes are not
//! delivered.

use ::entity::delivery::Outcome;
use serde_json::json;
use stockroom::app::App;
use stockroom::clock::Clock;
use stockroom::kind::Kind;
use stockroom::webhooks::retention;

use crate::support::gateway::{Gateway, config};
use crate::support::webhook_receiver::{
    Received, Receiver, SECRET, create_outflow, deliveries, events, flags, send_due, with_webhooks,
};

on_both_databases![
    events_are_delivered_once_in_the_documented_shape,
    the_official_library_accepts_signatures,
    rejected_changes_are_not_delivered,
    low_stock_is_delivered_on_crossing_the_threshold,
    inflows_are_delivered_when_configured,
    commits_wake_the_worker,
    disabled_webhooks_send_no_statements,
    old_events_are_deleted,
];

fn names(messages: &[Received]) -> Vec<String> {
    messages.iter().map(Received::name).collect()
}

async fn events_are_delivered_once_in_the_documented_shape(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = with_webhooks(gateway, &receiver, &[]).await;
    let product = gateway.root.product("Água", 100).await;
    gateway.advance_clock(60);
    let body = json!({ "product": product, "quantity": 7, "description": "Bulk sale" });
    let outflow = gateway.manager.make(Kind::Outflow, body).await;
    assert!(receiver.received().is_empty());

    gateway.advance_clock(1);
    assert_eq!(send_due(&gateway).await, 1);
    assert_eq!(send_due(&gateway).await, 0);
    let messages = receiver.received();
    assert_eq!(messages.len(), 1);
    let message = &messages[0];
    assert_eq!(message.path, "/hook?from=stockroom");
    assert_eq!(message.header("content-type"), "application/json");
    assert!(message.header("user-agent").starts_with("stockroom/"));
    assert!(
        message.id().starts_with("msg_") && message.id().len() > 20,
        "{}",
        message.id()
    );
    assert_eq!(
        message.header("webhook-timestamp"),
        gateway.services.clock.now().timestamp().to_string()
    );
    let ledger = stock_change_of(&gateway, outflow).await;
    assert_eq!(
        message.json(),
        json!({
            "type": "outflow.created",
            "timestamp": "2024-01-15T10:31:00Z",
            "data": {
                "ledger_id": ledger,
                "product": { "id": product, "title": "Água" },
                "balance": 93,
                "id": outflow, "quantity": 7, "description": "Bulk sale",
            },
        })
    );
    let delivery = &deliveries(&gateway).await[0];
    assert_eq!(
        (
            delivery.outcome,
            delivery.attempts,
            delivery.last_status,
            delivery.due_at
        ),
        (Some(Outcome::Delivered), 1, Some(204), None)
    );
    gateway.assert_invariants().await;
}

async fn stock_change_of(gateway: &Gateway, outflow: i64) -> i64 {
    use ::entity::stock_change;
    use sea_orm::EntityTrait as _;
    let entries = stock_change::Entity::find()
        .all(&gateway.services.db)
        .await
        .expect("rows");
    let entry = entries.iter().find(|entry| {
        entry.reason == stock_change::Reason::OutflowCreated && entry.movement_id == Some(outflow)
    });
    entry.expect("an entry").id
}

async fn the_official_library_accepts_signatures(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let url = receiver.url();
    // The library compares timestamps with the system clock.
    let gateway = gateway.restart_at(&flags(&url, &[]), Clock::system().now()).await;
    gateway
        .webhooks()
        .store_configured_endpoint()
        .await
        .expect("an endpoint");
    let product = gateway.root.product("Água 日本", 6).await;
    create_outflow(&gateway, product, 1).await;
    assert_eq!(send_due(&gateway).await, 2);
    let library = standardwebhooks::Webhook::new(SECRET).unwrap();
    let other = standardwebhooks::Webhook::new("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
    for message in receiver.received() {
        library
            .verify(&message.body, &message.headers)
            .expect("a signature");
        assert!(other.verify(&message.body, &message.headers).is_err());
        let mut changed = message.body.to_vec();
        changed.push(b' ');
        assert!(library.verify(&changed, &message.headers).is_err());
    }
}

async fn rejected_changes_are_not_delivered(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = with_webhooks(gateway, &receiver, &[]).await;
    let product = gateway.root.product("Bolts", 20).await;
    for body in [
        json!({ "product": product, "quantity": 21 }),
        json!({ "product": product, "quantity": 0 }),
        json!({ "product": product + 1, "quantity": 1 }),
    ] {
        gateway.manager.post("outflows/", body).await.expect(422);
    }
    let body = json!({ "product": product, "quantity": 1 });
    gateway.viewer.post("outflows/", body).await.expect(403);
    assert_eq!((events(&gateway).await, send_due(&gateway).await), (0, 0));

    // Of fifty concurrent outflows for a stock of twenty, exactly those that succeed are delivered.
    let requests = (0..50).map(|_| {
        let manager = gateway.manager.clone();
        let body = json!({ "product": product, "quantity": 1 });
        async move { manager.post("outflows/", body).await }
    });
    let responses = futures_util::future::join_all(requests).await;
    let mut created: Vec<i64> = responses
        .iter()
        .filter(|response| response.status == 201)
        .map(|response| response.json()["id"].as_i64().expect("an id"))
        .collect();
    assert_eq!(created.len(), 20);
    assert_eq!(send_due(&gateway).await, 21);
    let messages = receiver.received();
    let mut delivered: Vec<i64> = messages
        .iter()
        .filter(|message| message.name() == "outflow.created")
        .map(|message| message.json()["data"]["id"].as_i64().expect("an id"))
        .collect();
    created.sort_unstable();
    delivered.sort_unstable();
    assert_eq!(created, delivered);
    let mut ids: Vec<&str> = messages.iter().map(Received::id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 21);
}

async fn low_stock_is_delivered_on_crossing_the_threshold(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let settings = [
        "--webhook-events",
        "product.low_stock",
        "--low-stock-threshold",
        "5",
    ];
    let gateway = with_webhooks(gateway, &receiver, &settings).await;
    let root = &gateway.root;
    let product = root.product("Bolts", 10).await;
    let supplier = root.make(Kind::Supplier, json!({ "name": "A supplier" })).await;
    let path = format!("products/{product}/");
    let low_stock_count = async || {
        send_due(&gateway).await;
        receiver.received().len()
    };
    create_outflow(&gateway, product, 4).await;
    assert_eq!(low_stock_count().await, 0, "6 left");
    create_outflow(&gateway, product, 1).await;
    assert_eq!(low_stock_count().await, 1, "5 left");
    create_outflow(&gateway, product, 1).await;
    assert_eq!(low_stock_count().await, 1, "4 left, already low");
    let body = json!({ "product": product, "supplier": supplier, "quantity": 6 });
    let inflow = root.make(Kind::Inflow, body).await;
    assert_eq!(low_stock_count().await, 1, "10 left");
    root.delete(&format!("inflows/{inflow}/"))
        .await
        .expect_body(204, "");
    assert_eq!(low_stock_count().await, 2, "4 left after the inflow is deleted");
    root.patch(&path, json!({ "quantity": 3 })).await.expect(200);
    assert_eq!(low_stock_count().await, 2, "adjusted, already low");
    root.patch(&path, json!({ "quantity": 6 })).await.expect(200);
    assert_eq!(low_stock_count().await, 2, "adjusted, no longer low");
    root.patch(&path, json!({ "quantity": 0, "title": "Nuts" }))
        .await
        .expect(200);
    assert_eq!(low_stock_count().await, 3, "adjusted, none left");
    root.product("Few from the start", 1).await;
    assert_eq!(low_stock_count().await, 3, "a new product crosses no threshold");

    let messages = receiver.received();
    assert_eq!(names(&messages), ["product.low_stock"; 3]);
    let balances: Vec<_> = messages
        .iter()
        .map(|message| message.json()["data"]["balance"].clone())
        .collect();
    assert_eq!(balances, [5, 4, 0]);
    let data = messages[2].json()["data"].clone();
    assert_eq!(
        data,
        json!({
            "ledger_id": data["ledger_id"], "product": { "id": product, "title": "Nuts" },
            "balance": 0, "threshold": 5,
        })
    );
    gateway.assert_invariants().await;
}

async fn inflows_are_delivered_when_configured(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = with_webhooks(gateway, &receiver, &[]).await;
    let product = gateway.root.product("Bolts", 10).await;
    let supplier = gateway
        .root
        .make(Kind::Supplier, json!({ "name": "A supplier" }))
        .await;
    let body = json!({ "product": product, "supplier": supplier, "quantity": 6 });
    gateway.root.make(Kind::Inflow, body.clone()).await;
    assert_eq!((events(&gateway).await, send_due(&gateway).await), (0, 0));

    let gateway = with_webhooks(gateway, &receiver, &["--webhook-events", "inflow.created"]).await;
    let inflow = gateway.root.make(Kind::Inflow, body).await;
    create_outflow(&gateway, product, 20).await;
    assert_eq!((events(&gateway).await, send_due(&gateway).await), (1, 1));
    let message = receiver.received()[0].json();
    assert_eq!(message["type"], "inflow.created");
    assert_eq!(
        (
            &message["data"]["id"],
            &message["data"]["quantity"],
            &message["data"]["balance"]
        ),
        (&json!(inflow), &json!(6), &json!(22))
    );
}

async fn commits_wake_the_worker(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = with_webhooks(gateway, &receiver, &[]).await;
    gateway.webhooks().start().await.expect("a worker");
    let product = gateway.root.product("Bolts", 1000).await;
    for _ in 0..100 {
        create_outflow(&gateway, product, 1).await;
    }
    let mut ids: Vec<String> = receiver
        .wait_for(100)
        .await
        .iter()
        .map(|message| message.id().to_owned())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 100);
    // An attempt in progress is recorded before shutdown.
    gateway.services.stop();
    gateway.wait_for_background_tasks().await;
    assert!(
        deliveries(&gateway)
            .await
            .iter()
            .all(|delivery| delivery.outcome == Some(Outcome::Delivered))
    );
}

async fn disabled_webhooks_send_no_statements(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 1000).await;
    create_outflow(&gateway, product, 1).await;
    let (while_disabled, _) = gateway
        .count_statements(create_outflow(&gateway, product, 1))
        .await;
    assert_eq!(events(&gateway).await, 0);
    let is_sqlite = gateway.database_url().starts_with("sqlite");

    let receiver = Receiver::start().await;
    let gateway = with_webhooks(gateway, &receiver, &[]).await;
    create_outflow(&gateway, product, 1).await;
    let (while_enabled, _) = gateway
        .count_statements(create_outflow(&gateway, product, 1))
        .await;
    assert_eq!(events(&gateway).await, 2);
    // On PostgreSQL, events are part of the same statement; SQLite needs two more, without network latency.
    assert_eq!(
        while_enabled,
        if is_sqlite {
            while_disabled + 2
        } else {
            while_disabled
        }
    );
}

async fn old_events_are_deleted(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = with_webhooks(gateway, &receiver, &[]).await;
    let product = gateway.root.product("Bolts", 100).await;
    create_outflow(&gateway, product, 1).await;
    assert_eq!(send_due(&gateway).await, 1);
    create_outflow(&gateway, product, 1).await;
    gateway.advance_clock(31 * 24 * 3600);
    retention::clean(&gateway.services)
        .await
        .expect("the cleanup succeeds");
    let remaining = deliveries(&gateway).await;
    assert_eq!((events(&gateway).await, remaining.len()), (1, 1));
    assert!(remaining[0].due_at.is_some(), "pending deliveries are kept");
    // Any number of old events is deleted.
    let many = "INSERT INTO event (message_id, name, stock_change_id, product_title, created_at)
        WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 1700)
        SELECT 'msg_' || n, 'outflow.created', 1, 'Bolts', event.created_at FROM number, event";
    gateway.sql(many).await.expect("rows");
    assert_eq!(events(&gateway).await, 1_701);
    retention::clean(&gateway.services)
        .await
        .expect("the cleanup succeeds");
    assert_eq!(events(&gateway).await, 1);
    assert_eq!(send_due(&gateway).await, 1);
    gateway.assert_invariants().await;
}

/// With invalid settings, the program does not start; the message does not contain the secret.
#[tokio::test]
async fn invalid_settings_are_rejected_at_startup() {
    let directory = tempfile::tempdir().expect("a directory");
    let url = format!("sqlite://{}", directory.path().join("test.db").display());
    let enabled = ["--webhook-enabled", "true"];
    let target = ["--webhook-url", "https://example.com/"];
    let secret = ["--webhook-secret", SECRET];
    let cases = [
        (vec![enabled, target], "WEBHOOK_SECRET is not"),
        (
            vec![enabled, secret, ["--webhook-url", "http://127.1/"]],
            "WEBHOOK_ALLOW_PRIVATE",
        ),
        (
            vec![enabled, secret, ["--webhook-url", "http://localhost:9/"]],
            "WEBHOOK_ALLOW_PRIVATE",
        ),
        (
            vec![enabled, secret, ["--webhook-url", "ftp://example.com/"]],
            "http or https",
        ),
        (
            vec![enabled, secret, ["--webhook-url", "https://a:b@example.com/"]],
            "user name",
        ),
    ];
    for (flags, expected) in cases {
        let settings = config(&url, &flags.concat());
        let debug_text = format!("{settings:?}");
        let error = App::open(settings, Clock::system())
            .await
            .err()
            .expect("an error");
        let error = format!("{error:?}");
        assert!(error.contains(expected), "{error}");
        assert!(
            !error.contains(&SECRET[6..]) && !debug_text.contains(&SECRET[6..]),
            "{debug_text}"
        );
    }
}
