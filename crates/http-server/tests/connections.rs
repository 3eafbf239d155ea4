//! Connections over real sockets: what clients see of limits and shutdown.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::StatusCode;
use axum::routing::{get, post};
use http_server::{Program, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

#[derive(Default)]
struct Counted {
    open: Arc<AtomicUsize>,
    stopped: AtomicUsize,
    finished: AtomicUsize,
}

struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Program for Counted {
    type Connection = Open;

    fn connection_accepted(&self) -> Open {
        self.open.fetch_add(1, Ordering::SeqCst);
        Open(Arc::clone(&self.open))
    }

    fn shutdown_started(&self) {
        self.stopped.fetch_add(1, Ordering::SeqCst);
    }

    async fn wait_until_finished(&self) {
        self.finished.fetch_add(1, Ordering::SeqCst);
    }
}

struct Running {
    program: Arc<Counted>,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

async fn start(router: Router) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let program = Arc::<Counted>::default();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = Arc::clone(&program);
    let server = tokio::spawn(async move {
        let stopped = async move { stopped.await.unwrap_or_default() };
        serve(&served, router, listener, stopped).await;
    });
    Running {
        program,
        address,
        stop,
        server,
    }
}

async fn send(address: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn text(mut stream: TcpStream) -> String {
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    response
}

#[tokio::test]
async fn requests_have_the_peer_address_and_a_trailing_slash_is_optional() {
    let peer = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() };
    let running = start(Router::new().route("/peer", get(peer))).await;
    for path in ["/peer", "/peer/", "/peer/?a=1"] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        let response = text(send(running.address, &request).await).await;
        assert!(
            response.starts_with("HTTP/1.1 200 OK\r\nContent-Type: "),
            "{response}"
        );
        assert!(response.ends_with("\r\n\r\n127.0.0.1"), "{response}");
    }
}

#[tokio::test]
async fn an_unread_body_does_not_hide_the_response() {
    let refuse = async || StatusCode::PAYLOAD_TOO_LARGE;
    let running = start(Router::new().route("/", post(refuse))).await;
    let head = "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 4000000\r\n\r\n";
    let mut stream = send(running.address, head).await;
    stream.write_all(&[b' '; 4_000_000]).await.unwrap();
    let response = text(stream).await;
    assert!(response.starts_with("HTTP/1.1 413 "), "{response}");
}

#[tokio::test]
async fn a_running_request_finishes_on_shutdown() {
    let (begun, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (has_begun, released) = (Arc::clone(&begun), Arc::clone(&release));
    let slow = move || async move {
        has_begun.notify_one();
        released.notified().await;
        "done"
    };
    let running = start(Router::new().route("/", get(slow))).await;
    let stream = send(running.address, "GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    begun.notified().await;
    assert_eq!(running.program.open.load(Ordering::SeqCst), 1);
    running.stop.send(()).unwrap();
    let mut server = running.server;
    let early = tokio::time::timeout(Duration::from_millis(200), &mut server).await;
    assert!(early.is_err(), "the server did not wait for the request");
    assert_eq!(running.program.stopped.load(Ordering::SeqCst), 1);
    release.notify_one();
    assert!(text(stream).await.ends_with("\r\n\r\ndone"));
    server.await.unwrap();
    assert_eq!(running.program.finished.load(Ordering::SeqCst), 1);
    assert_eq!(running.program.open.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_request_on_an_idle_connection_is_answered_during_shutdown() {
    let running = start(Router::new().route("/", get(async || "done"))).await;
    let request = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    let mut stream = send(running.address, request).await;
    let mut first = Vec::new();
    while !first.ends_with(b"done") {
        assert_ne!(stream.read_buf(&mut first).await.unwrap(), 0, "closed early");
    }
    assert!(!String::from_utf8(first).unwrap().contains("Connection: close"));
    running.stop.send(()).unwrap();
    while running.program.stopped.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    stream.write_all(request.as_bytes()).await.unwrap();
    let second = text(stream).await;
    assert!(second.contains("\r\nConnection: close\r\n"), "{second}");
    assert!(second.ends_with("\r\n\r\ndone"), "{second}");
    running.server.await.unwrap();
}
