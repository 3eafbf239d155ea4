//! How webhook endpoints come to an end: somebody disables or deletes them, they answer 410, or they take nothing for days;
//! and what becomes of what was still to be told to them.

use ::entity::{removed_endpoint, webhook_endpoint};
use sea_orm::EntityTrait as _;
use serde_json::json;
use stockroom::webhooks::retention;

use crate::support::answer::NOT_FOUND;
use crate::support::gateway::Gateway;
use crate::support::webhook_receiver::{
    Managed, Reaction, Receiver, deliveries, due, events, managing, take_out,
};

on_both![
    disabled_endpoints_get_nothing,
    gone_ends_a_managed_endpoint,
    failing_for_days_ends_an_endpoint,
    deleting_takes_deliveries_along,
];

async fn disabled_endpoints_get_nothing(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = managing(gateway, &[]).await;
    let endpoint = Managed::make(&gateway, &receiver.url(), &["outflow.created"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    take_out(&gateway, product, 1).await;
    // What was still to be told has failed with it; nothing new is written for it.
    let off = endpoint.patch(&gateway, json!({ "disabled": true })).await;
    assert_eq!(off["disabled_at"], "2024-01-15T10:30:00Z");
    take_out(&gateway, product, 1).await;
    assert_eq!((events(&gateway).await, due(&gateway).await), (1, 0));
    let left = endpoint.deliveries(&gateway).await;
    assert_eq!((left.len(), &left[0]["outcome"]), (1, &json!("failed")));
    let since = json!({ "since": "2024-01-15T10:30:00Z" });
    gateway
        .root
        .post(&endpoint.path("replay/"), since.clone())
        .await
        .refuses(409, "ENDPOINT_DISABLED");
    let one = endpoint.path(&format!("deliveries/{}/replay/", left[0]["id"]));
    gateway
        .root
        .post(&one, json!({}))
        .await
        .refuses(409, "ENDPOINT_DISABLED");

    endpoint.patch(&gateway, json!({ "disabled": false })).await;
    assert_eq!(due(&gateway).await, 0);
    let again = gateway
        .root
        .post(&endpoint.path("replay/"), since)
        .await
        .expect(202);
    assert_eq!(again["replayed"], 1);
    take_out(&gateway, product, 1).await;
    assert_eq!(due(&gateway).await, 2);

    // A large backlog goes in batches, none of which holds anybody up.
    endpoint.many(&gateway, 2_500, "event.created_at, NULL").await;
    endpoint.patch(&gateway, json!({ "disabled": true })).await;
    let pending = async || {
        deliveries(&gateway)
            .await
            .iter()
            .filter(|row| row.due_at.is_some())
            .count()
    };
    assert_eq!(pending().await, 1_500);
    retention::clean(&gateway.services).await.expect("it clears");
    assert_eq!((pending().await, due(&gateway).await), (0, 0));
    assert_eq!(receiver.received().len(), 2);
}

async fn gone_ends_a_managed_endpoint(gateway: Gateway) {
    let (receiver, neighbour) = (Receiver::start().await, Receiver::start().await);
    receiver.reacts(Reaction::Status(410));
    let gateway = managing(gateway, &[]).await;
    let endpoint = Managed::make(&gateway, &receiver.url(), &["outflow.created"]).await;
    Managed::make(&gateway, &neighbour.url(), &["outflow.created"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    take_out(&gateway, product, 1).await;
    assert_eq!(due(&gateway).await, 2);
    let shown = endpoint.shown(&gateway).await;
    assert_eq!(
        (&shown["disabled"], &shown["disabled_reason"]),
        (&json!(true), &json!("gone"))
    );
    receiver.reacts(Reaction::Status(204));
    take_out(&gateway, product, 1).await;
    assert_eq!((due(&gateway).await, receiver.received().len()), (1, 1));
    // Starting again does not bring it back, but whoever manages it does.
    let gateway = managing(gateway, &[]).await;
    take_out(&gateway, product, 1).await;
    assert_eq!((due(&gateway).await, receiver.received().len()), (1, 1));
    endpoint.patch(&gateway, json!({ "disabled": false })).await;
    take_out(&gateway, product, 1).await;
    assert_eq!((due(&gateway).await, receiver.received().len()), (2, 2));
    assert_eq!(neighbour.received().len(), 4);
}

async fn failing_for_days_ends_an_endpoint(gateway: Gateway) {
    const DAY: u64 = 24 * 3600;
    let receiver = Receiver::start().await;
    receiver.reacts(Reaction::Status(500));
    let month = ["--access-token-lifetime", "2592000"];
    let gateway = managing(
        gateway,
        &[&["--webhook-retry-schedule", "10"], &month[..]].concat(),
    )
    .await;
    let endpoint = Managed::make(&gateway, &receiver.url(), &["outflow.created"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    let fail = async || {
        take_out(&gateway, product, 1).await;
        assert_eq!(due(&gateway).await, 1);
        gateway.wait(13);
        assert_eq!(due(&gateway).await, 1);
    };
    fail().await;
    gateway.wait(4 * DAY);
    fail().await;
    let shown = endpoint.shown(&gateway).await;
    assert_eq!(
        (&shown["disabled"], &shown["failing_since"]),
        (&json!(false), &json!("2024-01-15T10:30:00Z"))
    );
    // One success, and the days count from the beginning.
    receiver.reacts(Reaction::Status(200));
    take_out(&gateway, product, 1).await;
    assert_eq!(due(&gateway).await, 1);
    receiver.reacts(Reaction::Status(500));
    gateway.wait(2 * DAY);
    fail().await;
    assert_eq!(endpoint.shown(&gateway).await["disabled"], false);
    gateway.wait(5 * DAY);
    fail().await;
    let shown = endpoint.shown(&gateway).await;
    assert_eq!(
        (&shown["disabled"], &shown["disabled_reason"]),
        (&json!(true), &json!("failing"))
    );
    take_out(&gateway, product, 1).await;
    assert_eq!(due(&gateway).await, 0);
}

async fn deleting_takes_deliveries_along(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = managing(gateway, &[]).await;
    let endpoint = Managed::make(&gateway, &receiver.url(), &["outflow.created"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    take_out(&gateway, product, 1).await;
    let id = endpoint.deliveries(&gateway).await[0]["id"].clone();
    endpoint.many(&gateway, 2_500, "event.created_at, NULL").await;
    gateway.root.delete(&endpoint.path("")).await.is(204, "");
    let root = &gateway.root;
    root.get(&endpoint.path(&format!("deliveries/{id}/")))
        .await
        .is(404, NOT_FOUND);
    root.get(&endpoint.path("deliveries/")).await.is(404, NOT_FOUND);
    assert_eq!(due(&gateway).await, 0);
    assert_eq!(deliveries(&gateway).await.len(), 1_501);
    retention::clean(&gateway.services).await.expect("it clears");
    assert_eq!(deliveries(&gateway).await.len(), 0);
    // What a straggler wrote for it is found later.
    endpoint.many(&gateway, 1, "event.created_at, NULL").await;
    gateway.wait(2 * 3600);
    retention::clean(&gateway.services).await.expect("it clears");
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
