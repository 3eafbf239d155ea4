//! Slow and idle clients do not starve others.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::gateway::Gateway;
use crate::support::program::Program;

on_both_databases!(
    slow_clients_do_not_starve_others,
    streams_without_a_window_use_bounded_memory,
    the_limit_on_open_files_is_raised
);

const SLOW_CLIENTS: usize = 200;
const BUSY_CLIENTS: usize = 200;

/// How long the busy clients run: `STOCKROOM_TEST_SECONDS`, or three seconds.
fn run_time() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "not a setting of the program")]
    let seconds = std::env::var("STOCKROOM_TEST_SECONDS");
    Duration::from_secs(seconds.ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(3))
}

/// Clients that are slow at different points of a request.
async fn slow_clients(address: SocketAddr, token: &str, count: usize) -> Vec<TcpStream> {
    let head = format!("POST /api/v1/brands HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n");
    let get = format!(
        "GET /api/v1/brands?page_size=100 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    let mut slow = Vec::new();
    for index in 0..count {
        let mut client = TcpStream::connect(address).await.expect("a connection");
        let sent = match index % 5 {
            0 => String::new(),
            1 => "PRI * HTTP/2.0\r\n".to_owned(),
            2 => head.clone(),
            3 => format!("{head}Content-Length: 1000\r\n\r\n{{\"name\": "),
            // Sends requests and never reads.
            _ => get.repeat(20),
        };
        client
            .write_all(sent.as_bytes())
            .await
            .expect("the bytes are sent");
        slow.push(client);
    }
    slow
}

async fn slow_clients_do_not_starve_others(gateway: Gateway) {
    for index in 0..20 {
        let brand = json!({ "name": format!("Brand {index}") });
        gateway.manager.post("brands/", brand).await.expect(201);
    }
    let settings = [("RUST_LOG", "warn,stockroom::cli=info")];
    let program = Program::serve(&gateway.database_url(), &settings).await;
    let manager = program.user("manager").await;
    let before = program.memory();
    let token = manager.token.clone().expect("a token");
    let slow = slow_clients(program.address, &token, SLOW_CLIENTS).await;

    let (begin, duration) = (Instant::now(), run_time());
    let busy = (0..BUSY_CLIENTS).map(async |_| {
        let mut responses = 0;
        while begin.elapsed() < duration {
            // A reset connection or any other status fails here.
            manager.get("brands/").await.expect(200);
            responses += 1;
        }
        responses
    });
    let writer = async {
        let mut longest = Duration::ZERO;
        for index in 0.. {
            if begin.elapsed() >= duration {
                break;
            }
            let sent = Instant::now();
            let brand = json!({ "name": format!("Another {index}") });
            manager.post("brands/", brand).await.expect(201);
            longest = longest.max(sent.elapsed());
        }
        longest
    };
    let (longest, busy) = join(writer, join_all(busy)).await;
    let growth = program.memory().saturating_sub(before);
    println!(
        "{} requests of {BUSY_CLIENTS} busy clients in {:?}, the longest write took {longest:?}, memory grew by {growth} bytes",
        busy.iter().sum::<u64>(),
        begin.elapsed(),
    );
    assert!(busy.iter().all(|responses| *responses > 0), "{busy:?}");
    assert!(longest < Duration::from_secs(10), "{longest:?}");
    assert!(growth < 128 * 1024 * 1024, "{growth}");
    if duration < Duration::from_secs(5) {
        // Idle connections are still open, because their time limit is longer.
        for client in slow.iter().step_by(5) {
            let mut byte = [0];
            let read = client.try_read(&mut byte);
            assert_eq!(
                read.expect_err("the connection is open").kind(),
                std::io::ErrorKind::WouldBlock
            );
        }
    }
    gateway.assert_invariants().await;
}

async fn the_limit_on_open_files_is_raised(gateway: Gateway) {
    let program = Program::serve(&gateway.database_url(), &[]).await;
    let (soft, hard) = rlimit::Resource::NOFILE.get().expect("limits");
    let limit = program.open_file_limit();
    assert!(
        limit >= soft && limit >= hard.min(65_536),
        "{limit}, soft limit {soft}, hard limit {hard}"
    );
}

/// Opens 60 HTTP/2 connections, each with 256 requests for `/metrics` and a window of 0 bytes for the responses.
async fn streams_without_a_window_use_bounded_memory(gateway: Gateway) {
    let program = Program::serve(&gateway.database_url(), &[]).await;
    assert_eq!(program.anon().get("/livez").await.status, 200);
    let before = program.memory();
    let frame = |kind: u8, flags: u8, stream: u32, payload: &[u8]| {
        let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
        [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
    };
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    // INITIAL_WINDOW_SIZE is 0.
    bytes.extend(frame(4, 0, 0, &[0, 4, 0, 0, 0, 0]));
    for stream in 0..256 {
        let mut head = vec![0x82, 0x86, 0x01, 9];
        head.extend(b"localhost\x04\x08/metrics");
        bytes.extend(frame(1, 5, stream * 2 + 1, &head));
    }
    let ping = frame(6, 0, 0, b"all sent");
    bytes.extend(&ping);
    let mut clients = Vec::new();
    for _ in 0..60 {
        let mut client = TcpStream::connect(program.address).await.expect("a connection");
        client.write_all(&bytes).await.expect("the bytes are sent");
        clients.push(client);
    }
    for client in &mut clients {
        // The server responds to the ping after it has read everything before it.
        let mut received = Vec::new();
        while !received.windows(8).any(|part| part == b"all sent") {
            let read = client.read_buf(&mut received).await.expect("bytes");
            assert_ne!(read, 0, "the connection was closed");
        }
    }
    let growth = program.memory().saturating_sub(before);
    println!("memory grew by {growth} bytes");
    assert!(growth < 150 * 1024 * 1024, "{growth}");
    assert_eq!(program.anon().get("/livez").await.status, 200);
}
