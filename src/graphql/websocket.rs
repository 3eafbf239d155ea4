//! GraphQL over WebSocket: the protocol `graphql-transport-ws`, with its messages and its close codes.
//!
//! One task per connection reads, writes and watches; each operation is a task of its own, whose messages go through one
//! bounded queue. A reader that does not take them in time is dropped, and reads what it missed when it comes back.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{SplitSink, StreamExt as _};
use futures_util::{FutureExt as _, SinkExt as _};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep_until, timeout};

use super::caller::{bearer, token_of};
use super::engine::GraphQlRequest;
use super::handler::GraphQlState;
use super::operation::{MessageSender, Outgoing, operate};
use super::protocol::{Close, Incoming};
use super::sse::SLOWEST;
use crate::auth::session::Session;
use crate::config::Config;
use crate::error::Error;
use crate::origin;
use crate::services::Services;

/// Connections at the same time.
pub const SOCKETS: usize = 2_000;
/// The name of the protocol.
const PROTOCOL: &str = "graphql-transport-ws";
/// How long a client has for `connection_init`.
const INTRODUCTION: Duration = Duration::from_secs(5);
/// Bytes of one message.
const LARGEST_MESSAGE: usize = 256 * 1024;
/// Operations of one connection at the same time.
const OPERATIONS: usize = 50;
/// Messages that wait to be written.
const QUEUE: usize = 16;
/// How often a client is asked for a sign of life, and how many times without any.
const PING: Duration = Duration::from_secs(15);
const SILENCE: Duration = Duration::from_secs(45);

/// Answers the request to go on as a WebSocket.
pub fn open(
    face: Arc<GraphQlState>,
    services: Arc<Services>,
    parts: &Parts,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !is_welcome(parts, &services.config) {
        return (StatusCode::FORBIDDEN, "Pages of this origin may not connect.").into_response();
    }
    let Ok(place) = Arc::clone(&face.sockets).try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "There are too many connections.").into_response();
    };
    let client = origin::client(parts, &services.config);
    // Clients that are not browsers can send it before the first message; what is bad is said after that.
    let token = token_of(&parts.headers).ok().flatten().map(str::to_owned);
    upgrade
        // A little above, so that one that is too large gets an answer before the connection breaks.
        .max_message_size(LARGEST_MESSAGE * 2)
        .max_frame_size(LARGEST_MESSAGE * 2)
        .protocols([PROTOCOL])
        .on_upgrade(async move |socket| {
            let streams = services.tasks.clone();
            let connection = Connection::new(face, services, client, token);
            streams.track_future(connection.run(socket)).await;
            drop(place);
        })
}

/// A browser says which page connects, and no preflight asks us: only pages of our own, or those that may call us anyway.
fn is_welcome(parts: &Parts, config: &Config) -> bool {
    let Some(from) = parts.headers.get(header::ORIGIN) else {
        return true;
    };
    let Ok(from) = from.to_str() else {
        return false;
    };
    let allowed = |allowed: &String| allowed == "*" || allowed == from;
    let host = |origin: &str| {
        origin
            .split_once("://")
            .map(|(_, host)| host.to_ascii_lowercase())
    };
    // Where TLS ends before us, the scheme that the page has may not be the one we know of.
    config.cors_allowed_origins.iter().any(allowed) || host(from) == host(&origin::public(parts, config))
}

/// What a connection knows.
struct Connection {
    face: Arc<GraphQlState>,
    services: Arc<Services>,
    client: IpAddr,
    token: Option<String>,
    /// Nothing before `connection_init`.
    session: Option<Session>,
    running: HashMap<String, Running>,
    tasks: JoinSet<()>,
    /// Tells operations apart that have the same id one after the other.
    begun: u64,
    queue: mpsc::Sender<Outgoing>,
    queued: mpsc::Receiver<Outgoing>,
}

struct Running {
    number: u64,
    task: tokio::task::AbortHandle,
}

type Sink = SplitSink<WebSocket, Message>;

impl Connection {
    fn new(face: Arc<GraphQlState>, services: Arc<Services>, client: IpAddr, token: Option<String>) -> Self {
        let (queue, queued) = mpsc::channel(QUEUE);
        Self {
            face,
            services,
            client,
            token,
            session: None,
            running: HashMap::new(),
            tasks: JoinSet::new(),
            begun: 0,
            queue,
            queued,
        }
    }

