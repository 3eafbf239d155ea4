//! Webhooks whose receiver fails, hangs, redirects or dies, and gateways that die: what was committed is told all the
//! same, with one id, and nobody else waits.

use std::sync::Arc;
use std::time::Duration;

use ::entity::delivery::Outcome;
use ::entity::{event, webhook_endpoint};
use sea_orm::EntityTrait as _;
use stockroom::app::App;

use crate::support::gateway::{Gateway, config};
use crate::support::webhook_receiver::{
    Reaction, Received, Receiver, deliveries, due, events, flags, take_out, telling,
};

on_both![
    tried_again_on_the_schedule_with_one_id,
    retry_after_is_honoured,
    redirects_are_failures,
    gone_ends_the_endpoint,
    a_dead_receiver_is_tried_again,
    what_hangs_fails_in_time,
    endless_answers_are_cut_off,
    a_hanging_receiver_slows_no_request,
    told_after_a_kill_before_delivery,
    told_after_a_kill_during_delivery,
    gateways_share_the_work,
    private_targets_are_refused_on_connect,
];

async fn tried_again_on_the_schedule_with_one_id(gateway: Gateway) {
    let receiver = Receiver::start().await;
    receiver.reacts(Reaction::Status(500));
    let gateway = telling(gateway, &receiver, &["--webhook-retry-schedule", "10,100"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    take_out(&gateway, product, 1).await;
    assert_eq!(due(&gateway).await, 1);
    // Chance adds a fifth at most.
    for (too_early, late_enough) in [(9, 3), (99, 21)] {
        gateway.wait(too_early);
        assert_eq!(due(&gateway).await, 0, "{too_early} s later");
        gateway.wait(late_enough);
        assert_eq!(due(&gateway).await, 1, "{late_enough} s after that");
    }
    gateway.wait(365 * 24 * 3600);
    assert_eq!(due(&gateway).await, 0);
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
    assert_eq!(delivery.last_error.as_deref(), Some("it answered 500"));
}

async fn retry_after_is_honoured(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = telling(gateway, &receiver, &["--webhook-retry-schedule", "10,10,10"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    take_out(&gateway, product, 1).await;
    receiver.reacts(Reaction::Header(429, "retry-after", "600".into()));
    assert_eq!(due(&gateway).await, 1);
    gateway.wait(599);
    assert_eq!(due(&gateway).await, 0);
    gateway.wait(4);
    // A year is too much to ask: a day is what it gets.
    receiver.reacts(Reaction::Header(503, "retry-after", "31536000".into()));
    assert_eq!(due(&gateway).await, 1);
    gateway.wait(24 * 3600 - 1);
    assert_eq!(due(&gateway).await, 0);
    gateway.wait(4);
    // Less than the schedule is not sooner.
    receiver.reacts(Reaction::Header(503, "retry-after", "0".into()));
    assert_eq!(due(&gateway).await, 1);
    gateway.wait(9);
    assert_eq!(due(&gateway).await, 0);
    receiver.reacts(Reaction::Status(200));
    gateway.wait(4);
    assert_eq!(due(&gateway).await, 1);
    assert_eq!(deliveries(&gateway).await[0].outcome, Some(Outcome::Delivered));
}

async fn redirects_are_failures(gateway: Gateway) {
    let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
    let gateway = telling(gateway, &receiver, &[]).await;
    let product = gateway.root.product("Bolts", 100).await;
    for status in [301, 302, 303, 307, 308] {
        receiver.reacts(Reaction::Header(status, "location", elsewhere.url()));
        take_out(&gateway, product, 1).await;
        assert_eq!(due(&gateway).await, 1);
    }
    assert!(elsewhere.received().is_empty());
    let tried = deliveries(&gateway).await;
    assert_eq!(tried.len(), 5);
    assert!(
        tried
            .iter()
            .all(|delivery| delivery.due_at.is_some() && delivery.outcome.is_none())
    );
}

async fn gone_ends_the_endpoint(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = telling(gateway, &receiver, &["--webhook-retry-schedule", "10,10"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    receiver.reacts(Reaction::Status(500));
    take_out(&gateway, product, 1).await;
    assert_eq!(due(&gateway).await, 1);
    receiver.reacts(Reaction::Status(410));
    take_out(&gateway, product, 1).await;
    assert_eq!(due(&gateway).await, 1);
    receiver.reacts(Reaction::Status(204));
    // Neither what was to be tried again nor anything new.
    gateway.wait(3600);
    take_out(&gateway, product, 1).await;
    assert_eq!((events(&gateway).await, due(&gateway).await), (2, 0));
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

    // Starting anew is how an operator says that it is there again.
    let gateway = telling(gateway, &receiver, &[]).await;
    take_out(&gateway, product, 1).await;
    assert_eq!(due(&gateway).await, 1);
    assert_eq!(receiver.received().len(), 3);
}

async fn a_dead_receiver_is_tried_again(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = telling(gateway, &receiver, &["--webhook-retry-schedule", "10,10"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    take_out(&gateway, product, 1).await;
    assert_eq!(due(&gateway).await, 1);
    // Also where a connection to it was kept.
    receiver.die().await;
    take_out(&gateway, product, 1).await;
    assert_eq!(due(&gateway).await, 1);
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

    let another = Receiver::start().await;
    let gateway = telling(gateway, &another, &[]).await;
    gateway.wait(20);
    assert_eq!(due(&gateway).await, 1);
    assert_eq!(another.received()[0].id(), id.message_id);
}

async fn what_hangs_fails_in_time(gateway: Gateway) {
    let receiver = Receiver::start().await;
    receiver.reacts(Reaction::Hang);
    let gateway = telling(gateway, &receiver, &["--webhook-timeout", "1"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    take_out(&gateway, product, 1).await;
    assert_eq!(due(&gateway).await, 1);
    let delivery = &deliveries(&gateway).await[0];
    assert_eq!(delivery.last_error.as_deref(), Some("it did not answer in time"));
    assert!(delivery.due_at.is_some());
}

async fn endless_answers_are_cut_off(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = telling(gateway, &receiver, &["--webhook-timeout", "300"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    for (status, outcome) in [(200, Some(Outcome::Delivered)), (500, None)] {
        receiver.reacts(Reaction::Endless(status));
        take_out(&gateway, product, 1).await;
        let tried = tokio::time::timeout(Duration::from_mins(1), due(&gateway)).await;
        assert_eq!(tried.expect("long before the time limit"), 1);
        assert_eq!(deliveries(&gateway).await.last().unwrap().outcome, outcome);
    }
}

async fn a_hanging_receiver_slows_no_request(gateway: Gateway) {
    let receiver = Receiver::start().await;
    receiver.reacts(Reaction::Hang);
    let gateway = telling(gateway, &receiver, &["--webhook-timeout", "300"]).await;
    gateway.webhooks().start().await.expect("a worker");
    let product = gateway.root.product("Bolts", 1000).await;
    // All places are taken and stay so while the requests are answered.
    for _ in 0..8 {
        take_out(&gateway, product, 1).await;
    }
    receiver.wait_for(8).await;
    for _ in 0..50 {
        take_out(&gateway, product, 1).await;
    }
    assert_eq!(receiver.received().len(), 8);
    assert_eq!(events(&gateway).await, 58);
    assert_eq!(gateway.viewer.quantity(product).await, 942);
    gateway.services.stop();
}

async fn told_after_a_kill_before_delivery(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = telling(gateway, &receiver, &[]).await;
    let product = gateway.root.product("Bolts", 100).await;
    take_out(&gateway, product, 1).await;
    let gateway = telling(gateway, &receiver, &[]).await;
    assert_eq!(due(&gateway).await, 1);
    assert_eq!(receiver.received()[0].name(), "outflow.created");
}

async fn told_after_a_kill_during_delivery(gateway: Gateway) {
    let receiver = Receiver::start().await;
    receiver.reacts(Reaction::Hang);
    let gateway = telling(gateway, &receiver, &["--webhook-timeout", "10"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    take_out(&gateway, product, 1).await;
    let worker = Arc::clone(gateway.webhooks());
    let killed = tokio::spawn(async move { worker.run_due().await.map(|_| ()) });
    receiver.wait_for(1).await;
    killed.abort();
    assert!(killed.await.unwrap_err().is_cancelled());

    receiver.reacts(Reaction::Status(200));
    let gateway = telling(gateway, &receiver, &["--webhook-timeout", "10"]).await;
    assert_eq!(due(&gateway).await, 0, "it is still in the dead one's hand");
    gateway.wait(41);
    assert_eq!(due(&gateway).await, 1);
    let messages = receiver.received();
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0].id(), messages[1].id());
    assert_eq!(deliveries(&gateway).await[0].outcome, Some(Outcome::Delivered));
}

async fn gateways_share_the_work(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = telling(gateway, &receiver, &[]).await;
    let url = receiver.url();
    let settings = config(&gateway.database_url(), &flags(&url, &[]));
    let second = App::open(settings, gateway.services.clock.clone())
        .await
        .expect("a second gateway");
    let product = gateway.root.product("Bolts", 1000).await;
    for _ in 0..60 {
        take_out(&gateway, product, 1).await;
    }
    let other = second.webhooks.as_ref().expect("webhooks are switched on");
    let (first, other) = tokio::join!(gateway.webhooks().run_due(), other.run_due());
    assert_eq!(first.expect("it runs") + other.expect("it runs"), 60);
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

async fn private_targets_are_refused_on_connect(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let more = ["--webhook-allow-private", "false"];
    let gateway = gateway.with(&flags("http://1.1.1.1/hook", &more)).await;
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
        take_out(&gateway, product, 1).await;
        assert_eq!(due(&gateway).await, 1);
        let delivery = &deliveries(&gateway).await[count];
        let error = delivery.last_error.as_deref().expect("a refusal");
        assert!(error.contains("private network"), "{error}");
        assert_eq!(delivery.outcome, None);
    }
    assert!(receiver.received().is_empty());
}
