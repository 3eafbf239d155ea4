//! Webhooks: what is committed is told, once and signed, whatever the receiver does; what is refused never is.

use std::sync::Arc;
use std::time::Duration;

use ::entity::delivery::{self, Outcome};
use ::entity::{endpoint, event};
use sea_orm::EntityTrait as _;
use serde_json::json;
use stockroom::app::App;
use stockroom::clock::Clock;
use stockroom::kind::Kind;
use stockroom::webhooks;

use crate::gateway::{Gateway, config};
use crate::receiver::{Reaction, Received, Receiver};

on_both![
    told_once_in_the_documented_shape,
    the_official_library_accepts_them,
    what_is_refused_is_not_told,
    low_stock_is_told_on_crossing,
    inflows_are_told_when_asked_for,
    tried_again_on_the_schedule_with_one_id,
    retry_after_is_honoured,
    redirects_are_failures,
    gone_ends_the_endpoint,
    a_dead_receiver_is_tried_again,
    what_hangs_fails_in_time,
    endless_answers_are_cut_off,
    a_hanging_receiver_slows_no_request,
    commits_wake_the_worker,
    told_after_a_kill_before_delivery,
    told_after_a_kill_during_delivery,
    gateways_share_the_work,
    off_costs_nothing,
    private_targets_are_refused_on_connect,
    old_events_are_cleared,
];

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The settings that send everything to one receiver, and more of them.
fn flags<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut flags = vec![
        "--webhook-enabled",
        "true",
        "--webhook-url",
        url,
        "--webhook-secret",
        SECRET,
    ];
    if !more.contains(&"--webhook-allow-private") {
        flags.extend(["--webhook-allow-private", "true"]);
    }
    flags.extend(more);
    flags
}

/// The same gateway with webhooks, whose worker only runs when it is told to.
async fn telling(gateway: Gateway, receiver: &Receiver, more: &[&str]) -> Gateway {
    let url = receiver.url();
    let gateway = gateway.with(&flags(&url, more)).await;
    webhooks::prepare(&gateway.app).await.expect("an endpoint");
    gateway
}

async fn due(gateway: &Gateway) -> usize {
    webhooks::run_due(&gateway.app).await.expect("it runs")
}

async fn take_out(gateway: &Gateway, product: i64, quantity: i64) -> i64 {
    let body = json!({ "product": product, "quantity": quantity });
    gateway.manager.make(Kind::Outflow, body).await
}

async fn deliveries(gateway: &Gateway) -> Vec<delivery::Model> {
    delivery::Entity::find().all(&gateway.app.db).await.expect("rows")
}

async fn events(gateway: &Gateway) -> usize {
    event::Entity::find()
        .all(&gateway.app.db)
        .await
        .expect("rows")
        .len()
}

fn names(received: &[Received]) -> Vec<String> {
    received.iter().map(Received::name).collect()
}

async fn told_once_in_the_documented_shape(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = telling(gateway, &receiver, &[]).await;
    let product = gateway.root.product("Água", 100).await;
    gateway.wait(60);
    let body = json!({ "product": product, "quantity": 7, "description": "Bulk sale" });
    let outflow = gateway.manager.make(Kind::Outflow, body).await;
    assert!(receiver.received().is_empty());

    gateway.wait(1);
    assert_eq!(due(&gateway).await, 1);
    assert_eq!(due(&gateway).await, 0);
    let received = receiver.received();
    assert_eq!(received.len(), 1);
    let message = &received[0];
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
        gateway.app.clock.now().timestamp().to_string()
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
    gateway.is_sound().await;
}

async fn stock_change_of(gateway: &Gateway, outflow: i64) -> i64 {
    use ::entity::stock_change;
    let entries = stock_change::Entity::find()
        .all(&gateway.app.db)
        .await
        .expect("rows");
    let entry = entries.iter().find(|entry| {
        entry.reason == stock_change::Reason::OutflowCreated && entry.movement_id == Some(outflow)
    });
    entry.expect("an entry").id
}

