//! Webhook deliveries despite failures: receivers that are down, fail, hang or redirect; killed programs; two gateways.
//! Each committed outflow is delivered at least once with the same id, a rejected one never, and no request is delayed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ::entity::outflow;
use sea_orm::{EntityTrait as _, QuerySelect as _};
use serde_json::{Value, json};
use stockroom::app::App;
use stockroom::clock::Clock;

use crate::support::gateway::{Gateway, config};
use crate::support::program::{Program, command};
use crate::support::webhook_receiver::{
    MANAGED, ManagedEndpoint, Reaction, Received, Receiver, create_outflow, deliveries, send_due,
    with_managed_endpoints,
};

on_both_databases![
    unresponsive_receivers_do_not_delay_deliveries,
    deliveries_succeed_after_every_failure,
    two_gateways_share_endpoints,
    events_are_delivered_after_kills,
];

async fn unresponsive_receivers_do_not_delay_deliveries(gateway: Gateway) {
    let (hanging, responsive) = (Receiver::start().await, Receiver::start().await);
    hanging.set_reaction(Reaction::Hang);
    let gateway = with_managed_endpoints(gateway, &["--webhook-timeout", "300"]).await;
    for _ in 0..49 {
        ManagedEndpoint::make(&gateway, &hanging.url(), &["outflow.created"]).await;
    }
    ManagedEndpoint::make(&gateway, &responsive.url(), &["outflow.created"]).await;
    gateway.webhooks().start().await.expect("a worker");
    let product = gateway.root.product("Bolts", 1000).await;
    // The hanging receivers use all of their slots.
    for _ in 0..8 {
        create_outflow(&gateway, product, 1).await;
    }
    hanging.wait_for(49 * 8).await;
    for _ in 0..30 {
        create_outflow(&gateway, product, 1).await;
    }
    let messages = responsive.wait_for(38).await;
    let ids: BTreeSet<&str> = messages.iter().map(Received::id).collect();
    assert_eq!(
        (messages.len(), ids.len(), hanging.received().len()),
        (38, 38, 49 * 8)
    );
    gateway.services.stop();
}

/// The ids of the messages for each outflow.
fn ids_by_outflow(messages: &[Received]) -> BTreeMap<i64, BTreeSet<String>> {
    let mut delivered: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
    for message in messages {
        let outflow = message.json()["data"]["id"].as_i64().expect("an id");
        delivered
            .entry(outflow)
            .or_default()
            .insert(message.id().to_owned());
    }
    delivered
}

