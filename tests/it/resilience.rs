//! Slow clients, many clients, malformed requests, the end of the program, and bad days of the database.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::gateway::Gateway;
use crate::program::Program;

on_both!(
    slow_clients_starve_nobody,
    malformed_requests_are_refused_and_nothing_breaks,
    being_told_to_end_fails_no_request,
    what_has_begun_is_finished,
);

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("a connection")
}

/// Clients that hold a connection and do nothing good with it, in each of the ways there are.
async fn slow_clients(address: SocketAddr, token: &str, count: usize) -> Vec<TcpStream> {
    let head = format!("POST /api/v1/brands HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n");
    let asks_for_much = format!(
        "GET /api/v1/brands?page_size=100 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    let mut slow = Vec::new();
    for index in 0..count {
        let mut client = connect(address).await;
        let sent = match index % 5 {
            0 => String::new(),
            1 => "PRI * HTTP/2.0\r\n".to_owned(),
            2 => head.clone(),
            3 => format!("{head}Content-Length: 1000\r\n\r\n{{\"name\": "),
            // Asks and asks, and never reads.
            _ => asks_for_much.repeat(20),
        };
        client.write_all(sent.as_bytes()).await.expect("it is taken");
        slow.push(client);
    }
    slow
}

async fn slow_clients_starve_nobody(gateway: Gateway) {
    for index in 0..20 {
        let brand = json!({ "name": format!("Brand {index}") });
        gateway.manager.post("brands/", brand).await.expect(201);
    }
    let token = gateway.manager.token.clone().expect("a token");
    let slow = slow_clients(gateway.address, &token, 200).await;
    let busy = (0..200).map(async |_| {
        for _ in 0..5 {
            gateway.manager.get("brands/").await.expect(200);
        }
    });
    let begin = Instant::now();
    let others = async {
        let mut longest = Duration::ZERO;
        for index in 0..20 {
            let begin = Instant::now();
            let brand = json!({ "name": format!("Another {index}") });
            gateway.manager.post("brands/", brand).await.expect(201);
            longest = longest.max(begin.elapsed());
        }
        longest
    };
    let (longest, _) = futures_util::future::join(others, join_all(busy)).await;
    println!(
        "the longest of the others took {longest:?}, all of it {:?}",
        begin.elapsed()
    );
    assert!(longest < Duration::from_secs(5), "{longest:?}");
    // All of them were still there.
    for client in slow.iter().step_by(5) {
        let mut byte = [0];
        let read = client.try_read(&mut byte);
        assert_eq!(
            read.expect_err("it is open").kind(),
            std::io::ErrorKind::WouldBlock
        );
    }
}

const MALFORMED: u32 = 20_000;
const TOGETHER: u32 = 16;

async fn malformed_requests_are_refused_and_nothing_breaks(gateway: Gateway) {
    let program = Program::serve(
        &gateway.database_url(),
        &[("RUST_LOG", "warn,stockroom::cli=info")],
    )
    .await;
    let manager = program.user("manager").await;
    let token = Arc::new(manager.token.clone().expect("a token"));
    let before = program.memory();
    let mut clients = JoinSet::new();
    for client in 0..TOGETHER {
        let (address, token) = (program.address, Arc::clone(&token));
        clients.spawn(async move {
            // The same requests on every run.
            let mut dice = Pcg64Mcg::seed_from_u64(u64::from(client));
            let mut refused = 0;
            for _ in 0..MALFORMED / TOGETHER {
                let request = malformed(&mut dice, &token);
                let answer = exchange(address, &request).await;
                let answer = answer.unwrap_or_else(|error| panic!("{error}: {}", request.escape_ascii()));
                if answer.is_empty() {
                    continue;
                }
                let answer = String::from_utf8_lossy(&answer);
                let status: u16 = answer
                    .get(9..12)
                    .and_then(|status| status.parse().ok())
                    .unwrap_or_default();
                assert!(
                    (200..500).contains(&status),
                    "{answer}\nto {}",
                    request.escape_ascii()
                );
                refused += u32::from(status >= 400);
            }
            refused
        });
    }
    let refused: u32 = clients.join_all().await.into_iter().sum();
    assert!(
        refused > MALFORMED / 2,
        "only {refused} of {MALFORMED} were refused"
    );
    let grown = program.memory().saturating_sub(before);
    println!("{refused} of {MALFORMED} refused, memory grew by {grown} bytes");
    assert!(grown < 64 * 1024 * 1024, "{grown}");
    manager.get("brands/").await.expect(200);
    gateway.is_sound().await;
}

/// Sends a request and all that comes back for it.
async fn exchange(address: SocketAddr, request: &[u8]) -> Result<Vec<u8>, String> {
    let mut client = connect(address).await;
    client
        .write_all(request)
        .await
        .map_err(|error| format!("while sending: {error}"))?;
    client
        .shutdown()
        .await
        .map_err(|error| format!("while closing: {error}"))?;
    let mut answer = Vec::new();
    match tokio::time::timeout(Duration::from_secs(20), client.read_to_end(&mut answer)).await {
        Ok(Ok(_)) => Ok(answer),
        Ok(Err(error)) => Err(format!("while reading: {error}")),
        Err(_) => Err("no end of the answer".to_owned()),
    }
}

/// A request that is wrong in one of many ways.
fn malformed(dice: &mut Pcg64Mcg, token: &str) -> Vec<u8> {
    let paths = [
        "brands",
        "products/1",
        "outflows",
        "authentication/token",
        "inflows/%00",
        "products?page=%ff&min_price=1e999",
    ];
    let bodies = [
        r#"{"name": "\u0000"}"#,
        r#"{"name": "\ud800"}"#,
        r#"{"name": 1e400, "quantity": 99999999999999999999}"#,
        r#"{"username": {}, "password": []}"#,
        r#"{"name": "a""#,
        "[]",
        "",
    ];
    let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "BREW", "get"];
    let path = paths[dice.random_range(0..paths.len())];
    let method = methods[dice.random_range(0..methods.len())];
    let mut body = bodies[dice.random_range(0..bodies.len())].as_bytes().to_vec();
    let mut head =
        format!("{method} /api/v1/{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n");
    match dice.random_range(0..10) {
        0 => return noise(dice, 300),
        1 => head.push_str("Content-Length: -1\r\n"),
        2 => head.push_str("Content-Length: 99999999999999999999\r\nContent-Length: 3\r\n"),
        3 => head.push_str("Transfer-Encoding: chunked\r\n"),
        4 => head.push_str(&format!(
            "X-Long: {}\r\n",
            "x".repeat(dice.random_range(60_000..120_000))
        )),
        5 => head.push_str("No colon here\r\n"),
        6 => body = "[".repeat(dice.random_range(1..50_000)).into_bytes(),
        7 => body = noise(dice, 2000),
        8 => head.push_str("Content-Type: text/\u{fe}plain\r\nExpect: the unexpected\r\n"),
        _ => {}
    }
    let mut request = head.into_bytes();
    if dice.random_bool(0.7) {
        request.extend(format!("Content-Length: {}\r\n", body.len()).as_bytes());
    }
    request.extend(b"\r\n");
    request.extend(body);
    // Half of them are damaged on the way as well.
    if dice.random_bool(0.5) {
        for _ in 0..dice.random_range(1..8) {
            let at = dice.random_range(0..request.len().min(400));
            match dice.random_range(0..3) {
                0 => request[at] = dice.random(),
                1 => drop(request.remove(at)),
                _ => request.insert(at, dice.random()),
            }
        }
        if dice.random_bool(0.2) {
            request.truncate(dice.random_range(0..request.len()));
        }
    }
    request
}