async fn the_official_library_accepts_them(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let url = receiver.url();
    // It compares with the machine's clock.
    let gateway = gateway.restarted(&flags(&url, &[]), Clock::system().now()).await;
    webhooks::prepare(&gateway.app).await.expect("an endpoint");
    let product = gateway.root.product("Água 日本", 6).await;
    take_out(&gateway, product, 1).await;
    assert_eq!(due(&gateway).await, 2);
    let official = standardwebhooks::Webhook::new(SECRET).unwrap();
    let other = standardwebhooks::Webhook::new("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
    for message in receiver.received() {
        official
            .verify(&message.body, &message.headers)
            .expect("a signature");
        assert!(other.verify(&message.body, &message.headers).is_err());
        let mut changed = message.body.to_vec();
        changed.push(b' ');
        assert!(official.verify(&changed, &message.headers).is_err());
    }
}

async fn what_is_refused_is_not_told(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = telling(gateway, &receiver, &[]).await;
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
    assert_eq!((events(&gateway).await, due(&gateway).await), (0, 0));

    // Of fifty at once for twenty in stock, each that is taken is told, and no other.
    let requests = (0..50).map(|_| {
        let manager = gateway.manager.clone();
        let body = json!({ "product": product, "quantity": 1 });
        async move { manager.post("outflows/", body).await }
    });
    let answers = futures_util::future::join_all(requests).await;
    let mut made: Vec<i64> = answers
        .iter()
        .filter(|answer| answer.status == 201)
        .map(|answer| answer.json()["id"].as_i64().expect("an id"))
        .collect();
    assert_eq!(made.len(), 20);
    assert_eq!(due(&gateway).await, 21);
    let received = receiver.received();
    let mut told: Vec<i64> = received
        .iter()
        .filter(|message| message.name() == "outflow.created")
        .map(|message| message.json()["data"]["id"].as_i64().expect("an id"))
        .collect();
    made.sort_unstable();
    told.sort_unstable();
    assert_eq!(made, told);
    let mut ids: Vec<&str> = received.iter().map(Received::id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 21);
}

async fn low_stock_is_told_on_crossing(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let more = [
        "--webhook-events",
        "product.low_stock",
        "--low-stock-threshold",
        "5",
    ];
    let gateway = telling(gateway, &receiver, &more).await;
    let root = &gateway.root;
    let product = root.product("Bolts", 10).await;
    let supplier = root.make(Kind::Supplier, json!({ "name": "A supplier" })).await;
    let path = format!("products/{product}/");
    let told = async || {
        due(&gateway).await;
        receiver.received().len()
    };
    take_out(&gateway, product, 4).await;
    assert_eq!(told().await, 0, "6 left");
    take_out(&gateway, product, 1).await;
    assert_eq!(told().await, 1, "5 left");
    take_out(&gateway, product, 1).await;
    assert_eq!(told().await, 1, "4 left, and low already");
    let body = json!({ "product": product, "supplier": supplier, "quantity": 6 });
    let inflow = root.make(Kind::Inflow, body).await;
    assert_eq!(told().await, 1, "10 left");
    root.delete(&format!("inflows/{inflow}/")).await.is(204, "");
    assert_eq!(told().await, 2, "4 left once the inflow is taken back");
    root.patch(&path, json!({ "quantity": 3 })).await.expect(200);
    assert_eq!(told().await, 2, "counted, and low already");
    root.patch(&path, json!({ "quantity": 6 })).await.expect(200);
    assert_eq!(told().await, 2, "counted, and no longer low");
    root.patch(&path, json!({ "quantity": 0, "title": "Nuts" }))
        .await
        .expect(200);
    assert_eq!(told().await, 3, "counted, and none left");
    root.product("Few from the start", 1).await;
    assert_eq!(told().await, 3, "no line is crossed by a beginning");

    let received = receiver.received();
    assert_eq!(names(&received), ["product.low_stock"; 3]);
    let balances: Vec<_> = received
        .iter()
        .map(|message| message.json()["data"]["balance"].clone())
        .collect();
    assert_eq!(balances, [5, 4, 0]);
    let data = received[2].json()["data"].clone();
    assert_eq!(
        data,
        json!({
            "ledger_id": data["ledger_id"], "product": { "id": product, "title": "Nuts" },
            "balance": 0, "threshold": 5,
        })
    );
    gateway.is_sound().await;
}

async fn inflows_are_told_when_asked_for(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = telling(gateway, &receiver, &[]).await;
    let product = gateway.root.product("Bolts", 10).await;
    let supplier = gateway
        .root
        .make(Kind::Supplier, json!({ "name": "A supplier" }))
        .await;
    let body = json!({ "product": product, "supplier": supplier, "quantity": 6 });
    gateway.root.make(Kind::Inflow, body.clone()).await;
    assert_eq!((events(&gateway).await, due(&gateway).await), (0, 0));

    let gateway = telling(gateway, &receiver, &["--webhook-events", "inflow.created"]).await;
    let inflow = gateway.root.make(Kind::Inflow, body).await;
    take_out(&gateway, product, 20).await;
    assert_eq!((events(&gateway).await, due(&gateway).await), (1, 1));
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
    let received = receiver.received();
    assert_eq!(received.len(), 3);
    assert!(received.iter().all(|message| message.id() == received[0].id()));
    assert!(received.iter().all(|message| message.body == received[0].body));
    let times: Vec<&str> = received
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
    let deliveries = deliveries(&gateway).await;
    assert_eq!(deliveries.len(), 5);
    assert!(
        deliveries
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
    let endpoint = endpoint::Entity::find()
        .one(&gateway.app.db)
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
        .one(&gateway.app.db)
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
        let tried = tokio::time::timeout(Duration::from_secs(60), due(&gateway)).await;
        assert_eq!(tried.expect("long before the time limit"), 1);
        assert_eq!(deliveries(&gateway).await.last().unwrap().outcome, outcome);
    }
}

async fn a_hanging_receiver_slows_no_request(gateway: Gateway) {
    let receiver = Receiver::start().await;
    receiver.reacts(Reaction::Hang);
    let gateway = telling(gateway, &receiver, &["--webhook-timeout", "300"]).await;
    webhooks::start(&gateway.app).await.expect("a worker");
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
    gateway.app.stop();
}

async fn commits_wake_the_worker(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = telling(gateway, &receiver, &[]).await;
    webhooks::start(&gateway.app).await.expect("a worker");
    let product = gateway.root.product("Bolts", 1000).await;
    for _ in 0..100 {
        take_out(&gateway, product, 1).await;
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
    // What is under way is written down before the end.
    gateway.app.stop();
    gateway.app.webhooks.as_ref().expect("webhooks").ended().await;
    assert!(
        deliveries(&gateway)
            .await
            .iter()
            .all(|delivery| delivery.outcome == Some(Outcome::Delivered))
    );
}

async fn told_after_a_kill_before_delivery(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = telling(gateway, &receiver, &[]).await;
    let product = gateway.root.product("Bolts", 100).await;
    take_out(&gateway, product, 1).await;
    let gateway = telling(gateway, &receiver, &[]).await;
    assert_eq!(due(&gateway).await, 1);
    assert_eq!(names(&receiver.received()), ["outflow.created"]);
}

async fn told_after_a_kill_during_delivery(gateway: Gateway) {
    let receiver = Receiver::start().await;
    receiver.reacts(Reaction::Hang);
    let gateway = telling(gateway, &receiver, &["--webhook-timeout", "10"]).await;
    let product = gateway.root.product("Bolts", 100).await;
    take_out(&gateway, product, 1).await;
    let app = Arc::clone(&gateway.app);
    let killed = tokio::spawn(async move { webhooks::run_due(&app).await.map(|_| ()) });
    receiver.wait_for(1).await;
    killed.abort();
    assert!(killed.await.unwrap_err().is_cancelled());

    receiver.reacts(Reaction::Status(200));
    let gateway = telling(gateway, &receiver, &["--webhook-timeout", "10"]).await;
    assert_eq!(due(&gateway).await, 0, "it is still in the dead one's hand");
    gateway.wait(41);
    assert_eq!(due(&gateway).await, 1);
    let received = receiver.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].id(), received[1].id());
    assert_eq!(deliveries(&gateway).await[0].outcome, Some(Outcome::Delivered));
}

