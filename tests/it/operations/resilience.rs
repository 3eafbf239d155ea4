//! Shutdown: no request fails, and requests in progress are completed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::support::gateway::Gateway;
use crate::support::program::Program;

on_both_databases!(
    no_request_fails_during_shutdown,
    requests_in_progress_are_completed
);

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("a connection")
}

async fn no_request_fails_during_shutdown(gateway: Gateway) {
    let mut program = Program::serve(
        &gateway.database_url(),
        &[("RUST_LOG", "warn,stockroom::cli=info")],
    )
    .await;
    let manager = program.user("manager").await;
    let product = manager.product("Tea", 1_000_000).await;
    let (stopping, outflow_count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut clients = JoinSet::new();
    for _ in 0..16 {
        let (manager, stopping, outflow_count) =
            (manager.clone(), Arc::clone(&stopping), Arc::clone(&outflow_count));
        clients.spawn(async move {
            let outflow = json!({ "product": product, "quantity": 1 });
            loop {
                let request = manager.request(Method::POST, "outflows/").json(&outflow);
                match request.send().await {
                    Ok(response) => {
                        assert_eq!(response.status(), 201);
                        response.bytes().await.expect("the complete response");
                        outflow_count.fetch_add(1, Ordering::SeqCst);
                    }
                    // The listener is closed: the connection was not accepted.
                    Err(error) if error.is_connect() && stopping.load(Ordering::SeqCst) => return,
                    Err(error) => panic!("{error:?}"),
                }
            }
        });
    }
    while outflow_count.load(Ordering::SeqCst) < 100 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let begin = Instant::now();
    stopping.store(true, Ordering::SeqCst);
    program.terminate();
    let status = program.wait_for_exit().await;
    let elapsed = begin.elapsed();
    clients.join_all().await;
    assert_eq!(status.code(), Some(0));
    assert!(elapsed < Duration::from_secs(10), "{elapsed:?}");
    let outflow_count = outflow_count.load(Ordering::SeqCst);
    println!("{outflow_count} outflows, ended in {elapsed:?}");
    let remaining = gateway.manager.quantity(product).await;
    assert_eq!(
        remaining,
        1_000_000 - i64::try_from(outflow_count).expect("a number")
    );
    gateway.assert_invariants().await;
}

async fn requests_in_progress_are_completed(gateway: Gateway) {
    let mut program = Program::serve(&gateway.database_url(), &[]).await;
    let manager = program.user("manager").await;
    let token = manager.token.clone().expect("a token");
    let body = r#"{"name": "Begun before the end"}"#;
    let head = format!(
        "POST /api/v1/brands/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let (first, second) = body.split_at(10);
    let mut request_in_progress = connect(program.address).await;
    request_in_progress
        .write_all((head + first).as_bytes())
        .await
        .expect("the first half is sent");
    // Idle connections do not delay the shutdown.
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
    // Waits until the listener is closed.
    while TcpStream::connect(program.address).await.is_ok() {
        assert!(
            begin.elapsed() < Duration::from_secs(8),
            "the program still listens"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    request_in_progress
        .write_all(second.as_bytes())
        .await
        .expect("the second half is sent");
    let mut response = String::new();
    request_in_progress
        .read_to_string(&mut response)
        .await
        .expect("a response");
    assert!(response.starts_with("HTTP/1.1 201 "), "{response}");
    assert!(
        response.to_lowercase().contains("\r\nconnection: close\r\n"),
        "{response}"
    );
    assert_eq!(program.wait_for_exit().await.code(), Some(0));
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    assert_eq!(
        gateway.viewer.get("brands/").await.texts("name"),
        ["Begun before the end"]
    );
}
