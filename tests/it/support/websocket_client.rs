//! A client of `graphql-transport-ws` that sends exactly what a test requests.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::support::actors::Actor;

/// The time limit for an expected message.
pub const TIMEOUT: Duration = Duration::from_secs(20);

/// A frame from the server.
#[derive(Clone, Debug, PartialEq)]
pub enum ServerFrame {
    Message(Value),
    /// The close code and the reason.
    Closed(u16, String),
}

/// A connection.
pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Connects with these headers; returns the status and body if the upgrade is rejected.
    pub async fn connect(actor: &Actor, headers: &[(&str, &str)]) -> Result<Self, (u16, String)> {
        Self::connect_at(actor, "/graphql", headers).await
    }

    async fn connect_at(actor: &Actor, path: &str, headers: &[(&str, &str)]) -> Result<Self, (u16, String)> {
        let stream = TcpStream::connect(actor.address).await.expect("a connection");
        let mut request = format!("ws://{}{path}", actor.address)
            .into_client_request()
            .expect("a request");
        for (name, value) in headers {
            let name: reqwest::header::HeaderName = name.parse().expect("a name");
            request
                .headers_mut()
                .insert(name, value.parse().expect("a value"));
        }
        match client_async(request, stream).await {
            Ok((stream, _)) => Ok(Self(stream)),
            Err(Error::Http(response)) => {
                let body = response.body().clone().unwrap_or_default();
                Err((
                    response.status().as_u16(),
                    String::from_utf8_lossy(&body).into_owned(),
                ))
            }
            Err(error) => Err((0, error.to_string())),
        }
    }

    /// Connects with the subprotocol.
    pub async fn open(actor: &Actor) -> Self {
        Self::open_at(actor, "/graphql").await
    }

    async fn open_at(actor: &Actor, path: &str) -> Self {
        let protocol = [("sec-websocket-protocol", "graphql-transport-ws")];
        let connected = Self::connect_at(actor, path, &protocol).await;
        connected.expect("a WebSocket")
    }

    /// Connects and authenticates in `connection_init`, as a browser does.
    pub async fn login(actor: &Actor) -> Self {
        Self::login_at(actor, "/graphql").await
    }

    /// Like [`Socket::login`], at another path.
    pub async fn login_at(actor: &Actor, path: &str) -> Self {
        let mut socket = Self::open_at(actor, path).await;
        socket.init(actor.token.as_deref()).await;
        assert_eq!(
            socket.next().await,
            ServerFrame::Message(json!({ "type": "connection_ack" }))
        );
        socket
    }

    /// Sends `connection_init`.
    pub async fn init(&mut self, token: Option<&str>) {
        let mut init = json!({ "type": "connection_init" });
        if let Some(token) = token {
            init["payload"] = json!({ "Authorization": format!("Bearer {token}") });
        }
        self.send_json(&init).await;
    }

    /// Starts an operation.
    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.send_json(&json!({ "type": "subscribe", "id": id, "payload": payload }))
            .await;
    }

    pub async fn send_json(&mut self, message: &Value) {
        self.send(Message::text(message.to_string())).await;
    }

    pub async fn send(&mut self, message: Message) {
        self.0.send(message).await.expect("an open connection");
    }

    /// The next frame from the server.
    pub async fn next(&mut self) -> ServerFrame {
        loop {
            let message = tokio::time::timeout(TIMEOUT, self.0.next())
                .await
                .expect("a frame in time");
            match message.expect("a close frame first").expect("a frame") {
                Message::Text(text) => {
                    return ServerFrame::Message(serde_json::from_str(&text).expect("JSON"));
                }
                Message::Close(Some(frame)) => {
                    return ServerFrame::Closed(frame.code.into(), frame.reason.to_string());
                }
                Message::Close(None) => panic!("a close frame without a code"),
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    /// The next message.
    pub async fn message(&mut self) -> Value {
        match self.next().await {
            ServerFrame::Message(message) => message,
            ServerFrame::Closed(code, reason) => panic!("closed with {code} {reason}"),
        }
    }

    /// The data of the next result of an operation.
    pub async fn data(&mut self, id: &str) -> Value {
        let message = self.message().await;
        assert_eq!(
            (&message["type"], &message["id"]),
            (&json!("next"), &json!(id)),
            "{message}"
        );
        assert!(message["payload"].get("errors").is_none(), "{message}");
        message["payload"]["data"].clone()
    }

    /// Whether the server drops a client that sends and never reads.
    pub async fn is_dropped(&mut self) -> bool {
        let sending = async {
            while self.0.send(Message::text(r#"{"type":"pong"}"#)).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(TIMEOUT * 2, sending).await.is_ok()
    }

    /// The next buffered message; `None` once the connection is closed.
    pub async fn next_buffered(&mut self) -> Option<Value> {
        let message = tokio::time::timeout(TIMEOUT, self.0.next())
            .await
            .expect("an end in time");
        match message {
            Some(Ok(Message::Text(text))) => Some(serde_json::from_str(&text).expect("JSON")),
            Some(Ok(_)) => Some(Value::Null),
            Some(Err(_)) | None => None,
        }
    }

    /// The code and reason of the close frame; skips earlier messages.
    pub async fn close_frame(&mut self) -> (u16, String) {
        loop {
            if let ServerFrame::Closed(code, reason) = self.next().await {
                return (code, reason);
            }
        }
    }
}
