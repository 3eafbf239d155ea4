//! Connections to the database and to Redis are closed at random under load. Every task and stream continues, and no entry is
//! lost or delivered twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::actors::Actor;
use crate::support::cluster::Cluster;
use crate::support::command::run_ok;
use crate::support::event_stream::EventStream;
use crate::support::program::Program;
use crate::support::redis::{Proxy, Redis};
use crate::support::waiting::wait_until;
use crate::support::webhook_receiver::{Receiver, SECRET};
use crate::support::websocket_client::{ServerFrame, Socket};

/// The seed of the random numbers; printed, so that a failure can be reproduced.
const SEED: u64 = 2_024_011_510;
/// How long connections are closed at random.
const DISRUPTION: Duration = Duration::from_secs(10);
/// The time limit for the deliveries that are missing afterwards. If a worker has lost its connection, its deliveries are sent
/// again when their leases expire, after half a minute.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(50);
const CHANGES: &str = "subscription($after: ID) { stockChanged(after: $after) { id product { id } } }";

/// A linear congruential generator.
struct Random(u64);

impl Random {
    /// A number below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// The entries that a subscriber has received. After a reconnection it continues with the next one.
#[derive(Clone, Default)]
struct Received(Arc<Mutex<Vec<i64>>>);

impl Received {
    fn last(&self) -> i64 {
        self.0.lock().unwrap().last().copied().unwrap_or_default()
    }

    fn add(&self, data: &Value) {
        let id = data["stockChanged"]["id"].as_str().expect("an id");
        self.0.lock().unwrap().push(id.parse().expect("a number"));
    }

    fn after(&self) -> Value {
        json!({ "after": self.last().to_string() })
    }

    /// Subscribes over WebSocket. The server may close the connection, but must not send `complete` or an error.
    async fn subscribe_by_socket(self, actor: Actor) {
        loop {
            let mut socket = Socket::open(&actor).await;
            socket.init(actor.token.as_deref()).await;
            let mut is_acknowledged = false;
            loop {
                match socket.next().await {
                    ServerFrame::Message(message)
                        if message["type"] == "connection_ack" && !is_acknowledged =>
                    {
                        is_acknowledged = true;
                        socket.subscribe("1", CHANGES, self.after()).await;
                    }
                    ServerFrame::Message(message) => {
                        assert_eq!(message["type"], "next", "{message}");
                        assert!(message["payload"].get("errors").is_none(), "{message}");
                        self.add(&message["payload"]["data"]);
                    }
                    ServerFrame::Closed(code, reason) => {
                        assert_eq!(code, 1013, "{reason}");
                        break;
                    }
                }
            }
        }
    }

