//! 20,000 malformed requests, spread over all routes: none causes a crash or a 5xx other than 501, and the data stays
//! consistent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::support::gateway::Gateway;
use crate::support::program::Program;

on_both_databases!(malformed_requests_cause_no_failure);

/// The number of requests.
const REQUESTS: u32 = 20_000;
/// The number of concurrent clients.
const CLIENTS: u32 = 16;

async fn malformed_requests_cause_no_failure(gateway: Gateway) {
    // Objects to find, to change and to delete.
    let product = gateway.root.product("Tea", 100).await;
    let outflow = serde_json::json!({ "product": product, "quantity": 1 });
    gateway.root.post("outflows/", outflow).await.expect(201);
    let settings = [("RUST_LOG", "warn,stockroom::cli=info")];
    let program = Program::serve(&gateway.database_url(), &settings).await;
    let root = program.user("admin").await;
    let token = Arc::new(root.token.clone().expect("a token"));
    let routes = Arc::new(routes());
    let before = program.memory();
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (address, token, routes) = (program.address, Arc::clone(&token), Arc::clone(&routes));
        clients.spawn(async move {
            // The seed is fixed, so that every run sends the same requests.
            let mut rng = Pcg64Mcg::seed_from_u64(u64::from(client));
            let mut rejected = 0;
            for _ in 0..REQUESTS / CLIENTS {
                let request = malformed_request(&mut rng, &routes, &token);
                let response = exchange(address, &request).await;
                let response = response.unwrap_or_else(|error| panic!("{error}: {}", request.escape_ascii()));
                let response = String::from_utf8_lossy(&response);
                // Skips an interim response.
                let response = response.trim_start_matches("HTTP/1.1 100 Continue\r\n\r\n");
                // An incomplete request may get no response.
                if response.is_empty() {
                    continue;
                }
                let status: u16 = response
                    .get(9..12)
                    .and_then(|status| status.parse().ok())
                    .unwrap_or_default();
                // An unsupported transfer coding causes 501.
                let has_unsupported_coding = request.windows(13).any(|bytes| bytes == b"gzip, chunked");
                assert!(
                    (101..500).contains(&status) || (has_unsupported_coding && status == 501),
                    "{response}\nto {}",
                    request.escape_ascii()
                );
                rejected += u32::from(status >= 400);
            }
            rejected
        });
    }
    let rejected: u32 = clients.join_all().await.into_iter().sum();
    assert!(
        rejected > REQUESTS / 2,
        "only {rejected} of {REQUESTS} were rejected"
    );
    let growth = program.memory().saturating_sub(before);
    println!("{rejected} of {REQUESTS} rejected, memory grew by {growth} bytes");
    assert!(growth < 96 * 1024 * 1024, "{growth}");
    root.get("brands/").await.expect(200);
    gateway.assert_invariants().await;
}

/// Every route of the OpenAPI description, with ids filled in, and routes that it does not describe.
fn routes() -> Vec<String> {
    let description: Value = serde_json::from_str(include_str!("../../../openapi.json")).expect("JSON");
    let paths = description["paths"].as_object().expect("paths");
    let described = paths.keys().map(|path| {
        let path = path.replace("{id}", "1").replace("{delivery}", "1");
        if path.starts_with("/api") {
            path
        } else {
            format!("/api/v1{path}")
        }
    });
    let mut routes: Vec<String> = described.collect();
    assert!(routes.len() > 15, "{routes:?}");
    let more = ["/", "/docs", "/livez", "/readyz", "/metrics", "/nowhere"];
    routes.extend(more.map(str::to_owned));
    // GraphQL has a single route, so it is repeated to get more of the requests.
    routes.extend(std::iter::repeat_n("/graphql".to_owned(), 8));
    routes
}

/// Sends a request and returns the complete response.
async fn exchange(address: SocketAddr, request: &[u8]) -> Result<Vec<u8>, String> {
    let mut client = TcpStream::connect(address)
        .await
        .map_err(|error| format!("while connecting: {error}"))?;
    client
        .write_all(request)
        .await
        .map_err(|error| format!("while sending: {error}"))?;
    client
        .shutdown()
        .await
        .map_err(|error| format!("while closing: {error}"))?;
    let mut response = Vec::new();
    match tokio::time::timeout(Duration::from_secs(20), client.read_to_end(&mut response)).await {
        Ok(Ok(_)) => Ok(response),
        Ok(Err(error)) => Err(format!("while reading: {error}")),
        Err(_) => Err("the response does not end".to_owned()),
    }
}

const METHODS: [&str; 10] = [
    "GET", "POST", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW", "get",
];

const QUERIES: [&str; 10] = [
    "page=%ff&min_price=1e999",
    "page=18446744073709551616",
    "page_size=-1",
    "ordering=nonsense,-id",
    "search=%00%00",
    "search=%F0%9F%92%A9%25_%5C",
    "date_from=2024-02-30&date_to=zzz",
    "query=%7B%20product(id:%20%22%22)",
    "brand=99999999999999999999&category=-1&product=1.5",
    "page=9223372036854775807&page_size=100",
];

