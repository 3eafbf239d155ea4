//! Deliveries to managed webhook endpoints: their subscriptions, their own secrets, and replayed deliveries.

use reqwest::Method;
use serde_json::{Value, json};
use stockroom::clock::Clock;
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;
use crate::support::response::NOT_FOUND;
use crate::support::webhook_receiver::{
    MANAGED, ManagedEndpoint, Reaction, Received, Receiver, create_outflow, deliveries, events, send_due,
    with_managed_endpoints, with_webhooks,
};

on_both_databases![
    each_endpoint_gets_the_events_of_its_subscription,
    rotated_secrets_overlap,
    a_test_event_is_sent_to_one_endpoint,
    a_failed_delivery_is_replayed,
    all_failed_deliveries_are_replayed,
    stored_attempts_are_bounded,
    nothing_is_stored_without_subscribers,
];

fn is_signed_with(secret: &str, message: &Received) -> bool {
    let library = standardwebhooks::Webhook::new(secret).expect("a secret");
    library.verify(&message.body, &message.headers).is_ok()
}

async fn each_endpoint_gets_the_events_of_its_subscription(gateway: Gateway) {
    let configured = Receiver::start().await;
    let gateway = with_webhooks(gateway, &configured, &["--webhook-events", "inflow.created"]).await;
    let (sales, low, all) = (
        Receiver::start().await,
        Receiver::start().await,
        Receiver::start().await,
    );
    ManagedEndpoint::make(&gateway, &sales.url(), &["outflow.created"]).await;
    ManagedEndpoint::make(&gateway, &low.url(), &["product.low_stock"]).await;
    ManagedEndpoint::make(
        &gateway,
        &all.url(),
        &["outflow.created", "inflow.created", "product.low_stock"],
    )
    .await;
    let product = gateway.root.product("Bolts", 10).await;
    let supplier = gateway
        .root
        .make(Kind::Supplier, json!({ "name": "A supplier" }))
        .await;
    create_outflow(&gateway, product, 6).await;
    let inflow = json!({ "product": product, "supplier": supplier, "quantity": 6 });
    gateway.root.make(Kind::Inflow, inflow).await;
    assert_eq!((events(&gateway).await, send_due(&gateway).await), (3, 6));
    let names = |receiver: &Receiver| {
        let mut names: Vec<String> = receiver.received().iter().map(Received::name).collect();
        names.sort();
        names
    };
    assert_eq!(names(&configured), ["inflow.created"]);
    assert_eq!(names(&sales), ["outflow.created"]);
    assert_eq!(names(&low), ["product.low_stock"]);
    assert_eq!(
        names(&all),
        ["inflow.created", "outflow.created", "product.low_stock"]
    );
    // An event has the same id for every endpoint.
    let message = all
        .received()
        .into_iter()
        .find(|message| message.name() == "outflow.created");
    assert_eq!(message.expect("a message").id(), sales.received()[0].id());
}