    /// Subscribes as server-sent events. The stream may end, but without `complete`.
    async fn subscribe_by_events(self, actor: Actor) {
        loop {
            let mut events = match EventStream::try_open(&actor, CHANGES, self.after()).await {
                Ok(events) => events,
                Err(status) => {
                    assert_eq!(status, 503);
                    tokio::time::sleep(Duration::from_millis(30)).await;
                    continue;
                }
            };
            while let Some((kind, payload)) = events.next().await {
                // While the login can't be verified, the stream has only this error.
                if payload["errors"][0]["extensions"]["code"] == "UNAVAILABLE" {
                    break;
                }
                assert_eq!(kind, "next", "{payload}");
                assert!(payload.get("errors").is_none(), "{payload}");
                self.add(&payload["data"]);
            }
        }
    }
}

/// Creates outflows, each with an idempotency key and repeated until it is confirmed; returns their ids.
async fn sell(actor: Actor, client: usize, products: [i64; 3], stop: Arc<AtomicBool>) -> Vec<i64> {
    let mut outflows = Vec::new();
    for number in 0.. {
        if stop.load(Ordering::SeqCst) {
            return outflows;
        }
        let outflow = json!({ "product": products[(client + number) % 3], "quantity": 1 });
        let id = loop {
            let request = actor
                .request(Method::POST, "outflows/")
                .header("idempotency-key", format!("{client}-{number}"))
                .json(&outflow);
            let response = request.send().await.expect("a response");
            match response.status().as_u16() {
                201 => {
                    break response.json::<Value>().await.expect("JSON")["id"]
                        .as_i64()
                        .expect("an id");
                }
                // The database is unavailable, or the first request with this key is still running.
                503 | 409 => tokio::time::sleep(Duration::from_millis(30)).await,
                other => panic!("{other}: {}", response.text().await.expect("a text")),
            }
        };
        outflows.push(id);
    }
    outflows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_entry_is_lost_while_connections_are_closed() {
    let (Some(mut cluster), Some(redis)) = (Cluster::start(&[]).await, Redis::empty().await) else {
        return;
    };
    println!("seed {SEED}");
    let mut random = Random(SEED);
    let mut proxy = Some(Proxy::to(redis.address, None).await);
    let proxy_address = proxy.as_ref().expect("a proxy").address;
    let receiver = Receiver::start().await;
    let (hook, redis_url) = (receiver.url(), redis.through(proxy_address));
    let settings = [
        ("RUST_LOG", "off,stockroom::cli=info"),
        ("REDIS_URL", &*redis_url),
        ("WEBHOOK_ENABLED", "true"),
        ("WEBHOOK_URL", &*hook),
        ("WEBHOOK_SECRET", SECRET),
        ("WEBHOOK_ALLOW_PRIVATE", "true"),
        ("WEBHOOK_TIMEOUT", "1"),
        ("WEBHOOK_EVENTS", "outflow.created"),
    ];
    let program = Program::serve(&cluster.url(), &settings).await;
    let admin = program.user("admin").await;
    let mut products = [0; 3];
    for product in &mut products {
        *product = admin.product("Tea", 1_000_000).await;
    }
    let mut streams = JoinSet::new();
    let received: Vec<Received> = (0..6).map(|_| Received::default()).collect();
    for (number, received) in received.iter().enumerate() {
        if number % 2 == 0 {
            streams.spawn(received.clone().subscribe_by_socket(admin.clone()));
        } else {
            streams.spawn(received.clone().subscribe_by_events(admin.clone()));
        }
    }
    let stop = Arc::<AtomicBool>::default();
    let mut sellers = JoinSet::new();
    for client in 0..8 {
        sellers.spawn(sell(admin.clone(), client, products, Arc::clone(&stop)));
    }

    let (begin, mut closed_connections, mut is_restarted) = (Instant::now(), 0, false);
    while begin.elapsed() < DISRUPTION {
        tokio::time::sleep(Duration::from_millis(80 + random.below(250))).await;
        if !is_restarted && begin.elapsed() > DISRUPTION / 2 {
            is_restarted = true;
            cluster.crash();
            tokio::time::sleep(Duration::from_millis(random.below(500))).await;
            cluster.restart().await;
            continue;
        }
        match (random.below(4), proxy.take()) {
            (0, Some(open)) => open.cut().await,
            (_, None) => proxy = Some(Proxy::to(redis.address, Some(proxy_address)).await),
            (choice, open) => {
                proxy = open;
                let limit = if choice == 1 {
                    "ORDER BY random() LIMIT 2"
                } else {
                    ""
                };
                let sql = format!(
                    "SELECT COUNT(pg_terminate_backend(pid)) AS number FROM
                     (SELECT pid FROM pg_stat_activity WHERE usename = 'shop' {limit}) AS session"
                );
                closed_connections += cluster.number(&sql).await;
            }
        }
        // A failed login counts in Redis, or in memory while Redis is unreachable.
        let login = json!({ "username": "admin", "password": "wrong" });
        let status = program.anon().post("authentication/token/", login).await.status;
        assert!([401, 429, 503].contains(&status), "{status}");
    }
    stop.store(true, Ordering::SeqCst);
    let outflows: Vec<i64> = sellers.join_all().await.into_iter().flatten().collect();
    let distinct: BTreeSet<i64> = outflows.iter().copied().collect();
    println!(
        "{} outflows, {closed_connections} connections closed",
        outflows.len()
    );
    assert!(
        outflows.len() > 50 && closed_connections > 20,
        "{} {closed_connections}",
        outflows.len()
    );
    assert_eq!(distinct.len(), outflows.len(), "an outflow was confirmed twice");

    // Each confirmed outflow was created once, its ledger entry was delivered once over each transport, and its webhook has one
    // id.
    let count = "SELECT COUNT(*) AS number FROM outflow";
    assert_eq!(
        cluster.number(count).await,
        i64::try_from(outflows.len()).unwrap()
    );
    let last = cluster.number("SELECT MAX(id) AS number FROM stock_change").await;
    wait_until(
        DELIVERY_TIMEOUT,
        "a subscription has not received every entry",
        async || received.iter().all(|entries| entries.last() == last),
    )
    .await;
    assert!(streams.try_join_next().is_none(), "a stream has failed");
    let ledger = "SELECT COUNT(*) AS number FROM stock_change";
    let entries = usize::try_from(cluster.number(ledger).await).unwrap();
    for received in &received {
        let ids = received.0.lock().unwrap().clone();
        assert!(ids.is_sorted_by(|one, other| one < other), "{ids:?}");
        assert_eq!(ids.len(), entries);
    }
    wait_until(DELIVERY_TIMEOUT, "a webhook is missing", async || {
        let ids = receiver
            .received()
            .iter()
            .map(|message| message.json()["data"]["id"].as_i64())
            .collect::<BTreeSet<_>>();
        ids.len() >= outflows.len()
    })
    .await;
    let mut message_ids: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
    for message in receiver.received() {
        let id = message.json()["data"]["id"].as_i64().expect("an id");
        message_ids.entry(id).or_default().insert(message.id().to_owned());
    }
    assert_eq!(message_ids.keys().copied().collect::<BTreeSet<_>>(), distinct);
    assert!(
        message_ids.values().all(|names| names.len() == 1),
        "{message_ids:?}"
    );
    streams.abort_all();
    assert_eq!(program.anon().get("/readyz").await.status, 200);
    run_ok(&cluster.url(), &["check"], "");
    println!("everything was delivered after {:?}", begin.elapsed());
}
