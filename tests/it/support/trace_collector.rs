//! A trace collector: a server that accepts traces by OTLP (HTTP, protobuf) and keeps the requests.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Kind;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// A running collector, which is stopped on drop.
pub struct Collector {
    pub address: SocketAddr,
    collected: Arc<watch::Sender<Collected>>,
    serving: JoinHandle<()>,
}

/// The collected requests.
#[derive(Clone, Default)]
pub struct Collected {
    pub spans: Vec<Span>,
    /// The attributes `service.*` of the sender's resource.
    pub resource: Vec<(String, String)>,
    /// The bodies of all requests, concatenated.
    pub bytes: Vec<u8>,
    pub paths: Vec<String>,
}

impl Collector {
    /// Starts a collector on a free port of this host. It accepts every valid request.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let collected = Arc::new(watch::Sender::new(Collected::default()));
        let serving = tokio::spawn(serve(listener, Arc::clone(&collected)));
        Self {
            address,
            collected,
            serving,
        }
    }

    /// The value of `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests collected so far.
    pub fn collected(&self) -> Collected {
        self.collected.borrow().clone()
    }

    /// Waits until the condition `holds` is met, for at most 30 seconds, and returns the collected requests.
    pub async fn until(&self, holds: impl Fn(&Collected) -> bool) -> Collected {
        let mut collected = self.collected.subscribe();
        let arrived = tokio::time::timeout(
            Duration::from_secs(30),
            collected.wait_for(|collected| holds(collected)),
        )
        .await;
        arrived
            .expect("the requests arrive in time")
            .expect("the sender is not dropped")
            .clone()
    }
}

impl Collected {
    /// The spans with this name.
    pub fn named(&self, name: &str) -> Vec<&Span> {
        self.spans.iter().filter(|span| span.name == name).collect()
    }

    /// The children of a span.
    pub fn children(&self, span: &Span) -> Vec<&Span> {
        let is_child = |other: &&Span| other.parent_span_id == span.span_id;
        self.spans.iter().filter(is_child).collect()
    }

    /// Whether the body of any request contains this text.
    pub fn contains(&self, text: &str) -> bool {
        self.bytes.windows(text.len()).any(|part| part == text.as_bytes())
    }
}

/// The value of a span's attribute as a string, which is empty if the attribute is absent.
pub fn attribute(span: &Span, name: &str) -> String {
    let found = span.attributes.iter().find(|attribute| attribute.key == name);
    found.map(text).unwrap_or_default()
}

fn text(attribute: &KeyValue) -> String {
    match &attribute.value {
        Some(AnyValue {
            value: Some(Kind::StringValue(text)),
            ..
        }) => text.clone(),
        Some(AnyValue {
            value: Some(Kind::IntValue(number)),
            ..
        }) => number.to_string(),
        other => panic!("{other:?}"),
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, collected: Arc<watch::Sender<Collected>>) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        let collected = Arc::clone(&collected);
        connections.spawn(async move {
            let service = service_fn(move |request| receive(Arc::clone(&collected), request));
            let connection = hyper::server::conn::http1::Builder::new();
            // An error is ignored: the client may disconnect at any time.
            let _ = connection.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn receive(
    collected: Arc<watch::Sender<Collected>>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let (head, body) = request.into_parts();
    assert_eq!(head.headers["content-type"], "application/x-protobuf");
    let body = body.collect().await.expect("a complete request").to_bytes();
    let message = ExportTraceServiceRequest::decode(&*body).expect("an OTLP request");
    collected.send_modify(|collected| {
        collected.bytes.extend(&body);
        collected.paths.push(head.uri.path().to_owned());
        for resource in message.resource_spans {
            let attributes = resource
                .resource
                .map(|resource| resource.attributes)
                .unwrap_or_default();
            // The attributes of the host and of the SDK are left out.
            let own = attributes
                .iter()
                .filter(|attribute| attribute.key.starts_with("service."));
            collected.resource = own.map(|own| (own.key.clone(), text(own))).collect();
            collected
                .spans
                .extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
    });
    let message = ExportTraceServiceResponse::default().encode_to_vec();
    let response = Response::builder()
        .header("content-type", "application/x-protobuf")
        .body(message.into());
    Ok(response.expect("a response"))
}
