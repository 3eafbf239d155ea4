//! Clients that do not read their responses: their connections are closed, and the bytes that wait for them are bounded.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a panic is a failed test")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get;
use http_server::{Program, ReadLimits, serve_with};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

const BODY: usize = 40_000;
const LIMITS: ReadLimits = ReadLimits {
    stall_timeout: Duration::from_millis(300),
    unread_bytes: 100_000,
    streams: 64,
};
/// The maximum time that a test waits for a connection to be closed.
const LONG: Duration = Duration::from_secs(20);

const SETTINGS: u8 = 4;
const HEADERS: u8 = 1;
const WINDOW_UPDATE: u8 = 8;

struct EmptyProgram;

impl Program for EmptyProgram {
    type Connection = ();

    fn connection_accepted(&self) {}

    fn shutdown_started(&self) {}

    async fn wait_until_finished(&self) {}
}

/// A server whose `/` responds with [`BODY`] bytes, the number of requests for `/`, and a sender for the body of `/stream`.
async fn start() -> (SocketAddr, Arc<AtomicUsize>, mpsc::Sender<Bytes>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Arc::<AtomicUsize>::default();
    let request_count = Arc::clone(&requests);
    let (sender, receiver) = mpsc::channel::<Bytes>(1);
    let receiver = Arc::new(tokio::sync::Mutex::new(Some(receiver)));
    let stream = move || {
        let receiver = Arc::clone(&receiver);
        async move {
            let receiver = receiver.lock().await.take().expect("one request");
            Body::from_stream(futures_util::stream::unfold(receiver, async |mut receiver| {
                let part = receiver.recv().await?;
                Some((Ok::<_, std::convert::Infallible>(part), receiver))
            }))
        }
    };
    let large = move || {
        request_count.fetch_add(1, Ordering::SeqCst);
        std::future::ready(vec![b'x'; BODY])
    };
    let router = Router::new().route("/", get(large)).route("/stream", get(stream));
    tokio::spawn(async move {
        serve_with(
            &Arc::new(EmptyProgram),
            router,
            listener,
            LIMITS,
            std::future::pending(),
        )
        .await;
    });
    (address, requests, sender)
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// The beginning of a connection whose streams have this window.
fn preface(window: u32) -> Vec<u8> {
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    let setting = [&[0, 4][..], &window.to_be_bytes()].concat();
    bytes.extend(frame(SETTINGS, 0, 0, &setting));
    bytes
}

/// `GET` of a path, with `END_STREAM` and `END_HEADERS`.
fn request(stream: u32, path: &str) -> Vec<u8> {
    let mut block = vec![0x82, 0x86, 0x01, 1, b'a', 0x04, u8::try_from(path.len()).unwrap()];
    block.extend(path.as_bytes());
    frame(HEADERS, 5, stream, &block)
}

/// Reads frames until the server closes the connection.
async fn read_to_end(client: &mut TcpStream) {
    let reading = async {
        let mut buffer = [0; 4096];
        while let Ok(1..) = client.read(&mut buffer).await {}
    };
    tokio::time::timeout(LONG, reading)
        .await
        .expect("the connection is closed");
}

#[tokio::test]
async fn streams_that_are_not_read_end_their_connection() {
    // Windows that are smaller than the body, and the maximum number of requests that begin before 100,000 bytes are unread.
    // The unread bytes of a body are all 40,000, all except the first part of 16 KiB, or only the last part.
    for (window, max) in [(0, 3), (1, 5), (u32::try_from(BODY).unwrap() - 1, 14)] {
        let (address, requests, _sender) = start().await;
        let mut client = TcpStream::connect(address).await.unwrap();
        let mut bytes = preface(window);
        for stream in 0..64 {
            bytes.extend(request(stream * 2 + 1, "/"));
        }
        client.write_all(&bytes).await.unwrap();
        read_to_end(&mut client).await;
        let count = requests.load(Ordering::SeqCst);
        assert!(
            (1..=max).contains(&count),
            "{count} requests were processed with a window of {window}"
        );
    }
}

#[tokio::test]
async fn a_connection_without_window_updates_ends() {
    let (address, requests, _sender) = start().await;
    let mut client = TcpStream::connect(address).await.unwrap();
    // The windows of the streams are large enough, but that of the connection has 65,535 bytes.
    let mut bytes = preface(1_000_000);
    for stream in 0..64 {
        bytes.extend(request(stream * 2 + 1, "/"));
    }
    client.write_all(&bytes).await.unwrap();
    read_to_end(&mut client).await;
    assert!(requests.load(Ordering::SeqCst) <= 5, "{requests:?}");
}

#[tokio::test]
async fn an_http_1_connection_that_is_not_read_is_closed() {
    let (address, ..) = start().await;
    let mut client = TcpStream::connect(address).await.unwrap();
    let request = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    // More responses than the kernel buffers: writing fails once the server has closed the connection.
    let writing = async {
        while client.write_all(request.as_bytes()).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, writing)
        .await
        .expect("the connection is closed");
}

#[tokio::test]
async fn a_slow_response_to_a_client_that_reads_is_complete() {
    let (address, requests, sender) = start().await;
    let mut client = TcpStream::connect(address).await.unwrap();
    let mut bytes = preface(1_000_000);
    bytes.extend(frame(WINDOW_UPDATE, 0, 0, &1_000_000_000_u32.to_be_bytes()));
    bytes.extend(request(1, "/stream"));
    for stream in 1..10 {
        bytes.extend(request(stream * 2 + 1, "/"));
    }
    client.write_all(&bytes).await.unwrap();
    sender.send(Bytes::from_static(b"begin")).await.unwrap();
    // Longer than the stall timeout, which does not apply to the server's delay.
    tokio::time::sleep(LIMITS.stall_timeout * 4).await;
    sender.send(Bytes::from_static(b"finally")).await.unwrap();
    let mut received = Vec::new();
    let reading = async {
        while !received.windows(7).any(|part| part == b"finally") {
            assert_ne!(
                client.read_buf(&mut received).await.unwrap(),
                0,
                "the connection was closed"
            );
        }
    };
    tokio::time::timeout(LONG, reading)
        .await
        .expect("everything is sent");
    assert!(received.len() > 9 * BODY, "{}", received.len());
    assert_eq!(requests.load(Ordering::SeqCst), 9);
}
