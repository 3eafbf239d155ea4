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
struct CountingProgram {
    open: Arc<AtomicUsize>,
    stopped: AtomicUsize,
    finished: AtomicUsize,
}

struct OpenConnection(Arc<AtomicUsize>);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Program for CountingProgram {
    type Connection = OpenConnection;

    fn connection_accepted(&self) -> OpenConnection {
        self.open.fetch_add(1, Ordering::SeqCst);
        OpenConnection(Arc::clone(&self.open))
    }

    fn shutdown_started(&self) {
        self.stopped.fetch_add(1, Ordering::SeqCst);
    }

    async fn wait_until_finished(&self) {
        self.finished.fetch_add(1, Ordering::SeqCst);
    }
}

struct RunningServer {
    program: Arc<CountingProgram>,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

async fn start(router: Router) -> RunningServer {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let program = Arc::<CountingProgram>::default();
    let (stop, stopped) = oneshot::channel::<()>();
    let shared_program = Arc::clone(&program);
    let task = tokio::spawn(async move {
        let stopped = async move { stopped.await.unwrap_or_default() };
        serve(&shared_program, router, listener, stopped).await;
    });
    RunningServer {
        program,
        address,
        stop,
        task,
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
    let server = start(Router::new().route("/peer", get(peer))).await;
    for path in ["/peer", "/peer/", "/peer/?a=1"] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        let response = text(send(server.address, &request).await).await;
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
    let server = start(Router::new().route("/", post(refuse))).await;
    let head = "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 4000000\r\n\r\n";
    let mut stream = send(server.address, head).await;
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
    let server = start(Router::new().route("/", get(slow))).await;
    let stream = send(server.address, "GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    begun.notified().await;
    assert_eq!(server.program.open.load(Ordering::SeqCst), 1);
    server.stop.send(()).unwrap();
    let mut task = server.task;
    let result = tokio::time::timeout(Duration::from_millis(200), &mut task).await;
    assert!(result.is_err(), "the server did not wait for the request");
    assert_eq!(server.program.stopped.load(Ordering::SeqCst), 1);
    release.notify_one();
    assert!(text(stream).await.ends_with("\r\n\r\ndone"));
    task.await.unwrap();
    assert_eq!(server.program.finished.load(Ordering::SeqCst), 1);
    assert_eq!(server.program.open.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_request_on_an_idle_connection_gets_a_response_during_shutdown() {
    let server = start(Router::new().route("/", get(async || "done"))).await;
    let request = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    let mut stream = send(server.address, request).await;
    let mut first = Vec::new();
    while !first.ends_with(b"done") {
        assert_ne!(stream.read_buf(&mut first).await.unwrap(), 0, "closed early");
    }
    assert!(!String::from_utf8(first).unwrap().contains("Connection: close"));
    server.stop.send(()).unwrap();
    while server.program.stopped.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    stream.write_all(request.as_bytes()).await.unwrap();
    let second = text(stream).await;
    assert!(second.contains("\r\nConnection: close\r\n"), "{second}");
    assert!(second.ends_with("\r\n\r\ndone"), "{second}");
    server.task.await.unwrap();
}