    async fn run(mut self, socket: WebSocket) {
        let spoken = socket.protocol().is_some_and(|protocol| protocol == PROTOCOL);
        let (mut sink, mut messages) = socket.split();
        if !spoken {
            return close(&mut sink, Close::NOT_ACCEPTABLE).await;
        }
        let services = Arc::clone(&self.services);
        let mut stopped = std::pin::pin!(services.stopped());
        let introduction = Instant::now() + INTRODUCTION;
        let mut over = std::future::pending().boxed();
        let (mut pings, mut heard) = (interval(PING), Instant::now());
        let end = loop {
            let step = tokio::select! {
                message = messages.next() => match message {
                    Some(Ok(message)) => {
                        heard = Instant::now();
                        let was_known = self.session.is_some();
                        let step = self.receive(message).await;
                        if let Some(session) = self.session.clone().filter(|_| !was_known) {
                            over = async move { session.ended().await }.boxed();
                        }
                        step
                    }
                    // It has gone, or broken the protocol beneath ours.
                    Some(Err(_)) | None => return,
                },
                Some(outgoing) = self.queued.recv() => self.pass_on(outgoing),
                () = &mut over => Err(Close::SESSION_OVER),
                () = sleep_until(introduction), if self.session.is_none() => Err(Close::NO_INTRODUCTION),
                _ = pings.tick() => {
                    if heard.elapsed() > SILENCE {
                        return;
                    }
                    Ok(Some(Message::Ping(axum::body::Bytes::new())))
                }
                () = &mut stopped => Err(Close::STOPPING),
            };
            match step {
                Ok(None) => {}
                Ok(Some(message)) => {
                    if !matches!(timeout(SLOWEST, sink.send(message)).await, Ok(Ok(()))) {
                        return;
                    }
                }
                Err(end) => break end,
            }
        };
        close(&mut sink, end).await;
    }

    /// What an operation has to say, unless it has been ended since.
    fn pass_on(&mut self, outgoing: Outgoing) -> Result<Option<Message>, Close> {
        let current = self
            .running
            .get(&outgoing.id)
            .is_some_and(|running| running.number == outgoing.number);
        if !current {
            return Ok(None);
        }
        if outgoing.is_last {
            self.running.remove(&outgoing.id);
        }
        Ok(Some(Message::Text(outgoing.text.into())))
    }

    async fn receive(&mut self, message: Message) -> Result<Option<Message>, Close> {
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return Err(Close::INVALID),
            // Pings are answered beneath; a close is answered there too, and ends the stream of messages.
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => return Ok(None),
        };
        if text.len() > LARGEST_MESSAGE {
            return Err(Close::TOO_LARGE);
        }
        match Incoming::read(&text)? {
            Incoming::Init { authorization } => self.introduce(authorization).await.map(Some),
            Incoming::Ping { payload } => Ok(Some(Message::Text(Incoming::pong(payload).into()))),
            Incoming::Pong => Ok(None),
            Incoming::Subscribe { id, ask } => self.subscribe(id, *ask),
            Incoming::Complete { id } => {
                if let Some(running) = self.running.remove(&id) {
                    running.task.abort();
                }
                Ok(None)
            }
        }
    }

    async fn introduce(&mut self, authorization: Option<String>) -> Result<Message, Close> {
        if self.session.is_some() {
            return Err(Close::TOO_MANY_INTRODUCTIONS);
        }
        let token = match &authorization {
            Some(text) => bearer(text).map_err(|_| Close::FORBIDDEN)?,
            None => self.token.as_deref(),
        };
        let session = Session::new(Arc::clone(&self.services), self.client, token);
        match session.ctx().await {
            Ok(_) => self.session = Some(session),
            Err(Error::Unauthenticated(_)) => return Err(Close::FORBIDDEN),
            Err(error) => {
                crate::telemetry::log_failure(&error);
                return Err(Close::UNAVAILABLE);
            }
        }
        Ok(Message::Text(r#"{"type":"connection_ack"}"#.into()))
    }

    fn subscribe(&mut self, id: String, ask: GraphQlRequest) -> Result<Option<Message>, Close> {
        let Some(session) = &self.session else {
            return Err(Close::UNAUTHORIZED);
        };
        if self.running.contains_key(&id) {
            return Err(Close::already_exists(&id));
        }
        if self.running.len() >= OPERATIONS {
            return Ok(Some(Message::Text(Outgoing::too_many(&id, OPERATIONS).into())));
        }
        // Those that have ended by themselves.
        while self.tasks.try_join_next().is_some() {}
        self.begun += 1;
        let voice = MessageSender {
            id: id.clone(),
            number: self.begun,
            queue: self.queue.clone(),
        };
        let operation = operate(Arc::clone(&self.face), session.clone(), voice, ask);
        let running = Running {
            number: self.begun,
            task: self.tasks.spawn(operation),
        };
        self.running.insert(id, running);
        Ok(None)
    }
}

async fn close(sink: &mut Sink, end: Close) {
    let frame = CloseFrame {
        code: end.code,
        reason: end.reason.into_owned().into(),
    };
    // Whoever does not take it in time has no use for it.
    let _ = timeout(SLOWEST, sink.send(Message::Close(Some(frame)))).await;
}