async fn gateways_share_the_work(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = telling(gateway, &receiver, &[]).await;
    let url = receiver.url();
    let settings = config(&gateway.database_url(), &flags(&url, &[]));
    let second = App::open(settings, gateway.app.clock.clone())
        .await
        .expect("a second gateway");
    let product = gateway.root.product("Bolts", 1000).await;
    for _ in 0..60 {
        take_out(&gateway, product, 1).await;
    }
    let (first, other) = tokio::join!(webhooks::run_due(&gateway.app), webhooks::run_due(&second));
    assert_eq!(first.expect("it runs") + other.expect("it runs"), 60);
    let received = receiver.received();
    let mut ids: Vec<&str> = received.iter().map(Received::id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((received.len(), ids.len()), (60, 60));
    assert!(
        deliveries(&gateway)
            .await
            .iter()
            .all(|delivery| delivery.outcome == Some(Outcome::Delivered))
    );
    second.db.close().await;
}

async fn off_costs_nothing(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 1000).await;
    take_out(&gateway, product, 1).await;
    let (off, _) = gateway.statements(take_out(&gateway, product, 1)).await;
    assert_eq!(events(&gateway).await, 0);
    let is_sqlite = gateway.database_url().starts_with("sqlite");

    let receiver = Receiver::start().await;
    let gateway = telling(gateway, &receiver, &[]).await;
    take_out(&gateway, product, 1).await;
    let (on, _) = gateway.statements(take_out(&gateway, product, 1)).await;
    assert_eq!(events(&gateway).await, 2);
    // A part of PostgreSQL's one statement; two more on SQLite, where none waits for a network.
    assert_eq!(on, if is_sqlite { off + 2 } else { off });
}

