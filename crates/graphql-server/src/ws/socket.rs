//! A WebSocket connection: the protocol `graphql-transport-ws` with its messages and close codes.
//!
//! One task per connection reads, writes and enforces timeouts. Each operation runs in a separate task. The messages of
//! all operations go through one bounded queue, so that a slow client slows its operations down. A client that does not
//! accept a message within [`Limits::write_time`](crate::Limits::write_time) is disconnected.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{SplitSink, StreamExt as _};
use futures_util::{FutureExt as _, SinkExt as _};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep_until, timeout};

use super::operation::{self, MessageSender, OutgoingMessage};
use super::protocol::{ClientMessage, Close};
use crate::engine::GraphQlRequest;
use crate::error::ErrorCode;
use crate::host::Host;
use crate::service::{Service, authorization};

const PROTOCOL: &str = "graphql-transport-ws";
/// Maximum number of messages queued for writing.
const QUEUE_CAPACITY: usize = 16;
/// Time between pings.
const PING_INTERVAL: Duration = Duration::from_secs(15);
/// Time without a message or a pong after which the connection is closed.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(45);

/// Responds to an upgrade request.
pub(crate) fn open<H: Host>(service: Arc<Service<H>>, parts: &Parts, upgrade: WebSocketUpgrade) -> Response {
    if !is_allowed(service.host(), parts) {
        return (StatusCode::FORBIDDEN, "Pages of this origin may not connect.").into_response();
    }
    if service.host().is_stopping() {
        return (StatusCode::SERVICE_UNAVAILABLE, "The server is shutting down.").into_response();
    }
    let Ok(permit) = Arc::clone(&service.sockets).try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "There are too many connections.").into_response();
    };
    let client = service.host().client(parts);
    // Clients other than browsers can send this header with the upgrade request. It is verified at `connection_init`.
    let authorization = authorization(&parts.headers).map(<[u8]>::to_vec);
    // Twice the limit, so that a message slightly above the limit gets close code 1009 instead of a transport error.
    let max_size = service.engine.settings().limits.message_bytes * 2;
    upgrade
        .max_message_size(max_size)
        .max_frame_size(max_size)
        .protocols([PROTOCOL])
        .on_upgrade(async move |socket| {
            let connection = Connection::new(Arc::clone(&service), client, authorization);
            service.host().spawn(async move {
                connection.run(socket).await;
                drop(permit);
            });
        })
}

/// Checks `Origin`. Clients other than browsers do not send it and need no check.
fn is_allowed<H: Host>(host: &H, parts: &Parts) -> bool {
    match parts.headers.get(header::ORIGIN).map(|origin| origin.to_str()) {
        None => true,
        Some(Ok(origin)) => host.allows_origin(parts, origin),
        Some(Err(_)) => false,
    }
}

struct Connection<H: Host> {
    service: Arc<Service<H>>,
    client: IpAddr,
    authorization: Option<Vec<u8>>,
    /// `None` before `connection_init`.
    session: Option<H::Session>,
    /// The running operations by their ids.
    operations: HashMap<String, RunningOperation>,
    tasks: JoinSet<()>,
    /// The number of operations that have been started.
    operation_count: u64,
    outgoing_sender: mpsc::Sender<OutgoingMessage>,
    outgoing_receiver: mpsc::Receiver<OutgoingMessage>,
}

struct RunningOperation {
    number: u64,
    task: tokio::task::AbortHandle,
}

type Sink = SplitSink<WebSocket, Message>;

impl<H: Host> Connection<H> {
    fn new(service: Arc<Service<H>>, client: IpAddr, authorization: Option<Vec<u8>>) -> Self {
        let (outgoing_sender, outgoing_receiver) = mpsc::channel(QUEUE_CAPACITY);
        Self {
            service,
            client,
            authorization,
            session: None,
            operations: HashMap::new(),
            tasks: JoinSet::new(),
            operation_count: 0,
            outgoing_sender,
            outgoing_receiver,
        }
    }