async fn rotated_secrets_overlap(gateway: Gateway) {
    let receiver = Receiver::start().await;
    // The official library compares timestamps with the system clock.
    let gateway = gateway.restart_at(&MANAGED, Clock::system().now()).await;
    let endpoint = ManagedEndpoint::make(&gateway, &receiver.url(), &["outflow.created"]).await;
    let other = ManagedEndpoint::make(&gateway, &receiver.url(), &["inflow.created"]).await;
    let product = gateway.root.product("Água 日本", 100).await;
    let next_message = async || {
        create_outflow(&gateway, product, 1).await;
        assert_eq!(send_due(&gateway).await, 1);
        receiver.received().pop().expect("a message")
    };
    let rotate = async |overlap: i64| {
        let body = json!({ "overlap": overlap });
        let rotated = gateway
            .root
            .post(&endpoint.path("rotate-secret/"), body)
            .await
            .expect(200);
        rotated["secret"].as_str().expect("a secret").to_owned()
    };
    let first = endpoint.secret.clone();
    let message = next_message().await;
    assert!(is_signed_with(&first, &message) && !is_signed_with(&other.secret, &message));
    assert_eq!(message.header("webhook-signature").split(' ').count(), 1);

    let second = rotate(120).await;
    let message = next_message().await;
    assert_eq!(message.header("webhook-signature").split(' ').count(), 2);
    assert!(is_signed_with(&first, &message) && is_signed_with(&second, &message));
    gateway.advance_clock(119);
    let message = next_message().await;
    assert!(is_signed_with(&first, &message) && is_signed_with(&second, &message));
    gateway.advance_clock(1);
    let message = next_message().await;
    assert!(!is_signed_with(&first, &message) && is_signed_with(&second, &message));
    assert_eq!(
        endpoint.read(&gateway).await["previous_secret_until"],
        Value::Null
    );

    // A second rotation within the overlap invalidates the oldest secret; one without overlap invalidates all old ones.
    let (third, fourth) = (rotate(60).await, rotate(60).await);
    let message = next_message().await;
    assert!(
        is_signed_with(&third, &message)
            && is_signed_with(&fourth, &message)
            && !is_signed_with(&second, &message)
    );
    let fifth = rotate(0).await;
    let message = next_message().await;
    assert!(is_signed_with(&fifth, &message) && !is_signed_with(&fourth, &message));
}

async fn a_test_event_is_sent_to_one_endpoint(gateway: Gateway) {
    let (receiver, other_receiver) = (Receiver::start().await, Receiver::start().await);
    let gateway = with_managed_endpoints(gateway, &[]).await;
    let root = &gateway.root;
    let endpoint = ManagedEndpoint::make(&gateway, &receiver.url(), &["product.low_stock"]).await;
    endpoint
        .patch(&gateway, json!({ "description": "The shop" }))
        .await;
    ManagedEndpoint::make(&gateway, &other_receiver.url(), &["outflow.created"]).await;
    // The body may be empty or absent.
    let test_delivery = root
        .raw(Method::POST, &endpoint.path("test/"), "")
        .await
        .expect(202);
    assert_eq!(
        (
            &test_delivery["event"],
            &test_delivery["outcome"],
            &test_delivery["attempts"],
            &test_delivery["next_attempt_at"]
        ),
        (
            &json!("webhook.test"),
            &json!("pending"),
            &json!([]),
            &json!("2024-01-15T10:30:00Z")
        )
    );
    let document = "mutation($id: ID!) { sendTestWebhook(input: {endpointId: $id}) {
        webhookDelivery { id event outcome endpoint { id } } userErrors { code } } }";
    let body = root.gql(document, json!({ "id": endpoint.id })).await.json();
    let delivery = &body["data"]["sendTestWebhook"]["webhookDelivery"];
    assert_eq!(
        (
            &delivery["event"],
            &delivery["outcome"],
            &delivery["endpoint"]["id"]
        ),
        (
            &json!("WEBHOOK_TEST"),
            &json!("PENDING"),
            &json!(endpoint.id.to_string())
        )
    );
    assert_eq!(send_due(&gateway).await, 2);
    assert!(other_receiver.received().is_empty());
    let messages = receiver.received();
    assert_eq!(
        messages[0].json(),
        json!({
            "type": "webhook.test", "timestamp": "2024-01-15T10:30:00Z",
            "data": { "endpoint": { "id": endpoint.id, "description": "The shop" } },
        })
    );
    assert_ne!(messages[0].id(), messages[1].id());
    let path = endpoint.path(&format!("deliveries/{}/", test_delivery["id"]));
    assert_eq!(root.get(&path).await.expect(200)["outcome"], "delivered");
    endpoint.patch(&gateway, json!({ "disabled": true })).await;
    root.post(&endpoint.path("test/"), json!({}))
        .await
        .expect_error(409, "ENDPOINT_DISABLED");
    root.post("webhooks/999999/test/", json!({}))
        .await
        .expect_body(404, NOT_FOUND);
    gateway.assert_invariants().await;
}