async fn deliveries_succeed_after_every_failure(gateway: Gateway) {
    let (receiver, redirect_target) = (Receiver::start().await, Receiver::start().await);
    let schedule = [
        "--webhook-retry-schedule",
        "10,10,10,10,10,10",
        "--webhook-timeout",
        "1",
    ];
    let gateway = with_managed_endpoints(gateway, &schedule).await;
    let endpoint = ManagedEndpoint::make(&gateway, &receiver.url(), &["outflow.created"]).await;
    let product = gateway.root.product("Bolts", 40).await;
    let unreachable_url = format!("http://127.0.0.1:{}/", closed_port());
    let mut created = BTreeSet::new();
    for (reaction, url) in [
        (Reaction::Status(500), receiver.url()),
        (Reaction::Hang, receiver.url()),
        (
            Reaction::Header(307, "location", redirect_target.url()),
            receiver.url(),
        ),
        (Reaction::Endless(502), receiver.url()),
        (Reaction::Status(204), unreachable_url),
    ] {
        receiver.set_reaction(reaction.clone());
        endpoint.patch(&gateway, json!({ "url": url })).await;
        created.insert(create_outflow(&gateway, product, 3).await);
        created.insert(create_outflow(&gateway, product, 3).await);
        let too_many = json!({ "product": product, "quantity": 1_000 });
        gateway.manager.post("outflows/", too_many).await.expect(422);
        gateway.advance_clock(13);
        assert_eq!(send_due(&gateway).await, created.len(), "{reaction:?}");
    }
    receiver.set_reaction(Reaction::Status(204));
    endpoint.patch(&gateway, json!({ "url": receiver.url() })).await;
    gateway.advance_clock(13);
    assert_eq!(send_due(&gateway).await, 10);
    let delivered = ids_by_outflow(&receiver.received());
    assert_eq!(delivered.keys().copied().collect::<BTreeSet<_>>(), created);
    assert!(delivered.values().all(|ids| ids.len() == 1), "{delivered:?}");
    assert!(redirect_target.received().is_empty());
    let first = endpoint.deliveries(&gateway).await.pop().expect("the first");
    let errors: Vec<&Value> = first["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attempt| &attempt["error"])
        .collect();
    assert_eq!(
        errors,
        [
            "the receiver responded with status 500",
            "it did not respond in time",
            "the receiver responded with status 307",
            "the receiver responded with status 502",
            "it refused the connection",
        ]
        .iter()
        .map(|error| json!(error))
        .chain([Value::Null])
        .collect::<Vec<_>>()
        .iter()
        .collect::<Vec<_>>()
    );
}

/// An unused port.
fn closed_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

async fn two_gateways_share_endpoints(gateway: Gateway) {
    let receivers = [
        Receiver::start().await,
        Receiver::start().await,
        Receiver::start().await,
    ];
    let gateway = with_managed_endpoints(gateway, &[]).await;
    let second = gateway.another(&MANAGED).await;
    // Endpoints that are created at one gateway are visible at both.
    for (receiver, at) in receivers.iter().zip([&gateway, &second, &gateway]) {
        ManagedEndpoint::make(at, &receiver.url(), &["outflow.created"]).await;
    }
    for gateway in [&gateway, &second] {
        gateway.webhooks().start().await.expect("a worker");
    }
    let product = gateway.root.product("Bolts", 1000).await;
    let sales = (0..60).map(|sale| {
        let at = if sale % 2 == 0 { &gateway } else { &second };
        create_outflow(at, product, 1)
    });
    let created: BTreeSet<i64> = futures_util::future::join_all(sales).await.into_iter().collect();
    let mut ids = Vec::new();
    for receiver in &receivers {
        let delivered = ids_by_outflow(&receiver.wait_for(60).await);
        assert_eq!(delivered.keys().copied().collect::<BTreeSet<_>>(), created);
        ids.push(delivered);
    }
    // An event has the same id for every endpoint, regardless of the sending gateway.
    assert!(ids.iter().all(|delivered| *delivered == ids[0]));
    assert!(ids[0].values().all(|ids| ids.len() == 1));
    for gateway in [&gateway, &second] {
        gateway.services.stop();
        gateway.wait_for_background_tasks().await;
    }
    assert!(receivers.iter().all(|receiver| receiver.received().len() == 60));
    assert!(
        deliveries(&gateway)
            .await
            .iter()
            .all(|delivery| delivery.attempts == 1)
    );
    second.stop().await;
}

/// The number of kills.
const ROUNDS: usize = 4;

async fn events_are_delivered_after_kills(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = with_managed_endpoints(gateway, &[]).await;
    ManagedEndpoint::make(&gateway, &receiver.url(), &["outflow.created"]).await;
    let product = gateway.root.product("Bolts", 1_000_000).await;
    let database = gateway.stop().await;
    let settings = [("WEBHOOK_ENABLED", "true"), ("WEBHOOK_ALLOW_PRIVATE", "true")];
    let acknowledged = Mutex::new(BTreeSet::new());
    let mut access = None;
    for round in 0..ROUNDS {
        let mut program = Program::serve(&database.url(), &settings).await;
        let token = match access.take() {
            Some(token) => token,
            None => program.user("manager").await.token.expect("a token"),
        };
        let (address, response_count) = (program.address, AtomicUsize::new(0));
        let program_to_kill = Mutex::new(Some(&mut program));
        let clients = (0..4).map(|_| async {
            let http = reqwest::Client::new();
            let sell = async |quantity: i64| {
                let response = http
                    .post(format!("http://{address}/api/v1/outflows/"))
                    .bearer_auth(&token)
                    .json(&json!({ "product": product, "quantity": quantity }))
                    .send()
                    .await
                    .ok()?;
                let status = response.status().as_u16();
                Some((status, response.json::<Value>().await.ok()?))
            };
            loop {
                let Some((status, refused)) = sell(2_000_000).await else {
                    return;
                };
                assert_eq!(status, 422, "{refused}");
                let Some((status, created)) = sell(1).await else {
                    return;
                };
                assert_eq!(status, 201, "{created}");
                acknowledged
                    .lock()
                    .unwrap()
                    .insert(created["id"].as_i64().expect("an id"));
                // The program is killed at this response, while other requests are pending and messages are being sent.
                if response_count.fetch_add(1, Ordering::SeqCst) == 15 + round * 9
                    && let Some(program) = program_to_kill.lock().unwrap().take()
                {
                    program.kill();
                }
            }
        });
        futures_util::future::join_all(clients).await;
        program.wait_for_exit().await;
        access = Some(token);
    }
    let check = command(&database.url())
        .arg("check")
        .output()
        .expect("the process starts");
    assert!(
        check.status.success(),
        "{}",
        String::from_utf8_lossy(&check.stdout)
    );

    // By this time, the leases of the killed programs have expired.
    let clock = Clock::manual(Clock::system().now());
    clock.advance(Duration::from_secs(120));
    let app = App::open(config(&database.url(), &MANAGED), clock)
        .await
        .expect("a database");
    let worker = app.webhooks.as_ref().expect("webhooks are enabled");
    worker.run_due().await.expect("the worker runs");
    let created: Vec<i64> = outflow::Entity::find()
        .select_only()
        .column(outflow::Column::Id)
        .into_tuple()
        .all(&app.services.db)
        .await
        .unwrap();
    let delivered = ids_by_outflow(&receiver.received());
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(acknowledged.len() >= ROUNDS * 15, "{}", acknowledged.len());
    assert!(
        acknowledged.iter().all(|id| delivered.contains_key(id)),
        "an acknowledged outflow is not delivered"
    );
    // Every committed outflow is delivered with one id, whether it was acknowledged or not.
    assert_eq!(
        delivered.keys().copied().collect::<BTreeSet<_>>(),
        created.into_iter().collect()
    );
    assert!(delivered.values().all(|ids| ids.len() == 1), "{delivered:?}");
    assert_eq!(worker.run_due().await.expect("the worker runs"), 0);
    app.services.db.close().await;
}
