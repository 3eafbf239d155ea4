//! A webhook receiver with configurable behaviour: it accepts, fails, hangs, redirects or stops; and gateways that send
//! to it.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::entity::{delivery, event};
use axum::body::Body;
use http_body_util::BodyExt as _;
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderMap;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use sea_orm::{EntityTrait as _, QueryOrder as _};
use serde_json::{Value, json};
use stockroom::kind::Kind;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::support::gateway::Gateway;

/// The response to a message.
#[derive(Clone, Debug)]
pub enum Reaction {
    /// Responds with this status.
    Status(u16),
    /// Responds with this status and one header.
    Header(u16, &'static str, String),
    /// Never responds.
    Hang,
    /// Responds with this status and an endless body.
    Endless(u16),
}

/// A received message.
#[derive(Clone, Debug)]
pub struct Received {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .unwrap_or_else(|| panic!("{name} is missing"))
            .to_str()
            .expect("ASCII")
    }

    pub fn id(&self) -> &str {
        self.header("webhook-id")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub fn name(&self) -> String {
        self.json()["type"].as_str().expect("a type").to_owned()
    }
}

/// The receiver, which is stopped on drop.
pub struct Receiver {
    pub address: SocketAddr,
    state: Arc<State>,
    serving: JoinHandle<()>,
}

struct State {
    reaction: Mutex<Reaction>,
    received: watch::Sender<Vec<Received>>,
}

impl Receiver {
    /// A receiver that accepts everything.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State {
            reaction: Mutex::new(Reaction::Status(204)),
            received: watch::Sender::new(Vec::new()),
        });
        let serving = tokio::spawn(serve(listener, Arc::clone(&state)));
        Self {
            address,
            state,
            serving,
        }
    }

    /// The URL that accepts messages.
    pub fn url(&self) -> String {
        format!("http://{}/hook?from=stockroom", self.address)
    }

    /// Sets the response to later messages.
    pub fn set_reaction(&self, reaction: Reaction) {
        *self.state.reaction.lock().unwrap() = reaction;
    }

    /// The messages received so far.
    pub fn received(&self) -> Vec<Received> {
        self.state.received.borrow().clone()
    }

    /// Waits for at least this many messages, for at most a minute, and returns all.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        let mut received = self.state.received.subscribe();
        let arrived = tokio::time::timeout(
            Duration::from_mins(1),
            received.wait_for(|all| all.len() >= count),
        );
        let arrived = arrived.await;
        let all = arrived.unwrap_or_else(|_| panic!("{count} messages in a minute"));
        all.expect("the sender is not dropped").clone()
    }

    /// Closes every connection and the listener.
    pub async fn stop(mut self) {
        self.serving.abort();
        assert!((&mut self.serving).await.unwrap_err().is_cancelled());
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    // Connections are closed when this set is dropped.
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        let state = Arc::clone(&state);
        connections.spawn(async move {
            let service = service_fn(move |request| respond(Arc::clone(&state), request));
            let connection = hyper::server::conn::http1::Builder::new();
            // The client may disconnect at any time.
            let _ = connection.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn respond(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.expect("a complete request").to_bytes();
    let reaction = state.reaction.lock().unwrap().clone();
    state.received.send_modify(|received| {
        received.push(Received {
            path: head.uri.to_string(),
            headers: head.headers,
            body,
        });
    });
    let response = match reaction {
        Reaction::Status(status) => Response::builder().status(status).body(Body::empty()),
        Reaction::Header(status, name, value) => Response::builder()
            .status(status)
            .header(name, value)
            .body(Body::empty()),
        Reaction::Hang => std::future::pending().await,
        Reaction::Endless(status) => {
            let chunks =
                futures_util::stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 1024])));
            Response::builder().status(status).body(Body::from_stream(chunks))
        }
    };
    Ok(response.expect("a response"))
}

/// The secret that signs messages.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The settings that send all events to one receiver, and further settings.
pub fn flags<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut flags = vec![
        "--webhook-enabled",
        "true",
        "--webhook-url",
        url,
        "--webhook-secret",
        SECRET,
    ];
    if !more.contains(&"--webhook-allow-private") {
        flags.extend(["--webhook-allow-private", "true"]);
    }
    flags.extend(more);
    flags
}