fn noise(dice: &mut Pcg64Mcg, most: usize) -> Vec<u8> {
    let mut noise = vec![0; dice.random_range(1..most)];
    dice.fill_bytes(&mut noise);
    noise
}

async fn being_told_to_end_fails_no_request(gateway: Gateway) {
    let mut program = Program::serve(
        &gateway.database_url(),
        &[("RUST_LOG", "warn,stockroom::cli=info")],
    )
    .await;
    let manager = program.user("manager").await;
    let product = manager.product("Tea", 1_000_000).await;
    let (told, recorded) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut clients = JoinSet::new();
    for _ in 0..16 {
        let (manager, told, recorded) = (manager.clone(), Arc::clone(&told), Arc::clone(&recorded));
        clients.spawn(async move {
            let outflow = json!({ "product": product, "quantity": 1 });
            loop {
                let request = manager.request(Method::POST, "outflows/").json(&outflow);
                match request.send().await {
                    Ok(answer) => {
                        assert_eq!(answer.status(), 201);
                        answer.bytes().await.expect("the whole answer");
                        recorded.fetch_add(1, Ordering::SeqCst);
                    }
                    // It no longer listens: nothing was accepted.
                    Err(error) if error.is_connect() && told.load(Ordering::SeqCst) => return,
                    Err(error) => panic!("{error:?}"),
                }
            }
        });
    }
    while recorded.load(Ordering::SeqCst) < 100 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let begin = Instant::now();
    told.store(true, Ordering::SeqCst);
    program.terminate();
    let status = program.ended().await;
    let took = begin.elapsed();
    clients.join_all().await;
    assert_eq!(status.code(), Some(0));
    assert!(took < Duration::from_secs(10), "{took:?}");
    let recorded = recorded.load(Ordering::SeqCst);
    println!("{recorded} recorded, ended in {took:?}");
    let left = gateway.manager.quantity(product).await;
    assert_eq!(left, 1_000_000 - i64::try_from(recorded).expect("a number"));
    gateway.is_sound().await;
}

async fn what_has_begun_is_finished(gateway: Gateway) {
    let mut program = Program::serve(&gateway.database_url(), &[]).await;
    let manager = program.user("manager").await;
    let token = manager.token.clone().expect("a token");
    let body = r#"{"name": "Begun before the end"}"#;
    let head = format!(
        "POST /api/v1/brands/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let (first, second) = body.split_at(10);
    let mut begun = connect(program.address).await;
    begun
        .write_all((head + first).as_bytes())
        .await
        .expect("half of it");
    // And some that only hold on to their connections.
    let _idle = [connect(program.address).await, connect(program.address).await];
    let begin = Instant::now();
    program.terminate();
    program
        .line(|line| {
            line["message"]
                .as_str()
                .is_some_and(|text| text.starts_with("stopping"))
        })
        .await;
    assert_eq!(program.anon().get("/readyz").await.status, 503);
    // Until it no longer listens.
    while TcpStream::connect(program.address).await.is_ok() {
        assert!(begin.elapsed() < Duration::from_secs(8), "it still listens");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    begun.write_all(second.as_bytes()).await.expect("the other half");
    let mut answer = String::new();
    begun.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert!(
        answer.to_lowercase().contains("\r\nconnection: close\r\n"),
        "{answer}"
    );
    assert_eq!(program.ended().await.code(), Some(0));
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    assert_eq!(
        gateway.viewer.get("brands/").await.texts("name"),
        ["Begun before the end"]
    );
}