async fn private_targets_are_refused_on_connect(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let more = ["--webhook-allow-private", "false"];
    let gateway = gateway.with(&flags("http://1.1.1.1/hook", &more)).await;
    webhooks::prepare(&gateway.app).await.expect("an endpoint");
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

async fn old_events_are_cleared(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = telling(gateway, &receiver, &[]).await;
    let product = gateway.root.product("Bolts", 100).await;
    take_out(&gateway, product, 1).await;
    assert_eq!(due(&gateway).await, 1);
    take_out(&gateway, product, 1).await;
    gateway.wait(31 * 24 * 3600);
    webhooks::outbox::clear(&gateway.app).await.expect("it clears");
    let left = deliveries(&gateway).await;
    assert_eq!((events(&gateway).await, left.len()), (1, 1));
    assert!(left[0].due_at.is_some(), "what is still to be told stays");
    assert_eq!(due(&gateway).await, 1);
    gateway.is_sound().await;
}

/// Settings that can't work end the start, in words, and none of them shows the secret.
#[tokio::test]
async fn bad_settings_are_refused_at_the_start() {
    let directory = tempfile::tempdir().expect("a directory");
    let url = format!("sqlite://{}", directory.path().join("test.db").display());
    let enabled = ["--webhook-enabled", "true"];
    let target = ["--webhook-url", "https://example.com/"];
    let secret = ["--webhook-secret", SECRET];
    let cases = [
        (vec![enabled], "WEBHOOK_URL is not"),
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
        let shown = format!("{settings:?}");
        let error = App::open(settings, Clock::system())
            .await
            .err()
            .expect("a refusal");
        let said = format!("{error:?}");
        assert!(said.contains(expected), "{said}");
        assert!(
            !said.contains(&SECRET[6..]) && !shown.contains(&SECRET[6..]),
            "{shown}"
        );
    }
}