/// Restarts the gateway with webhooks. The worker runs only when a test calls it.
pub async fn with_webhooks(gateway: Gateway, receiver: &Receiver, more: &[&str]) -> Gateway {
    let url = receiver.url();
    let gateway = gateway.restart_with(&flags(&url, more)).await;
    gateway
        .webhooks()
        .store_configured_endpoint()
        .await
        .expect("an endpoint");
    gateway
}

/// Sends due deliveries and returns the number of attempts.
pub async fn send_due(gateway: &Gateway) -> usize {
    gateway.webhooks().run_due().await.expect("the worker runs")
}

/// Creates an outflow.
pub async fn create_outflow(gateway: &Gateway, product: i64, quantity: i64) -> i64 {
    let body = json!({ "product": product, "quantity": quantity });
    gateway.manager.make(Kind::Outflow, body).await
}

/// Every delivery, in order of creation.
pub async fn deliveries(gateway: &Gateway) -> Vec<delivery::Model> {
    let all = delivery::Entity::find().order_by_asc(delivery::Column::Id);
    all.all(&gateway.services.db).await.expect("rows")
}

/// The number of events.
pub async fn events(gateway: &Gateway) -> usize {
    event::Entity::find()
        .all(&gateway.services.db)
        .await
        .expect("rows")
        .len()
}

/// The settings for managed endpoints only, without `WEBHOOK_URL`.
pub const MANAGED: [&str; 4] = ["--webhook-enabled", "true", "--webhook-allow-private", "true"];

/// Restarts the gateway with webhooks for managed endpoints. The worker runs only when a test calls it.
pub async fn with_managed_endpoints(gateway: Gateway, more: &[&str]) -> Gateway {
    let gateway = gateway.restart_with(&[&MANAGED, more].concat()).await;
    gateway
        .webhooks()
        .store_configured_endpoint()
        .await
        .expect("a database");
    gateway
}

/// A managed endpoint.
#[derive(Clone, Debug)]
pub struct ManagedEndpoint {
    pub id: i64,
    pub secret: String,
}

impl ManagedEndpoint {
    /// Creates an endpoint that subscribes to these events.
    pub async fn make(gateway: &Gateway, url: &str, events: &[&str]) -> Self {
        let body = json!({ "url": url, "events": events });
        let created = gateway.root.post("webhooks/", body).await.expect(201);
        Self {
            id: created["id"].as_i64().expect("an id"),
            secret: created["secret"].as_str().expect("a secret").to_owned(),
        }
    }

    /// The path of the endpoint, followed by `suffix`.
    pub fn path(&self, suffix: &str) -> String {
        format!("webhooks/{}/{suffix}", self.id)
    }

    /// The endpoint, read by REST.
    pub async fn read(&self, gateway: &Gateway) -> Value {
        gateway.root.get(&self.path("")).await.expect(200)
    }

    /// The deliveries of the endpoint, newest first.
    pub async fn deliveries(&self, gateway: &Gateway) -> Vec<Value> {
        let page = gateway.root.get(&self.path("deliveries/?page_size=100")).await;
        page.expect(200)["results"].as_array().expect("a list").clone()
    }

    /// Updates the endpoint.
    pub async fn patch(&self, gateway: &Gateway, body: Value) -> Value {
        gateway.root.patch(&self.path(""), body).await.expect(200)
    }

    /// Inserts this many deliveries of the first event directly into the database; `state` is the SQL of `due_at, outcome`.
    pub async fn insert_deliveries(&self, gateway: &Gateway, count: u32, state: &str) {
        let endpoint = self.id;
        let sql = format!(
            "INSERT INTO delivery (event_id, endpoint_id, attempts, due_at, outcome, ended_at)
         WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {count})
         SELECT event.id, {endpoint}, 9, {state}, event.created_at
         FROM number, (SELECT id, created_at FROM event ORDER BY id LIMIT 1) AS event"
        );
        gateway.sql(sql).await.expect("rows");
    }
}
