//! Requests as bytes over a socket, which may be malformed.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A response as received from the socket.
#[derive(Debug)]
pub struct RawResponse {
    pub status: u16,
    /// The status line and the headers, as written.
    pub head: String,
    pub body: String,
}

impl RawResponse {
    /// The code of the documented envelope.
    pub fn code(&self) -> String {
        let body: Value =
            serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"));
        body["error"]["code"]
            .as_str()
            .unwrap_or_else(|| panic!("{body}"))
            .to_owned()
    }
}

/// Sends bytes and reads until the connection is closed.
pub async fn exchange(address: SocketAddr, bytes: &[u8]) -> RawResponse {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    // The server may respond and close before it has read everything.
    let _ = stream.write_all(bytes).await;
    read_response(stream).await
}

/// Sends bytes, closes the writing side of the connection, and reads the response.
pub async fn exchange_half_closed(address: SocketAddr, bytes: &[u8]) -> RawResponse {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(bytes).await.expect("a listening server");
    stream.shutdown().await.expect("a listening server");
    read_response(stream).await
}

async fn read_response(mut stream: TcpStream) -> RawResponse {
    let mut received = Vec::new();
    let reading = stream.read_to_end(&mut received);
    let _ = tokio::time::timeout(Duration::from_secs(20), reading)
        .await
        .expect("a response in time");
    let text = String::from_utf8(received).expect("a response in UTF-8");
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no response: {text:?}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    RawResponse {
        status: status.unwrap_or_else(|| panic!("no status: {head:?}")),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

/// The head of a request with these header lines and `Connection: close`.
pub fn head(line: &str, headers: &[&str]) -> String {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    format!("{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n")
}
