//! Slow and idle clients do not starve others.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::support::gateway::Gateway;
use crate::support::program::Program;

on_both!(
    slow_clients_do_not_starve_others,
    the_limit_on_open_files_is_raised
);

const SLOW: usize = 200;
const BUSY: usize = 200;

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
    let slow = slow_clients(program.address, &token, SLOW).await;

    let (begin, duration) = (Instant::now(), run_time());
    let busy = (0..BUSY).map(async |_| {
        let mut answered = 0;
        while begin.elapsed() < duration {
            // A reset connection or any other status fails here.
            manager.get("brands/").await.expect(200);
            answered += 1;
        }
        answered
    });
    let others = async {
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
    let (longest, busy) = join(others, join_all(busy)).await;
    let grown = program.memory().saturating_sub(before);
    println!(
        "{} requests of {BUSY} busy clients in {:?}, the longest of the others took {longest:?}, memory grew by {grown} bytes",
        busy.iter().sum::<u64>(),
        begin.elapsed(),
    );
    assert!(busy.iter().all(|answered| *answered > 0), "{busy:?}");
    assert!(longest < Duration::from_secs(10), "{longest:?}");
    assert!(grown < 128 * 1024 * 1024, "{grown}");
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
    let allowed = program.open_files();
    assert!(
        allowed >= soft && allowed >= hard.min(65_536),
        "{allowed} of {soft} to {hard}"
    );
}
