//! Gateways behind nginx and HAProxy, with the configurations of `docs/operations.md`.

mod server;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use self::server::{Kind, Proxy, free_address};
use crate::support::actors::{Actor, send};
use crate::support::event_stream::EventStream;
use crate::support::gateway::Gateway;
use crate::support::program::Program;
use crate::support::websocket_client::Socket;

/// The time limit of every step.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Runs each of these tests behind nginx and behind HAProxy, on PostgreSQL, because only one gateway can use SQLite.
macro_rules! behind_both {
    ($($test:ident),+ $(,)?) => { $(
        mod $test {
            use super::Kind;
            use crate::support::api::Api;
            use crate::support::gateway::run;
            use crate::support::test_database::Database;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn nginx() {
                if Kind::Nginx.is_installed() {
                    run(Database::Postgres, Api::Rest, |gateway| super::$test(gateway, Kind::Nginx)).await;
                }
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn haproxy() {
                if Kind::Haproxy.is_installed() {
                    run(Database::Postgres, Api::Rest, |gateway| super::$test(gateway, Kind::Haproxy)).await;
                }
            }
        }
    )+ };
}

behind_both![
    the_address_of_the_client_comes_from_the_proxy,
    large_bodies_are_refused_by_the_program,
    events_are_not_buffered,
    the_program_can_be_served_below_a_path,
    no_request_fails_while_gateways_restart_in_turn,
    a_killed_gateway_is_replaced_by_the_other,
];

/// A client that connects to the proxy from this address, with the token of another client.
fn client(proxy: &Proxy, other: &Actor, from: IpAddr) -> Actor {
    let http = reqwest::Client::builder().local_address(from);
    let http = http.build().expect("a client");
    Actor::new(&http, proxy.address, other.token.clone(), "proxied")
}

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// One gateway that trusts the proxy in front of it.
async fn start_one(gateway: &Gateway, kind: Kind) -> (Program, Proxy) {
    let settings = [("TRUSTED_PROXIES", "127.0.0.1")];
    let program = Program::serve(&gateway.database_url(), &settings).await;
    let proxy = Proxy::start(kind, free_address(), [program.address; 2], false).await;
    (program, proxy)
}

async fn the_address_of_the_client_comes_from_the_proxy(gateway: Gateway, kind: Kind) {
    let (mut program, proxy) = start_one(&gateway, kind).await;
    let manager = program.user("manager").await;
    let client = client(&proxy, &manager, IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)));
    let forged = client
        .request(Method::GET, "")
        .header("x-forwarded-for", "192.0.2.66")
        .header("x-forwarded-host", "evil.example")
        .header("x-forwarded-proto", "https");
    let index = send(forged).await.expect(200);
    let base = format!("http://{}/api/v1/", proxy.address);
    assert_eq!(index["brands"], format!("{base}brands/"));
    let line = program.line(|line| line["route"] == "/api/v1").await;
    assert_eq!(line["client"], "127.0.0.2", "{line}");
    let created = client.post("brands/", json!({ "name": "LG" })).await;
    created.expect(201);
    assert!(created.header("location").unwrap().starts_with(&base));
}

async fn large_bodies_are_refused_by_the_program(gateway: Gateway, kind: Kind) {
    let (program, proxy) = start_one(&gateway, kind).await;
    let manager = client(&proxy, &program.user("manager").await, LOCALHOST);
    let large = json!({ "name": "x", "description": "d".repeat(1_500_000) });
    manager
        .post("brands/", large)
        .await
        .expect_error(413, "PAYLOAD_TOO_LARGE");
    let largest = json!({ "name": "x", "description": "d".repeat(1_000_000) });
    manager.post("brands/", largest).await.expect(201);
}

async fn events_are_not_buffered(gateway: Gateway, kind: Kind) {
    let (program, proxy) = start_one(&gateway, kind).await;
    let manager = client(&proxy, &program.user("manager").await, LOCALHOST);
    let product = manager.product("Tea", 5).await;
    let query = "subscription { stockChanged(after: \"0\") { balance } }";
    let mut socket = Socket::login(&manager).await;
    socket.subscribe("1", query, json!({})).await;
    let mut events = EventStream::open(&manager, query, json!({})).await;
    for balance in [5, 4, 3] {
        let expected = json!({ "stockChanged": { "balance": balance } });
        assert_eq!(socket.data("1").await, expected);
        assert_eq!(events.data().await, expected);
        manager
            .post("outflows/", json!({ "product": product, "quantity": 1 }))
            .await
            .expect(201);
    }
}

async fn the_program_can_be_served_below_a_path(gateway: Gateway, kind: Kind) {
    let address = free_address();
    let base = format!("http://{address}/stock");
    let settings = [("TRUSTED_PROXIES", "127.0.0.1"), ("PUBLIC_URL", &*base)];
    let program = Program::serve(&gateway.database_url(), &settings).await;
    let proxy = Proxy::start(kind, address, [program.address; 2], true).await;
    let manager = client(&proxy, &program.user("manager").await, LOCALHOST);
    for name in ["LG", "Nokia"] {
        let request = manager
            .request(Method::POST, "/stock/api/v1/brands/")
            .json(&json!({ "name": name }));
        send(request).await.expect(201);
    }
    let page = manager
        .get("/stock/api/v1/brands?page_size=1&search=%22L%22")
        .await
        .expect(200);
    assert_eq!(
        (&page["count"], &page["results"][0]["name"]),
        (&json!(1), &json!("LG"))
    );
    let page = manager.get("/stock/api/v1/brands/?page_size=1").await.expect(200);
    let next = page["next"].as_str().expect("a link");
    let path = next
        .strip_prefix(&format!("http://{address}"))
        .expect("this origin");
    assert_eq!(manager.get(path).await.texts("name"), ["Nokia"]);
    for page in ["/stock/", "/stock/livez"] {
        manager.get(page).await.expect_text(200);
    }
    manager.get("/stock/nothing").await.expect(404);
    let mut socket = Socket::login_at(&manager, "/stock/graphql").await;
    let query = "query { brands { totalCount } }";
    socket.subscribe("1", query, json!({})).await;
    assert_eq!(socket.data("1").await, json!({ "brands": { "totalCount": 2 } }));
}

