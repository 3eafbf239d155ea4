//! Webhooks with receivers that fail, hang, redirect or stop, and with restarted gateways: every committed change is
//! delivered with the same id, and no request is delayed.

use std::sync::Arc;
use std::time::Duration;

use ::entity::delivery::Outcome;
use ::entity::{event, webhook_endpoint};
use chrono::TimeDelta;
use sea_orm::EntityTrait as _;
use stockroom::app::App;
use stockroom::clock::Clock;

use crate::support::gateway::{Gateway, config};
use crate::support::webhook_receiver::{
    Reaction, Received, Receiver, create_outflow, deliveries, events, flags, send_due, with_webhooks,
};

on_both_databases![
    retries_follow_the_schedule_with_one_id,
    retry_after_is_honoured,
    redirects_are_failures,
    status_410_disables_the_endpoint,
    a_stopped_receiver_is_retried,
    a_hanging_receiver_times_out,
    endless_responses_are_cut_off,
    a_hanging_receiver_does_not_delay_requests,
    events_are_delivered_after_a_restart,
    an_aborted_delivery_is_repeated_after_its_lease,
    gateways_share_due_deliveries,
    a_gateway_with_a_fast_clock_respects_leases,
    private_targets_are_rejected_on_connect,
];

async fn retries_follow_the_schedule_with_one_id(gateway: Gateway) {
    let receiver = Receiver::start().await;
    receiver.set_reaction(Reaction::Status(500));
    let gateway = with_webhooks(gateway, &receiver, &["--webhook-retry-schedule", "10,100"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    create_outflow(&gateway, product, 1).await;
    assert_eq!(send_due(&gateway).await, 1);
    // Jitter adds at most a fifth.
    for (too_early, late_enough) in [(9, 3), (99, 21)] {
        gateway.advance_clock(too_early);
        assert_eq!(send_due(&gateway).await, 0, "{too_early} s later");
        gateway.advance_clock(late_enough);
        assert_eq!(send_due(&gateway).await, 1, "{late_enough} s after that");
    }
    gateway.advance_clock(365 * 24 * 3600);
    assert_eq!(send_due(&gateway).await, 0);
    let messages = receiver.received();
    assert_eq!(messages.len(), 3);
    assert!(messages.iter().all(|message| message.id() == messages[0].id()));
    assert!(messages.iter().all(|message| message.body == messages[0].body));
    let times: Vec<&str> = messages
        .iter()
        .map(|message| message.header("webhook-timestamp"))
        .collect();
    assert_ne!(times[0], times[1]);
    let delivery = &deliveries(&gateway).await[0];
    assert_eq!(
        (delivery.outcome, delivery.attempts, delivery.last_status),
        (Some(Outcome::Failed), 3, Some(500))
    );
    assert_eq!(
        delivery.last_error.as_deref(),
        Some("the receiver responded with status 500")
    );
}

async fn retry_after_is_honoured(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = with_webhooks(gateway, &receiver, &["--webhook-retry-schedule", "10,10,10"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    create_outflow(&gateway, product, 1).await;
    receiver.set_reaction(Reaction::Header(429, "retry-after", "600".into()));
    assert_eq!(send_due(&gateway).await, 1);
    gateway.advance_clock(599);
    assert_eq!(send_due(&gateway).await, 0);
    gateway.advance_clock(4);
    // A `Retry-After` of a year is reduced to a day.
    receiver.set_reaction(Reaction::Header(503, "retry-after", "31536000".into()));
    assert_eq!(send_due(&gateway).await, 1);
    gateway.advance_clock(24 * 3600 - 1);
    assert_eq!(send_due(&gateway).await, 0);
    gateway.advance_clock(4);
    // A `Retry-After` below the wait of the schedule is ignored.
    receiver.set_reaction(Reaction::Header(503, "retry-after", "0".into()));
    assert_eq!(send_due(&gateway).await, 1);
    gateway.advance_clock(9);
    assert_eq!(send_due(&gateway).await, 0);
    receiver.set_reaction(Reaction::Status(200));
    gateway.advance_clock(4);
    assert_eq!(send_due(&gateway).await, 1);
    assert_eq!(deliveries(&gateway).await[0].outcome, Some(Outcome::Delivered));
}

async fn redirects_are_failures(gateway: Gateway) {
    let (receiver, redirect_target) = (Receiver::start().await, Receiver::start().await);
    let gateway = with_webhooks(gateway, &receiver, &[]).await;
    let product = gateway.root.product("Bolts", 100).await;
    for status in [301, 302, 303, 307, 308] {
        receiver.set_reaction(Reaction::Header(status, "location", redirect_target.url()));
        create_outflow(&gateway, product, 1).await;
        assert_eq!(send_due(&gateway).await, 1);
    }
    assert!(redirect_target.received().is_empty());
    let pending = deliveries(&gateway).await;
    assert_eq!(pending.len(), 5);
    assert!(
        pending
            .iter()
            .all(|delivery| delivery.due_at.is_some() && delivery.outcome.is_none())
    );
}

async fn status_410_disables_the_endpoint(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = with_webhooks(gateway, &receiver, &["--webhook-retry-schedule", "10,10"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    receiver.set_reaction(Reaction::Status(500));
    create_outflow(&gateway, product, 1).await;
    assert_eq!(send_due(&gateway).await, 1);
    receiver.set_reaction(Reaction::Status(410));
    create_outflow(&gateway, product, 1).await;
    assert_eq!(send_due(&gateway).await, 1);
    receiver.set_reaction(Reaction::Status(204));
    // There are neither retries nor new deliveries.
    gateway.advance_clock(3600);
    create_outflow(&gateway, product, 1).await;
    assert_eq!((events(&gateway).await, send_due(&gateway).await), (2, 0));
    let outcomes: Vec<_> = deliveries(&gateway)
        .await
        .iter()
        .map(|delivery| delivery.outcome)
        .collect();
    assert_eq!(outcomes, [Some(Outcome::Failed); 2]);
    let endpoint = webhook_endpoint::Entity::find()
        .one(&gateway.services.db)
        .await
        .unwrap()
        .unwrap();
    assert!(endpoint.ended_at.is_some());

    // A restart enables the endpoint of the settings again.
    let gateway = with_webhooks(gateway, &receiver, &[]).await;
    create_outflow(&gateway, product, 1).await;
    assert_eq!(send_due(&gateway).await, 1);
    assert_eq!(receiver.received().len(), 3);
}

async fn a_stopped_receiver_is_retried(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = with_webhooks(gateway, &receiver, &["--webhook-retry-schedule", "10,10"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    create_outflow(&gateway, product, 1).await;
    assert_eq!(send_due(&gateway).await, 1);
    // The gateway holds a kept-alive connection to the stopped receiver.
    receiver.stop().await;
    create_outflow(&gateway, product, 1).await;
    assert_eq!(send_due(&gateway).await, 1);
    let delivery = &deliveries(&gateway).await[1];
    assert_eq!(
        (delivery.attempts, delivery.last_status, delivery.outcome),
        (1, None, None)
    );
    assert!(delivery.last_error.is_some() && delivery.due_at.is_some());
    let id = event::Entity::find_by_id(delivery.event_id)
        .one(&gateway.services.db)
        .await
        .unwrap()
        .unwrap();

    let other_receiver = Receiver::start().await;
    let gateway = with_webhooks(gateway, &other_receiver, &[]).await;
    gateway.advance_clock(20);
    assert_eq!(send_due(&gateway).await, 1);
    assert_eq!(other_receiver.received()[0].id(), id.message_id);
}

async fn a_hanging_receiver_times_out(gateway: Gateway) {
    let receiver = Receiver::start().await;
    receiver.set_reaction(Reaction::Hang);
    let gateway = with_webhooks(gateway, &receiver, &["--webhook-timeout", "1"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    create_outflow(&gateway, product, 1).await;
    assert_eq!(send_due(&gateway).await, 1);
    let delivery = &deliveries(&gateway).await[0];
    assert_eq!(delivery.last_error.as_deref(), Some("it did not respond in time"));
    assert!(delivery.due_at.is_some());
}

async fn endless_responses_are_cut_off(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = with_webhooks(gateway, &receiver, &["--webhook-timeout", "300"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    for (status, outcome) in [(200, Some(Outcome::Delivered)), (500, None)] {
        receiver.set_reaction(Reaction::Endless(status));
        create_outflow(&gateway, product, 1).await;
        let count = tokio::time::timeout(Duration::from_mins(1), send_due(&gateway)).await;
        assert_eq!(count.expect("long before the time limit"), 1);
        assert_eq!(deliveries(&gateway).await.last().unwrap().outcome, outcome);
    }
}

async fn a_hanging_receiver_does_not_delay_requests(gateway: Gateway) {
    let receiver = Receiver::start().await;
    receiver.set_reaction(Reaction::Hang);
    let gateway = with_webhooks(gateway, &receiver, &["--webhook-timeout", "300"]).await;
    gateway.webhooks().start().await.expect("a worker");
    let product = gateway.root.product("Bolts", 1000).await;
    // All slots of the endpoint remain in use while the requests are served.
    for _ in 0..8 {
        create_outflow(&gateway, product, 1).await;
    }
    receiver.wait_for(8).await;
    for _ in 0..50 {
        create_outflow(&gateway, product, 1).await;
    }
    assert_eq!(receiver.received().len(), 8);
    assert_eq!(events(&gateway).await, 58);
    assert_eq!(gateway.viewer.quantity(product).await, 942);
    gateway.services.stop();
}

async fn events_are_delivered_after_a_restart(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = with_webhooks(gateway, &receiver, &[]).await;
    let product = gateway.root.product("Bolts", 100).await;
    create_outflow(&gateway, product, 1).await;
    let gateway = with_webhooks(gateway, &receiver, &[]).await;
    assert_eq!(send_due(&gateway).await, 1);
    assert_eq!(receiver.received()[0].name(), "outflow.created");
}

async fn an_aborted_delivery_is_repeated_after_its_lease(gateway: Gateway) {
    let receiver = Receiver::start().await;
    receiver.set_reaction(Reaction::Hang);
    let gateway = with_webhooks(gateway, &receiver, &["--webhook-timeout", "10"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    create_outflow(&gateway, product, 1).await;
    let worker = Arc::clone(gateway.webhooks());
    let sending = tokio::spawn(async move { worker.run_due().await.map(|_| ()) });
    receiver.wait_for(1).await;
    sending.abort();
    assert!(sending.await.unwrap_err().is_cancelled());

    receiver.set_reaction(Reaction::Status(200));
    let gateway = with_webhooks(gateway, &receiver, &["--webhook-timeout", "10"]).await;
    assert_eq!(
        send_due(&gateway).await,
        0,
        "the lease of the aborted delivery has not expired"
    );
    gateway.advance_clock(41);
    assert_eq!(send_due(&gateway).await, 1);
    let messages = receiver.received();
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0].id(), messages[1].id());
    assert_eq!(deliveries(&gateway).await[0].outcome, Some(Outcome::Delivered));
}

async fn gateways_share_due_deliveries(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = with_webhooks(gateway, &receiver, &[]).await;
    let url = receiver.url();
    let settings = config(&gateway.database_url(), &flags(&url, &[]));
    let second = App::open(settings, gateway.services.clock.clone())
        .await
        .expect("a second gateway");
    let product = gateway.root.product("Bolts", 1000).await;
    for _ in 0..60 {
        create_outflow(&gateway, product, 1).await;
    }
    let other = second.webhooks.as_ref().expect("webhooks are enabled");
    let (first, other) = tokio::join!(gateway.webhooks().run_due(), other.run_due());
    assert_eq!(
        first.expect("the worker runs") + other.expect("the worker runs"),
        60
    );
    let messages = receiver.received();
    let mut ids: Vec<&str> = messages.iter().map(Received::id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((messages.len(), ids.len()), (60, 60));
    assert!(
        deliveries(&gateway)
            .await
            .iter()
            .all(|delivery| delivery.outcome == Some(Outcome::Delivered))
    );
    second.services.db.close().await;
}

async fn a_gateway_with_a_fast_clock_respects_leases(gateway: Gateway) {
    let receiver = Receiver::start().await;
    receiver.set_reaction(Reaction::Hang);
    let gateway = with_webhooks(gateway, &receiver, &["--webhook-timeout", "10"]).await;
    let url = receiver.url();
    let settings = config(
        &gateway.database_url(),
        &flags(&url, &["--webhook-timeout", "10"]),
    );
    let fast_clock = Clock::manual(gateway.services.clock.now() + TimeDelta::minutes(2));
    let second = App::open(settings, fast_clock).await.expect("a second gateway");
    let other = second.webhooks.as_ref().expect("webhooks are enabled");
    let product = gateway.root.product("Bolts", 100).await;
    create_outflow(&gateway, product, 1).await;
    let worker = Arc::clone(gateway.webhooks());
    let sending = tokio::spawn(async move { worker.run_due().await.map(|_| ()) });
    receiver.wait_for(1).await;
    assert_eq!(other.run_due().await.expect("the worker runs"), 0);
    assert_eq!(receiver.received().len(), 1);
    // The lease nevertheless expires at its time.
    sending.abort();
    assert!(sending.await.unwrap_err().is_cancelled());
    receiver.set_reaction(Reaction::Status(204));
    second.services.clock.advance(Duration::from_secs(41));
    assert_eq!(other.run_due().await.expect("the worker runs"), 1);
    assert_eq!(deliveries(&gateway).await[0].outcome, Some(Outcome::Delivered));
    second.services.db.close().await;
}

async fn private_targets_are_rejected_on_connect(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let settings = ["--webhook-allow-private", "false"];
    let gateway = gateway
        .restart_with(&flags("http://1.1.1.1/hook", &settings))
        .await;
    gateway
        .webhooks()
        .store_configured_endpoint()
        .await
        .expect("an endpoint");
    let product = gateway.root.product("Bolts", 100).await;
    let port = receiver.address.port();
    for (count, host) in ["127.0.0.1", "2130706433", "[::ffff:127.0.0.1]", "localhost"]
        .iter()
        .enumerate()
    {
        gateway
            .sql(format!("UPDATE endpoint SET url = 'http://{host}:{port}/'"))
            .await
            .expect("an update");
        create_outflow(&gateway, product, 1).await;
        assert_eq!(send_due(&gateway).await, 1);
        let delivery = &deliveries(&gateway).await[count];
        let error = delivery.last_error.as_deref().expect("an error");
        assert!(error.contains("private network"), "{error}");
        assert_eq!(delivery.outcome, None);
    }
    assert!(receiver.received().is_empty());
}
