//! Webhook endpoints that are disabled, by a user, a 410 response or days without a success, or deleted; and their
//! pending deliveries.

use ::entity::{removed_endpoint, webhook_endpoint};
use sea_orm::EntityTrait as _;
use serde_json::json;
use stockroom::webhooks::retention;

use crate::support::gateway::Gateway;
use crate::support::response::NOT_FOUND;
use crate::support::webhook_receiver::{
    ManagedEndpoint, Reaction, Receiver, create_outflow, deliveries, events, send_due, with_managed_endpoints,
};

on_both_databases![
    disabled_endpoints_receive_nothing,
    status_410_disables_a_managed_endpoint,
    days_of_failures_disable_an_endpoint,
    deleting_an_endpoint_deletes_its_deliveries,
];

async fn disabled_endpoints_receive_nothing(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = with_managed_endpoints(gateway, &[]).await;
    let endpoint = ManagedEndpoint::make(&gateway, &receiver.url(), &["outflow.created"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    create_outflow(&gateway, product, 1).await;
    // Pending deliveries fail; no new ones are stored.
    let disabled = endpoint.patch(&gateway, json!({ "disabled": true })).await;
    assert_eq!(disabled["disabled_at"], "2024-01-15T10:30:00Z");
    create_outflow(&gateway, product, 1).await;
    assert_eq!((events(&gateway).await, send_due(&gateway).await), (1, 0));
    let remaining = endpoint.deliveries(&gateway).await;
    assert_eq!((remaining.len(), &remaining[0]["outcome"]), (1, &json!("failed")));
    let since = json!({ "since": "2024-01-15T10:30:00Z" });
    gateway
        .root
        .post(&endpoint.path("replay/"), since.clone())
        .await
        .expect_error(409, "ENDPOINT_DISABLED");
    let replay_one = endpoint.path(&format!("deliveries/{}/replay/", remaining[0]["id"]));
    gateway
        .root
        .post(&replay_one, json!({}))
        .await
        .expect_error(409, "ENDPOINT_DISABLED");

    endpoint.patch(&gateway, json!({ "disabled": false })).await;
    assert_eq!(send_due(&gateway).await, 0);
    let replay = gateway
        .root
        .post(&endpoint.path("replay/"), since)
        .await
        .expect(202);
    assert_eq!(replay["replayed"], 1);
    create_outflow(&gateway, product, 1).await;
    assert_eq!(send_due(&gateway).await, 2);

    // A large backlog is processed in batches, so that other writes are not blocked.
    endpoint
        .insert_deliveries(&gateway, 2_500, "event.created_at, NULL")
        .await;
    endpoint.patch(&gateway, json!({ "disabled": true })).await;
    let pending = async || {
        deliveries(&gateway)
            .await
            .iter()
            .filter(|row| row.due_at.is_some())
            .count()
    };
    assert_eq!(pending().await, 1_500);
    retention::clean(&gateway.services)
        .await
        .expect("the cleanup succeeds");
    assert_eq!((pending().await, send_due(&gateway).await), (0, 0));
    assert_eq!(receiver.received().len(), 2);
}

async fn status_410_disables_a_managed_endpoint(gateway: Gateway) {
    let (receiver, other_receiver) = (Receiver::start().await, Receiver::start().await);
    receiver.set_reaction(Reaction::Status(410));
    let gateway = with_managed_endpoints(gateway, &[]).await;
    let endpoint = ManagedEndpoint::make(&gateway, &receiver.url(), &["outflow.created"]).await;
    ManagedEndpoint::make(&gateway, &other_receiver.url(), &["outflow.created"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    create_outflow(&gateway, product, 1).await;
    assert_eq!(send_due(&gateway).await, 2);
    let current = endpoint.read(&gateway).await;
    assert_eq!(
        (&current["disabled"], &current["disabled_reason"]),
        (&json!(true), &json!("gone"))
    );
    receiver.set_reaction(Reaction::Status(204));
    create_outflow(&gateway, product, 1).await;
    assert_eq!((send_due(&gateway).await, receiver.received().len()), (1, 1));
    // A restart does not enable the endpoint, but an update does.
    let gateway = with_managed_endpoints(gateway, &[]).await;
    create_outflow(&gateway, product, 1).await;
    assert_eq!((send_due(&gateway).await, receiver.received().len()), (1, 1));
    endpoint.patch(&gateway, json!({ "disabled": false })).await;
    create_outflow(&gateway, product, 1).await;
    assert_eq!((send_due(&gateway).await, receiver.received().len()), (2, 2));
    assert_eq!(other_receiver.received().len(), 4);
}

async fn days_of_failures_disable_an_endpoint(gateway: Gateway) {
    const DAY: u64 = 24 * 3600;
    let receiver = Receiver::start().await;
    receiver.set_reaction(Reaction::Status(500));
    let token_lifetime = ["--access-token-lifetime", "2592000"];
    let gateway = with_managed_endpoints(
        gateway,
        &[&["--webhook-retry-schedule", "10"], &token_lifetime[..]].concat(),
    )
    .await;
    let endpoint = ManagedEndpoint::make(&gateway, &receiver.url(), &["outflow.created"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    let fail = async || {
        create_outflow(&gateway, product, 1).await;
        assert_eq!(send_due(&gateway).await, 1);
        gateway.advance_clock(13);
        assert_eq!(send_due(&gateway).await, 1);
    };
    fail().await;
    gateway.advance_clock(4 * DAY);
    fail().await;
    let current = endpoint.read(&gateway).await;
    assert_eq!(
        (&current["disabled"], &current["failing_since"]),
        (&json!(false), &json!("2024-01-15T10:30:00Z"))
    );
    // A success resets the count of days.
    receiver.set_reaction(Reaction::Status(200));
    create_outflow(&gateway, product, 1).await;
    assert_eq!(send_due(&gateway).await, 1);
    receiver.set_reaction(Reaction::Status(500));
    gateway.advance_clock(2 * DAY);
    fail().await;
    assert_eq!(endpoint.read(&gateway).await["disabled"], false);
    gateway.advance_clock(5 * DAY);
    fail().await;
    let current = endpoint.read(&gateway).await;
    assert_eq!(
        (&current["disabled"], &current["disabled_reason"]),
        (&json!(true), &json!("failing"))
    );
    create_outflow(&gateway, product, 1).await;
    assert_eq!(send_due(&gateway).await, 0);
}

async fn deleting_an_endpoint_deletes_its_deliveries(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = with_managed_endpoints(gateway, &[]).await;
    let endpoint = ManagedEndpoint::make(&gateway, &receiver.url(), &["outflow.created"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    create_outflow(&gateway, product, 1).await;
    let id = endpoint.deliveries(&gateway).await[0]["id"].clone();
    endpoint
        .insert_deliveries(&gateway, 2_500, "event.created_at, NULL")
        .await;
    gateway.root.delete(&endpoint.path("")).await.expect_body(204, "");
    let root = &gateway.root;
    root.get(&endpoint.path(&format!("deliveries/{id}/")))
        .await
        .expect_body(404, NOT_FOUND);
    root.get(&endpoint.path("deliveries/"))
        .await
        .expect_body(404, NOT_FOUND);
    assert_eq!(send_due(&gateway).await, 0);
    assert_eq!(deliveries(&gateway).await.len(), 1_501);
    retention::clean(&gateway.services)
        .await
        .expect("the cleanup succeeds");
    assert_eq!(deliveries(&gateway).await.len(), 0);
    // A delivery that a concurrent transaction has stored for the endpoint is deleted later.
    endpoint
        .insert_deliveries(&gateway, 1, "event.created_at, NULL")
        .await;
    gateway.advance_clock(2 * 3600);
    retention::clean(&gateway.services)
        .await
        .expect("the cleanup succeeds");
    assert_eq!(deliveries(&gateway).await.len(), 0);
    let removed = removed_endpoint::Entity::find()
        .all(&gateway.services.db)
        .await
        .unwrap();
    assert!(removed.is_empty());
    assert!(
        webhook_endpoint::Entity::find()
            .all(&gateway.services.db)
            .await
            .unwrap()
            .is_empty()
    );
}