async fn a_failed_delivery_is_replayed(gateway: Gateway) {
    let receiver = Receiver::start().await;
    receiver.set_reaction(Reaction::Status(500));
    let gateway = with_managed_endpoints(gateway, &["--webhook-retry-schedule", "10"]).await;
    let root = &gateway.root;
    let endpoint = ManagedEndpoint::make(&gateway, &receiver.url(), &["outflow.created"]).await;
    let product = root.product("Bolts", 100).await;
    create_outflow(&gateway, product, 1).await;
    assert_eq!(send_due(&gateway).await, 1);
    let pending = endpoint.deliveries(&gateway).await[0].clone();
    let replay = endpoint.path(&format!("deliveries/{}/replay/", pending["id"]));
    assert_eq!(pending["outcome"], "pending");
    // A pending delivery is attempted at once, which counts as one of its attempts.
    root.post(&replay, json!({})).await.expect(202);
    assert_eq!(send_due(&gateway).await, 1);
    let failed = endpoint.deliveries(&gateway).await[0].clone();
    assert_eq!(
        (
            &failed["outcome"],
            &failed["attempt_count"],
            &failed["next_attempt_at"]
        ),
        (&json!("failed"), &json!(2), &Value::Null)
    );
    assert_eq!(
        failed["attempts"][1]["error"],
        "the receiver responded with status 500"
    );
    assert_eq!(
        endpoint.read(&gateway).await["failing_since"],
        "2024-01-15T10:30:00Z"
    );

    // A failed delivery starts again with its full schedule.
    let document = "mutation($id: ID!) { replayWebhookDelivery(input: {id: $id}) {
        webhookDelivery { outcome attemptCount endedAt } userErrors { field code } } }";
    let body = root.gql(document, json!({ "id": failed["id"] })).await.json();
    assert_eq!(
        body["data"]["replayWebhookDelivery"]["webhookDelivery"],
        json!({ "outcome": "PENDING", "attemptCount": 2, "endedAt": null })
    );
    assert_eq!(send_due(&gateway).await, 1);
    gateway.advance_clock(13);
    receiver.set_reaction(Reaction::Status(204));
    assert_eq!(send_due(&gateway).await, 1);
    let replayed = endpoint.deliveries(&gateway).await[0].clone();
    let numbers: Vec<_> = replayed["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attempt| &attempt["number"])
        .collect();
    assert_eq!(
        (&replayed["outcome"], numbers),
        (
            &json!("delivered"),
            vec![&json!(1), &json!(2), &json!(3), &json!(4)]
        )
    );
    assert_eq!(endpoint.read(&gateway).await["failing_since"], Value::Null);
    // A delivered message can be sent again as well, for example if the receiver lost it.
    root.post(&replay, json!({})).await.expect(202);
    assert_eq!(send_due(&gateway).await, 1);
    let messages = receiver.received();
    assert_eq!(messages.len(), 5);
    assert!(messages.iter().all(|message| message.id() == messages[0].id()));
    let body = root.gql(document, json!({ "id": "999999" })).await.json();
    assert_eq!(
        body["data"]["replayWebhookDelivery"]["userErrors"],
        json!([{ "field": "id", "code": "NOT_FOUND" }])
    );
}

