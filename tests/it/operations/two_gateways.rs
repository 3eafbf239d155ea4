//! Two gateways share a database and a Redis server, and one gateway is killed: clients of the other are not affected,
//! and no data is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ::entity::delivery::{self, Outcome};
use ::entity::{outflow, stock_change};
use reqwest::Method;
use sea_orm::{EntityTrait as _, QueryOrder as _, QuerySelect as _};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::actors::Actor;
use crate::support::api::Api;
use crate::support::gateway::{Gateway, run};
use crate::support::program::Program;
use crate::support::redis::Redis;
use crate::support::test_database::{Database, PASSWORD};
use crate::support::webhook_receiver::{Reaction, Receiver, SECRET, deliveries};

/// The time limit of every step.
const TIMEOUT: Duration = Duration::from_secs(60);
const QUIET: (&str, &str) = ("RUST_LOG", "off,stockroom::cli=info");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_are_shared_and_kept_when_a_gateway_is_killed() {
    run(Database::Postgres, Api::Rest, exceed_a_shared_limit).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_ended_on_one_gateway_end_on_the_other() {
    run(Database::Postgres, Api::Rest, end_sessions).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_event_is_lost_when_a_gateway_is_killed() {
    run(Database::Postgres, Api::Rest, kill_a_gateway_under_load).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateways_can_start_together_on_an_empty_database() {
    run(Database::Postgres, Api::Rest, start_on_an_empty_database).await;
}

/// The same user at another gateway.
fn user_at(program: &Program, token: &str) -> Actor {
    Actor::new(
        &reqwest::Client::new(),
        program.address,
        Some(token.to_owned()),
        "the same user",
    )
}

async fn exceed_a_shared_limit(gateway: Gateway) {
    let Some(redis) = Redis::empty().await else { return };
    let settings = [QUIET, ("RATE_LIMIT_ENABLED", "true"), ("REDIS_URL", &*redis.url)];
    let url = gateway.database_url();
    let (mut first, second) = tokio::join!(Program::serve(&url, &settings), Program::serve(&url, &settings));
    let viewer = first.user("viewer").await;
    let same_user = user_at(&second, viewer.token.as_deref().expect("a token"));
    for _ in 0..30 {
        viewer.get("brands/").await.expect(200);
        same_user.get("brands/").await.expect(200);
    }
    first.kill();
    first.wait_for_exit().await;
    for _ in 0..40 {
        same_user.get("brands/").await.expect(200);
    }
    same_user
        .get("brands/")
        .await
        .expect_error(429, "TOO_MANY_REQUESTS");
}

async fn end_sessions(gateway: Gateway) {
    let url = gateway.database_url();
    let (first, second) = tokio::join!(Program::serve(&url, &[QUIET]), Program::serve(&url, &[QUIET]));
    let login = json!({ "username": "manager", "password": PASSWORD });
    let pair = first
        .anon()
        .post("authentication/token/", login)
        .await
        .expect(200);
    let token = pair["access"].as_str().expect("a token");
    let (at_first, at_second) = (user_at(&first, token), user_at(&second, token));
    // Both cache the user.
    at_first.get("brands/").await.expect(200);
    at_second.get("brands/").await.expect(200);
    let refresh = json!({ "refresh": pair["refresh"] });
    let ended = first.anon().post("authentication/logout/", refresh.clone()).await;
    assert!((200..300).contains(&ended.status), "{}", ended.text);
    at_second.get("brands/").await.expect(401);
    at_first.get("brands/").await.expect(401);
    second
        .anon()
        .post("authentication/token/refresh/", refresh)
        .await
        .expect(401);

    let viewer = second.user("viewer").await;
    viewer.get("brands/").await.expect(200);
    user_at(&first, viewer.token.as_deref().expect("a token"))
        .get("brands/")
        .await
        .expect(200);
    crate::support::command::run_ok(&url, &["user", "deactivate", "viewer"], "");
    viewer.get("brands/").await.expect(401);
    user_at(&first, viewer.token.as_deref().expect("a token"))
        .get("brands/")
        .await
        .expect(401);
}

/// Collects the ids of ledger entries from server-sent events until dropped.
struct Listener {
    received: Arc<Mutex<Vec<i64>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Listener {
    async fn start(actor: &Actor, after: i64) -> Self {
        let query = "subscription($after: ID!) { stockChanged(after: $after) { id } }";
        let mut response = actor
            .request(Method::POST, "/graphql")
            .header("accept", "text/event-stream")
            .json(&json!({ "query": query, "variables": { "after": after.to_string() } }))
            .send()
            .await
            .expect("a response");
        assert_eq!(response.status(), 200);
        // After the first keep-alive the subscription is active.
        let mut text = response
            .chunk()
            .await
            .expect("a stream")
            .expect("a keep-alive")
            .to_vec();
        let received = Arc::<Mutex<Vec<i64>>>::default();
        let ids = Arc::clone(&received);
        let task = tokio::spawn(async move {
            while let Ok(Some(chunk)) = response.chunk().await {
                text.extend(&chunk);
                while let Some(end) = text.windows(2).position(|two| two == b"\n\n") {
                    let event: Vec<u8> = text.drain(..end + 2).collect();
                    let event = String::from_utf8(event).expect("a text");
                    if let Some((_, data)) = event.split_once("data: ") {
                        let data: Value = serde_json::from_str(data).expect("JSON");
                        let id = data["data"]["stockChanged"]["id"].as_str();
                        let id = id.unwrap_or_else(|| panic!("{data}")).parse().expect("an id");
                        ids.lock().unwrap().push(id);
                    }
                }
            }
        });
        Self { received, task }
    }

    fn received(&self) -> Vec<i64> {
        self.received.lock().unwrap().clone()
    }

    async fn wait_for(&self, last: i64) -> Vec<i64> {
        let begin = Instant::now();
        while self.received().last() != Some(&last) {
            assert!(
                begin.elapsed() < TIMEOUT,
                "received up to {:?}, not {last}",
                self.received().last()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.received()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn kill_a_gateway_under_load(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let hook = receiver.url();
    let settings = [
        QUIET,
        ("WEBHOOK_ENABLED", "true"),
        ("WEBHOOK_URL", &*hook),
        ("WEBHOOK_SECRET", SECRET),
        ("WEBHOOK_ALLOW_PRIVATE", "true"),
        // The leases of the killed gateway expire after this and another half minute.
        ("WEBHOOK_TIMEOUT", "1"),
        ("WEBHOOK_EVENTS", "outflow.created"),
    ];
    let url = gateway.database_url();
    let (mut first, second) = tokio::join!(Program::serve(&url, &settings), Program::serve(&url, &settings));
    let manager = first.user("manager").await;
    let same_user = user_at(&second, manager.token.as_deref().expect("a token"));
    let product = manager.product("Tea", 1_000_000).await;
    let before = last_entry(&gateway).await;
    // The streams begin after a given entry, because the start of a stream without a position can't be observed.
    let on_survivor = Listener::start(&same_user, before).await;
    let on_killed = Listener::start(&manager, before).await;

    let (acknowledged, stop) = (
        Arc::<Mutex<BTreeSet<i64>>>::default(),
        Arc::<AtomicBool>::default(),
    );
    let mut clients = JoinSet::new();
    for client in 0..12 {
        let actor = if client % 2 == 0 {
            manager.clone()
        } else {
            same_user.clone()
        };
        let (acknowledged, stop) = (Arc::clone(&acknowledged), Arc::clone(&stop));
        let survives = client % 2 == 1;
        clients.spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                let outflow = json!({ "product": product, "quantity": 1 });
                let sent = actor
                    .request(Method::POST, "outflows/")
                    .json(&outflow)
                    .send()
                    .await;
                let created = match sent {
                    Ok(response) => {
                        assert_eq!(response.status(), 201);
                        response.json::<Value>().await
                    }
                    Err(error) => Err(error),
                };
                match created {
                    Ok(created) => acknowledged
                        .lock()
                        .unwrap()
                        .insert(created["id"].as_i64().expect("an id")),
                    Err(error) if survives => panic!("{error:?}"),
                    Err(_) => return,
                };
            }
        });
    }
    let wait_for_outflows = async |count: usize| {
        let begin = Instant::now();
        while acknowledged.lock().unwrap().len() < count {
            assert!(
                begin.elapsed() < TIMEOUT,
                "only {}",
                acknowledged.lock().unwrap().len()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    wait_for_outflows(150).await;
    // Both have pending webhook deliveries when one is killed.
    receiver.set_reaction(Reaction::Hang);
    wait_for_outflows(250).await;
    first.kill();
    first.wait_for_exit().await;
    receiver.set_reaction(Reaction::Status(204));
    let received_before = on_killed.received();
    let count_at_kill = acknowledged.lock().unwrap().len();
    wait_for_outflows(count_at_kill + 100).await;
    stop.store(true, Ordering::SeqCst);
    clients.join_all().await;

    // The remaining gateway publishes every entry, once and in order. Clients of the killed one reconnect to it and miss
    // none.
    let ledger = entries(&gateway, before).await;
    let last = *ledger.last().expect("entries");
    assert_eq!(on_survivor.wait_for(last).await, ledger);
    let last_received = *received_before.last().expect("some entries were received");
    assert!(ledger.starts_with(&received_before), "{received_before:?}");
    let resumed = Listener::start(&same_user, last_received).await;
    assert_eq!([received_before, resumed.wait_for(last).await].concat(), ledger);

    // Exactly the committed movements are delivered, each under one id.
    let committed = outflows(&gateway).await;
    assert!(acknowledged.lock().unwrap().is_subset(&committed));
    let begin = Instant::now();
    let received = loop {
        let mut received: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
        for message in receiver.received() {
            let id = message.json()["data"]["id"].as_i64().expect("an id");
            received.entry(id).or_default().insert(message.id().to_owned());
        }
        if received.len() >= committed.len() || begin.elapsed() > TIMEOUT {
            break received;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    println!(
        "{} committed, {} acknowledged, {} messages, all received after {:?}",
        committed.len(),
        acknowledged.lock().unwrap().len(),
        receiver.received().len(),
        begin.elapsed()
    );
    assert_eq!(received.keys().copied().collect::<BTreeSet<_>>(), committed);
    assert!(received.values().all(|names| names.len() == 1), "{received:?}");
    // Deliveries leased by the killed gateway are sent again and recorded like the others.
    let is_open = |delivery: &delivery::Model| delivery.outcome != Some(Outcome::Delivered);
    while deliveries(&gateway).await.iter().any(is_open) {
        assert!(begin.elapsed() < TIMEOUT, "some events are not delivered");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    println!("all delivered after {:?}", begin.elapsed());
    gateway.assert_invariants().await;
}

async fn last_entry(gateway: &Gateway) -> i64 {
    entries(gateway, 0).await.last().copied().unwrap_or_default()
}

/// The ids of the ledger's entries after the entry with this id.
async fn entries(gateway: &Gateway, after: i64) -> Vec<i64> {
    let ids: Vec<i64> = stock_change::Entity::find()
        .select_only()
        .column(stock_change::Column::Id)
        .order_by_asc(stock_change::Column::Id)
        .into_tuple()
        .all(&gateway.services.db)
        .await
        .expect("rows");
    ids.into_iter().filter(|id| *id > after).collect()
}

async fn outflows(gateway: &Gateway) -> BTreeSet<i64> {
    let ids: Vec<i64> = outflow::Entity::find()
        .select_only()
        .column(outflow::Column::Id)
        .into_tuple()
        .all(&gateway.services.db)
        .await
        .expect("rows");
    ids.into_iter().collect()
}

async fn start_on_an_empty_database(gateway: Gateway) {
    let database = gateway.stop().await;
    let url = database.url();
    let steps = crate::support::command::run_ok(&url, &["migrate", "status"], "")
        .lines()
        .count()
        .to_string();
    crate::support::command::run_ok(&url, &["migrate", "down", &steps, "--yes"], "");
    let (first, second, third) = tokio::join!(
        Program::serve(&url, &[QUIET]),
        Program::serve(&url, &[QUIET]),
        Program::serve(&url, &[QUIET])
    );
    for program in [&first, &second, &third] {
        program.anon().get("/readyz").await.expect(200);
    }
    crate::support::command::run_ok(&url, &["check"], "");
}