    async fn run(mut self, socket: WebSocket) {
        let has_protocol = socket.protocol().is_some_and(|protocol| protocol == PROTOCOL);
        let (mut sink, mut messages) = socket.split();
        let service = Arc::clone(&self.service);
        let (host, limits) = (service.host(), &service.engine.settings().limits);
        if !has_protocol {
            return close(&mut sink, limits.write_time, Close::NOT_ACCEPTABLE).await;
        }
        let mut shutdown = std::pin::pin!(host.wait_for_shutdown());
        let init_deadline = Instant::now() + limits.init_time;
        let mut expiry = std::future::pending().boxed();
        let (mut pings, mut last_message) = (interval(PING_INTERVAL), Instant::now());
        let reason = loop {
            let step = tokio::select! {
                message = messages.next() => match message {
                    // The response is queued by the WebSocket layer. It would be lost if another message were sent before,
                    // because sending fails after a close.
                    Some(Ok(Message::Close(_))) => {
                        let _ = timeout(limits.write_time, sink.flush()).await;
                        return;
                    }
                    Some(Ok(message)) => {
                        last_message = Instant::now();
                        let had_session = self.session.is_some();
                        let step = self.receive(message).await;
                        if let Some(session) = self.session.clone().filter(|_| !had_session) {
                            expiry = async move { host.wait_for_expiry(&session).await }.boxed();
                        }
                        step
                    }
                    // The client has disconnected or violated the WebSocket protocol.
                    Some(Err(_)) | None => return,
                },
                Some(outgoing) = self.outgoing_receiver.recv() => self.forward(outgoing),
                () = &mut expiry => Err(Close::EXPIRED),
                () = sleep_until(init_deadline), if self.session.is_none() => Err(Close::INIT_TIMEOUT),
                _ = pings.tick() => {
                    if last_message.elapsed() > SILENCE_TIMEOUT {
                        return;
                    }
                    Ok(Some(Message::Ping(Bytes::new())))
                }
                () = &mut shutdown => Err(Close::STOPPING),
            };
            match step {
                Ok(None) => {}
                Ok(Some(message)) => {
                    if !matches!(timeout(limits.write_time, sink.send(message)).await, Ok(Ok(()))) {
                        return;
                    }
                }
                Err(reason) => break reason,
            }
        };
        close(&mut sink, limits.write_time, reason).await;
    }

    /// The message to send for an operation; `None` if the client has completed the operation in the meantime.
    fn forward(&mut self, outgoing: OutgoingMessage) -> Result<Option<Message>, Close> {
        let is_current = self
            .operations
            .get(&outgoing.id)
            .is_some_and(|running| running.number == outgoing.number);
        if !is_current {
            return Ok(None);
        }
        if outgoing.is_last {
            self.operations.remove(&outgoing.id);
        }
        outgoing.content.map(|text| Some(Message::Text(text.into())))
    }

    async fn receive(&mut self, message: Message) -> Result<Option<Message>, Close> {
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return Err(Close::INVALID),
            // The WebSocket layer responds to pings by itself; `run` ends at a close.
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => return Ok(None),
        };
        if text.len() > self.service.engine.settings().limits.message_bytes {
            return Err(Close::TOO_LARGE);
        }
        match ClientMessage::parse(&text)? {
            ClientMessage::Init { authorization } => self.init(authorization).await.map(Some),
            ClientMessage::Ping { payload } => Ok(Some(Message::Text(ClientMessage::pong(payload).into()))),
            ClientMessage::Pong => Ok(None),
            ClientMessage::Subscribe { id, request } => self.subscribe(id, *request),
            ClientMessage::Complete { id } => {
                if let Some(running) = self.operations.remove(&id) {
                    running.task.abort();
                }
                Ok(None)
            }
        }
    }

    async fn init(&mut self, authorization: Option<String>) -> Result<Message, Close> {
        if self.session.is_some() {
            return Err(Close::TOO_MANY_INITS);
        }
        let authorization = authorization
            .map(String::into_bytes)
            .or_else(|| self.authorization.take());
        let host = self.service.host();
        let session = host
            .session(self.client, authorization.as_deref())
            .map_err(|_| Close::FORBIDDEN)?;
        match self.service.begin(&session).await {
            Ok(_) => self.session = Some(session),
            Err(error) if error.code == ErrorCode::Unauthenticated => return Err(Close::FORBIDDEN),
            Err(_) => return Err(Close::UNAVAILABLE),
        }
        Ok(Message::Text(r#"{"type":"connection_ack"}"#.into()))
    }

    fn subscribe(&mut self, id: String, request: GraphQlRequest) -> Result<Option<Message>, Close> {
        let Some(session) = &self.session else {
            return Err(Close::UNAUTHORIZED);
        };
        if self.operations.contains_key(&id) {
            return Err(Close::already_exists(&id));
        }
        let limit = self.service.engine.settings().limits.socket_operations;
        if self.operations.len() >= limit {
            let message = operation::too_many_operations(&id, limit);
            return Ok(Some(Message::Text(message.into())));
        }
        // Frees the memory of tasks that have ended.
        while self.tasks.try_join_next().is_some() {}
        self.operation_count += 1;
        let sender = MessageSender {
            id: id.clone(),
            number: self.operation_count,
            queue: self.outgoing_sender.clone(),
        };
        let operation = operation::run(Arc::clone(&self.service), session.clone(), sender, request);
        let running = RunningOperation {
            number: self.operation_count,
            task: self.tasks.spawn(operation),
        };
        self.operations.insert(id, running);
        Ok(None)
    }
}

async fn close(sink: &mut Sink, time: Duration, reason: Close) {
    let frame = CloseFrame {
        code: reason.code,
        reason: reason.reason.into_owned().into(),
    };
    // Fails if the client has disconnected.
    let _ = timeout(time, sink.send(Message::Close(Some(frame)))).await;
}