/// Two gateways, and the proxy in front of them.
struct TwoGateways {
    settings: [[(&'static str, String); 4]; 2],
    programs: Vec<Program>,
    url: String,
    proxy: Proxy,
}

impl TwoGateways {
    async fn start(gateway: &Gateway, kind: Kind) -> Self {
        let addresses = [free_address(), free_address()];
        let settings = addresses.map(|address| {
            [
                ("BIND", address.to_string()),
                ("TRUSTED_PROXIES", LOCALHOST.to_string()),
                ("SHUTDOWN_NOTICE", kind.notice().to_owned()),
                ("RUST_LOG", "off,stockroom::cli=info".to_owned()),
            ]
        });
        let url = gateway.database_url();
        let mut two = Self {
            programs: Vec::new(),
            url,
            proxy: Proxy::start(kind, free_address(), addresses, false).await,
            settings,
        };
        for index in 0..2 {
            let program = two.serve(index).await;
            two.programs.push(program);
        }
        // The proxy may have found both gateways unavailable while they started.
        let anon = Actor::new(&reqwest::Client::new(), two.proxy.address, None, "anon");
        let begin = Instant::now();
        while anon.get("/readyz").await.status != 200 {
            assert!(begin.elapsed() < TIMEOUT, "{}", two.proxy.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        two
    }

    async fn serve(&self, index: usize) -> Program {
        let settings = self.settings[index].each_ref();
        let settings = settings.map(|(name, value)| (*name, value.as_str()));
        Program::serve(&self.url, &settings).await
    }

    /// Stops a gateway by SIGTERM and starts it again.
    async fn restart(&mut self, index: usize) {
        self.programs[index].terminate();
        assert_eq!(self.programs[index].wait_for_exit().await.code(), Some(0));
        self.programs[index] = self.serve(index).await;
    }
}

async fn no_request_fails_while_gateways_restart_in_turn(gateway: Gateway, kind: Kind) {
    let mut two = TwoGateways::start(&gateway, kind).await;
    let manager = two.programs[0].user("manager").await;
    let product = manager.product("Tea", 1_000_000).await;
    let (is_over, recorded) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut clients = JoinSet::new();
    for _ in 0..8 {
        let (is_over, recorded) = (Arc::clone(&is_over), Arc::clone(&recorded));
        let manager = client(&two.proxy, &manager, LOCALHOST);
        clients.spawn(async move {
            while !is_over.load(Ordering::SeqCst) {
                let outflow = json!({ "product": product, "quantity": 1 });
                manager.post("outflows/", outflow).await.expect(201);
                recorded.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    let (watcher, stop) = (client(&two.proxy, &manager, LOCALHOST), Arc::clone(&is_over));
    clients.spawn(async move {
        let protocol = [("sec-websocket-protocol", "graphql-transport-ws")];
        while !stop.load(Ordering::SeqCst) {
            match (Socket::connect(&watcher, &protocol).await, kind) {
                (Ok(_), _) | (Err((503, _)), Kind::Haproxy) => {}
                (Err(error), _) => panic!("{error:?}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let wait_for_more = async |count: u64| {
        let (begin, before) = (Instant::now(), recorded.load(Ordering::SeqCst));
        while recorded.load(Ordering::SeqCst) < before + count {
            assert!(begin.elapsed() < TIMEOUT, "no requests are served");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    for index in [0, 1] {
        wait_for_more(100).await;
        two.restart(index).await;
        // HAProxy uses a gateway again after its next check.
        let direct = &two.programs[index];
        direct.anon().get("/readyz").await.expect(200);
        if kind == Kind::Haproxy {
            tokio::time::sleep(Duration::from_millis(1_500)).await;
        }
    }
    wait_for_more(100).await;
    is_over.store(true, Ordering::SeqCst);
    clients.join_all().await;
    let recorded = i64::try_from(recorded.load(Ordering::SeqCst)).expect("a number");
    println!("{recorded} recorded");
    assert_eq!(gateway.manager.quantity(product).await, 1_000_000 - recorded);
    gateway.assert_invariants().await;
}

async fn a_killed_gateway_is_replaced_by_the_other(gateway: Gateway, kind: Kind) {
    let mut two = TwoGateways::start(&gateway, kind).await;
    let manager = two.programs[0].user("manager").await;
    let manager = client(&two.proxy, &manager, LOCALHOST);
    let product = manager.product("Tea", 100).await;
    for index in [0, 1] {
        two.programs[index].kill();
        two.programs[index].wait_for_exit().await;
        for _ in 0..20 {
            manager.get("products/").await.expect(200);
            manager
                .post("outflows/", json!({ "product": product, "quantity": 1 }))
                .await
                .expect(201);
        }
        two.programs[index] = two.serve(index).await;
        if kind == Kind::Haproxy {
            tokio::time::sleep(Duration::from_millis(1_500)).await;
        }
    }
    assert_eq!(gateway.manager.quantity(product).await, 60);
}