async fn all_failed_deliveries_are_replayed(gateway: Gateway) {
    let (receiver, other_receiver) = (Receiver::start().await, Receiver::start().await);
    receiver.set_reaction(Reaction::Status(503));
    other_receiver.set_reaction(Reaction::Status(503));
    let gateway = with_managed_endpoints(gateway, &["--webhook-retry-schedule", "10"]).await;
    let root = &gateway.root;
    let endpoint = ManagedEndpoint::make(&gateway, &receiver.url(), &["outflow.created"]).await;
    ManagedEndpoint::make(&gateway, &other_receiver.url(), &["outflow.created"]).await;
    let product = root.product("Bolts", 100).await;
    let fail = async |count: usize| {
        for _ in 0..count {
            create_outflow(&gateway, product, 1).await;
        }
        assert_eq!(send_due(&gateway).await, 2 * count);
        gateway.advance_clock(13);
        assert_eq!(send_due(&gateway).await, 2 * count);
    };
    fail(2).await;
    gateway.advance_clock(3600);
    // The second set fails at 11:30:26.
    fail(3).await;
    receiver.set_reaction(Reaction::Status(204));
    let replay = async |since: &str| {
        let response = root
            .post(&endpoint.path("replay/"), json!({ "since": since }))
            .await;
        response.expect(202)
    };
    assert_eq!(
        replay("2024-01-15T11:30:27Z").await,
        json!({ "replayed": 0, "has_more": false })
    );
    assert_eq!(
        replay("2024-01-15T12:30:26+01:00").await,
        json!({ "replayed": 3, "has_more": false })
    );
    assert_eq!(send_due(&gateway).await, 3);
    let document = "mutation($id: ID!) { replayWebhookDeliveries(input: {endpointId: $id, since: \"2024-01-01T00:00:00Z\"}) {
        replayed hasMore userErrors { code } } }";
    let body = root.gql(document, json!({ "id": endpoint.id })).await.json();
    assert_eq!(
        body["data"]["replayWebhookDeliveries"],
        json!({ "replayed": 2, "hasMore": false, "userErrors": [] })
    );
    assert_eq!(send_due(&gateway).await, 2);
    let delivered = root.get(&endpoint.path("deliveries/?outcome=delivered")).await;
    assert_eq!(delivered.ids().len(), 5);
    assert_eq!(replay("2024-01-01T00:00:00Z").await["replayed"], 0);

    // At most 1,000 deliveries are replayed at a time.
    endpoint
        .insert_deliveries(&gateway, 1_500, "NULL, 'failed'")
        .await;
    assert_eq!(
        replay("2024-01-01T00:00:00Z").await,
        json!({ "replayed": 1000, "has_more": true })
    );
    assert_eq!(
        replay("2024-01-01T00:00:00Z").await,
        json!({ "replayed": 500, "has_more": false })
    );
}

async fn stored_attempts_are_bounded(gateway: Gateway) {
    let receiver = Receiver::start().await;
    receiver.set_reaction(Reaction::Status(500));
    let gateway = with_managed_endpoints(gateway, &["--webhook-retry-schedule", "0"]).await;
    let endpoint = ManagedEndpoint::make(&gateway, &receiver.url(), &["outflow.created"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    create_outflow(&gateway, product, 1).await;
    send_due(&gateway).await;
    for _ in 0..12 {
        let id = endpoint.deliveries(&gateway).await[0]["id"].clone();
        let replay = endpoint.path(&format!("deliveries/{id}/replay/"));
        gateway.root.post(&replay, json!({})).await.expect(202);
        send_due(&gateway).await;
    }
    let delivery = endpoint.deliveries(&gateway).await[0].clone();
    let count = delivery["attempt_count"].as_i64().expect("a number");
    assert_eq!(count, 26);
    let numbers: Vec<i64> = delivery["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attempt| attempt["number"].as_i64().unwrap())
        .collect();
    assert_eq!(numbers, (7..=26).collect::<Vec<_>>());
}

async fn nothing_is_stored_without_subscribers(gateway: Gateway) {
    let is_sqlite = gateway.database_url().starts_with("sqlite");
    let product = gateway.root.product("Bolts", 1000).await;
    create_outflow(&gateway, product, 1).await;
    let (while_disabled, _) = gateway
        .count_statements(create_outflow(&gateway, product, 1))
        .await;
    let gateway = with_managed_endpoints(gateway, &[]).await;
    ManagedEndpoint::make(&gateway, "https://1.1.1.1/", &["product.low_stock"]).await;
    create_outflow(&gateway, product, 1).await;
    let (while_enabled, _) = gateway
        .count_statements(create_outflow(&gateway, product, 1))
        .await;
    assert_eq!((events(&gateway).await, deliveries(&gateway).await.len()), (0, 0));
    // SQLite needs one more statement, without network latency. PostgreSQL does the same in the statement of the outflow.
    assert_eq!(
        while_enabled,
        if is_sqlite {
            while_disabled + 1
        } else {
            while_disabled
        }
    );
}