const BODIES: [&str; 22] = [
    r#"{"name": "\u0000"}"#,
    r#"{"name": "\ud800"}"#,
    r#"{"name": 1e400, "quantity": 99999999999999999999}"#,
    r#"{"username": {}, "password": []}"#,
    r#"{"username": "admin", "password": "\u0000"}"#,
    r#"{"refresh": "a.b.c"}"#,
    r#"{"name": "a""#,
    r#"{"title": "x", "brand": {"id": "1"}, "category": -1, "cost_price": "1e3", "selling_price": -0.0}"#,
    r#"{"product": 1, "quantity": 2147483648}"#,
    r#"{"product": 9223372036854775808, "quantity": 0.5, "supplier": null}"#,
    r#"{"product": "1", "quantity": true}"#,
    r#"{"a": 1, "a": 2}"#,
    "[]",
    "null",
    "\u{feff}{}",
    "",
    r#"{"query": "{"}"#,
    r#"{"query": "{ products(first: 100000) { nodes { id } } }"}"#,
    r#"{"query": "query($a: Int!) { products(first: $a) { totalCount } }", "variables": {"a": "x"}}"#,
    r#"{"query": "mutation { createOutflow(input: {productId: \"1\", quantity: -5}) { outflow { id } userErrors { code } } }"}"#,
    r#"{"query": "subscription { stockChanged { id } }", "variables": []}"#,
    r#"{"query": "{ a: viewer { username } ...F } fragment F on Query { ...F }", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "x"}}}"#,
];

const HEADERS: [&str; 14] = [
    "Content-Length: -1",
    "Content-Length: 99999999999999999999\r\nContent-Length: 3",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "No colon here",
    "Content-Type: text/\u{fe}plain\r\nExpect: the unexpected",
    "Expect: 100-continue",
    "If-Match: \"x\", W/\"1\"\r\nIf-None-Match: *",
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 12",
    "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
    "Accept: text/event-stream;q=zzz, */*;q=2",
    "Origin: null\r\nAccess-Control-Request-Method: \u{7f}",
    "X-Forwarded-For: ::::\r\nForwarded: for=\"[\"",
    "traceparent: 00-zzzz-1-01\r\ntracestate: =\r\nAccept-Encoding: br;q=x",
];

/// A request that is malformed in one of many ways.
fn malformed_request(rng: &mut Pcg64Mcg, routes: &[String], token: &str) -> Vec<u8> {
    let path = &routes[rng.random_range(0..routes.len())];
    let method = METHODS[rng.random_range(0..METHODS.len())];
    let query = match rng.random_range(0..3) {
        0 => format!("?{}", QUERIES[rng.random_range(0..QUERIES.len())]),
        1 => format!("?{}", String::from_utf8_lossy(&noise(rng, 40)).escape_default()),
        _ => String::new(),
    };
    let mut body = BODIES[rng.random_range(0..BODIES.len())].as_bytes().to_vec();
    let mut head = format!("{method} {path}{query} HTTP/1.1\r\nHost: x\r\n");
    match rng.random_range(0..5) {
        0 => {}
        1 => head.push_str("Authorization: Bearer a.b.c\r\n"),
        _ => head.push_str(&format!("Authorization: Bearer {token}\r\n")),
    }
    if rng.random_bool(0.8) {
        head.push_str("Content-Type: application/json\r\n");
    }
    match rng.random_range(0..10) {
        0 => return noise(rng, 300),
        1 => head.push_str(&format!(
            "X-Long: {}\r\n",
            "x".repeat(rng.random_range(60_000..120_000))
        )),
        2 => body = "[".repeat(rng.random_range(1..50_000)).into_bytes(),
        3 => body = noise(rng, 2000),
        4 => body = format!(r#"{{"query": "{}"}}"#, "{a".repeat(rng.random_range(1..5_000))).into_bytes(),
        5 | 6 => head.push_str(&format!("{}\r\n", HEADERS[rng.random_range(0..HEADERS.len())])),
        _ => {}
    }
    let mut request = head.into_bytes();
    if rng.random_bool(0.7) {
        request.extend(format!("Content-Length: {}\r\n", body.len()).as_bytes());
    }
    request.extend(b"\r\n");
    request.extend(body);
    // Half of the requests have damaged bytes as well.
    if rng.random_bool(0.5) {
        for _ in 0..rng.random_range(1..8) {
            let position = rng.random_range(0..request.len().min(400));
            match rng.random_range(0..3) {
                0 => request[position] = rng.random(),
                1 => drop(request.remove(position)),
                _ => request.insert(position, rng.random()),
            }
        }
        if rng.random_bool(0.2) {
            request.truncate(rng.random_range(0..request.len()));
        }
    }
    request
}

fn noise(rng: &mut Pcg64Mcg, end: usize) -> Vec<u8> {
    let mut noise = vec![0; rng.random_range(1..end)];
    rng.fill_bytes(&mut noise);
    noise
}
