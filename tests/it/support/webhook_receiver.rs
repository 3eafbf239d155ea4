//! A receiver of webhooks that does as it is told: takes them, fails, hangs, redirects, dies; and gateways that tell it.

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

/// What it does with a message.
#[derive(Clone, Debug)]
pub enum Reaction {
    /// Answers with this status.
    Status(u16),
    /// Answers with this status and one header.
    Header(u16, &'static str, String),
    /// Never answers.
    Hang,
    /// Answers with this status and a body without an end.
    Endless(u16),
}

/// A message as it arrived.
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

/// The receiver; it dies with this.
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
    /// One that takes everything.
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

    /// Where it wants its messages.
    pub fn url(&self) -> String {
        format!("http://{}/hook?from=stockroom", self.address)
    }

    /// From now on it does this with each.
    pub fn reacts(&self, reaction: Reaction) {
        *self.state.reaction.lock().unwrap() = reaction;
    }

    /// What has arrived until now.
    pub fn received(&self) -> Vec<Received> {
        self.state.received.borrow().clone()
    }

    /// What has arrived, once there are this many.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        let mut received = self.state.received.subscribe();
        let arrived = tokio::time::timeout(
            Duration::from_mins(1),
            received.wait_for(|all| all.len() >= count),
        );
        let arrived = arrived.await;
        let all = arrived.unwrap_or_else(|_| panic!("{count} messages in a minute"));
        all.expect("the sender lives").clone()
    }

    /// Breaks every connection off and listens no more.
    pub async fn die(mut self) {
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
    // They end with this set.
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        let state = Arc::clone(&state);
        connections.spawn(async move {
            let service = service_fn(move |request| answer(Arc::clone(&state), request));
            let connection = hyper::server::conn::http1::Builder::new();
            // The other side may leave when it likes.
            let _ = connection.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.expect("a whole message").to_bytes();
    let reaction = state.reaction.lock().unwrap().clone();
    state.received.send_modify(|received| {
        received.push(Received {
            path: head.uri.to_string(),
            headers: head.headers,
            body,
        });
    });
    let answer = match reaction {
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
    Ok(answer.expect("an answer"))
}

/// What messages are signed with.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The settings that send everything to one receiver, and more of them.
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

/// The same gateway with webhooks, whose worker only runs when it is told to.
pub async fn telling(gateway: Gateway, receiver: &Receiver, more: &[&str]) -> Gateway {
    let url = receiver.url();
    let gateway = gateway.with(&flags(&url, more)).await;
    gateway
        .webhooks()
        .store_configured_endpoint()
        .await
        .expect("an endpoint");
    gateway
}

/// Sends what is due and says how many tries that were.
pub async fn due(gateway: &Gateway) -> usize {
    gateway.webhooks().run_due().await.expect("it runs")
}

/// Makes an outflow.
pub async fn take_out(gateway: &Gateway, product: i64, quantity: i64) -> i64 {
    let body = json!({ "product": product, "quantity": quantity });
    gateway.manager.make(Kind::Outflow, body).await
}

/// Every delivery, the first one first.
pub async fn deliveries(gateway: &Gateway) -> Vec<delivery::Model> {
    let all = delivery::Entity::find().order_by_asc(delivery::Column::Id);
    all.all(&gateway.services.db).await.expect("rows")
}

/// How many events there are.
pub async fn events(gateway: &Gateway) -> usize {
    event::Entity::find()
        .all(&gateway.services.db)
        .await
        .expect("rows")
        .len()
}

/// The settings under which endpoints are managed and there is none of the settings.
pub const MANAGED: [&str; 4] = ["--webhook-enabled", "true", "--webhook-allow-private", "true"];

/// The same gateway with webhooks for the endpoints that are managed, whose worker only runs when it is told to.
pub async fn managing(gateway: Gateway, more: &[&str]) -> Gateway {
    let gateway = gateway.with(&[&MANAGED, more].concat()).await;
    gateway
        .webhooks()
        .store_configured_endpoint()
        .await
        .expect("a database");
    gateway
}

/// An endpoint that is managed.
#[derive(Clone, Debug)]
pub struct Managed {
    pub id: i64,
    pub secret: String,
}

impl Managed {
    /// Makes one that is told of these events.
    pub async fn make(gateway: &Gateway, url: &str, events: &[&str]) -> Self {
        let body = json!({ "url": url, "events": events });
        let made = gateway.root.post("webhooks/", body).await.expect(201);
        Self {
            id: made["id"].as_i64().expect("an id"),
            secret: made["secret"].as_str().expect("a secret").to_owned(),
        }
    }

    /// Its path, or one below it.
    pub fn path(&self, below: &str) -> String {
        format!("webhooks/{}/{below}", self.id)
    }

    /// As it is now.
    pub async fn shown(&self, gateway: &Gateway) -> Value {
        gateway.root.get(&self.path("")).await.expect(200)
    }

    /// Its deliveries, newest first.
    pub async fn deliveries(&self, gateway: &Gateway) -> Vec<Value> {
        let page = gateway.root.get(&self.path("deliveries/?page_size=100")).await;
        page.expect(200)["results"].as_array().expect("a list").clone()
    }

    /// Changes it.
    pub async fn patch(&self, gateway: &Gateway, body: Value) -> Value {
        gateway.root.patch(&self.path(""), body).await.expect(200)
    }

    /// Writes deliveries to it of the first event, as many as would take long to make, with this `due_at` and `outcome`.
    pub async fn many(&self, gateway: &Gateway, count: u32, state: &str) {
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
