//! The HTTP client, with a timeout for an attempt and limits on the size of the response.
//!
//! Redirects are not followed: one could lead to an address that is not allowed.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Method, Request, StatusCode};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use url::Url;

use super::sign::SigningSecret;
use super::target::{ForbiddenAddress, Resolver, TargetPolicy};

/// Maximum size of the head of a response in bytes.
const HEAD_BYTES: usize = 16 * 1024;
/// Maximum size of the body of a response in bytes. The body is read and discarded, so that the connection can be reused.
const BODY_BYTES: usize = 16 * 1024;
/// Time for which an idle connection is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Maximum number of idle connections kept for each receiver.
const MAX_IDLE: usize = 8;

/// Sends messages. Idle connections are kept and reused for the same receiver.
pub struct Client {
    hyper: Hyper<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
    timeout: Duration,
    policy: TargetPolicy,
    user_agent: &'static str,
}

/// TLS can't be configured, so the client can't be created.
#[derive(Debug, thiserror::Error)]
#[error("TLS can't be configured")]
pub struct ClientError(#[source] rustls::Error);

/// A signed message for one attempt.
#[derive(Clone, Debug)]
pub struct SignedMessage {
    /// The id of the message, which is the same at every attempt.
    pub id: String,
    /// The time of this attempt, in seconds since 1970.
    pub timestamp: i64,
    /// One signature, or several separated by spaces.
    pub signature: String,
    pub body: Vec<u8>,
}

impl SignedMessage {
    /// A message with one signature for each secret.
    pub fn new(id: &str, timestamp: i64, secrets: &[SigningSecret], body: Vec<u8>) -> Self {
        let signatures: Vec<String> = secrets
            .iter()
            .map(|secret| secret.sign(id, timestamp, &body))
            .collect();
        Self {
            id: id.to_owned(),
            timestamp,
            signature: signatures.join(" "),
            body,
        }
    }
}

/// The result of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptResult {
    Response {
        status: StatusCode,
        /// The value of `Retry-After`, as received.
        retry_after: Option<String>,
    },
    /// No response arrived. The reason can be shown to users; "it" refers to the receiver.
    NoResponse(String),
}

impl Client {
    /// A client with a timeout for each attempt as a whole.
    ///
    /// # Errors
    /// When TLS can't be configured.
    pub fn new(
        timeout: Duration,
        policy: TargetPolicy,
        user_agent: &'static str,
    ) -> Result<Self, ClientError> {
        let mut tcp = HttpConnector::new_with_resolver(Resolver::new(policy));
        // Otherwise the connector would refuse https URLs.
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(timeout));
        tcp.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .map_err(ClientError)?
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let hyper = Hyper::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(MAX_IDLE)
            .http1_max_buf_size(HEAD_BYTES)
            .build(connector);
        Ok(Self {
            hyper,
            timeout,
            policy,
            user_agent,
        })
    }

    /// Sends a message once.
    pub async fn send(&self, url: &str, message: &SignedMessage) -> AttemptResult {
        let request = match self.request(url, message) {
            Ok(request) => request,
            Err(reason) => return AttemptResult::NoResponse(reason),
        };
        let deadline = tokio::time::Instant::now() + self.timeout;
        let response = match tokio::time::timeout_at(deadline, self.hyper.request(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return AttemptResult::NoResponse(describe(&error)),
            Err(_) => return AttemptResult::NoResponse("it did not respond in time".to_owned()),
        };
        let (head, body) = response.into_parts();
        let retry_after = head
            .headers
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok());
        let result = AttemptResult::Response {
            status: head.status,
            retry_after: retry_after.map(str::to_owned),
        };
        // The result depends only on the status. If the body is too long or too late, the connection is closed.
        let body = Limited::new(body, BODY_BYTES).collect();
        if !matches!(tokio::time::timeout_at(deadline, body).await, Ok(Ok(_))) {
            tracing::debug!("the body of a receiver's response was not read to the end");
        }
        result
    }

    fn request(&self, url: &str, message: &SignedMessage) -> Result<Request<Full<Bytes>>, String> {
        let url: Url = url.parse().map_err(|_| "its address can't be read".to_owned())?;
        self.policy
            .check(&url)
            .map_err(|reason| format!("its address {reason}"))?;
        let header =
            |text: &str| HeaderValue::from_str(text).map_err(|_| "a header can't be written".to_owned());
        Request::builder()
            .method(Method::POST)
            .uri(url.as_str())
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, self.user_agent)
            .header(HeaderName::from_static("webhook-id"), header(&message.id)?)
            .header(HeaderName::from_static("webhook-timestamp"), message.timestamp)
            .header(
                HeaderName::from_static("webhook-signature"),
                header(&message.signature)?,
            )
            .body(Full::new(Bytes::from(message.body.clone())))
            .map_err(|_| "no request can be sent to its address".to_owned())
    }
}

/// Describes a failure for users, without error texts of libraries.
fn describe(error: &hyper_util::client::legacy::Error) -> String {
    tracing::debug!(?error, "a webhook was not sent");
    let mut source = error.source();
    while let Some(cause) = source {
        if cause.is::<rustls::Error>() {
            return "no secure connection could be made".to_owned();
        }
        if let Some(reason) = cause.downcast_ref::<io::Error>().and_then(describe_io) {
            return reason;
        }
        source = cause.source();
    }
    let reason = if error.is_connect() {
        "no connection could be made"
    } else {
        "it closed the connection early or sent an invalid response"
    };
    reason.to_owned()
}

fn describe_io(error: &io::Error) -> Option<String> {
    let reason = match error.kind() {
        _ if error
            .get_ref()
            .is_some_and(<dyn std::error::Error + Send + Sync>::is::<ForbiddenAddress>) =>
        {
            return Some(ForbiddenAddress.to_string());
        }
        io::ErrorKind::ConnectionRefused => "it refused the connection",
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => "it closed the connection early",
        io::ErrorKind::TimedOut => "no connection could be made in time",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "it can't be reached",
        io::ErrorKind::NotFound => "its host has no address",
        _ => return None,
    };
    Some(reason.to_owned())
}
