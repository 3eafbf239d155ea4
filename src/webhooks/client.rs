//! One try: a request to a receiver, within a time and with a bound on what is read of its answer.
//!
//! No redirect is followed: a receiver that moves says so to its operator, and a redirect could lead to where webhooks
//! may not go.

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

use super::target::{self, Resolver};
use crate::error::{Error, Result};

/// The most bytes of an answer's head.
const HEAD_BYTES: usize = 16 * 1024;
/// The most bytes of an answer's body that are read, so that its connection can be used again; nobody looks at them.
const BODY_BYTES: usize = 16 * 1024;
/// How long a connection is kept for the next message.
const IDLE: Duration = Duration::from_secs(30);

/// Sends messages.
pub struct Client {
    hyper: Hyper<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
    timeout: Duration,
    allow_private: bool,
}

/// What is sent, signed.
#[derive(Clone, Debug)]
pub struct Message {
    /// The same on every try.
    pub id: String,
    /// When it is sent, in seconds since 1970.
    pub timestamp: i64,
    /// One signature, or several with spaces.
    pub signature: String,
    /// What was signed.
    pub body: Vec<u8>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptResult {
    /// The receiver answered.
    Answered {
        /// With this status.
        status: StatusCode,
        /// And asks to wait, in its own words.
        retry_after: Option<String>,
    },
    /// There was no answer; why, for people.
    Unanswered(String),
}

impl Client {
    /// A client that takes `timeout` for a try, and may reach private networks or not.
    ///
    /// # Errors
    /// When TLS has no working settings.
    pub fn new(timeout: Duration, allow_private: bool) -> Result<Self> {
        let mut tcp = HttpConnector::new_with_resolver(Resolver::new(allow_private));
        // It is given https addresses too.
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(timeout));
        tcp.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .map_err(Error::internal)?
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let hyper = Hyper::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(super::worker::PLACES)
            .http1_max_buf_size(HEAD_BYTES)
            .build(connector);
        Ok(Self {
            hyper,
            timeout,
            allow_private,
        })
    }

    /// Sends a message once.
    pub async fn send(&self, url: &str, message: &Message) -> AttemptResult {
        let request = match self.request(url, message) {
            Ok(request) => request,
            Err(why) => return AttemptResult::Unanswered(why),
        };
        let deadline = tokio::time::Instant::now() + self.timeout;
        let response = match tokio::time::timeout_at(deadline, self.hyper.request(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return AttemptResult::Unanswered(in_words(&error)),
            Err(_) => return AttemptResult::Unanswered("it did not answer in time".to_owned()),
        };
        let (head, body) = response.into_parts();
        let retry_after = head
            .headers
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok());
        let tried = AttemptResult::Answered {
            status: head.status,
            retry_after: retry_after.map(str::to_owned),
        };
        // The status has decided; a body that is long or late costs its connection.
        let rest = Limited::new(body, BODY_BYTES).collect();
        if !matches!(tokio::time::timeout_at(deadline, rest).await, Ok(Ok(_))) {
            tracing::debug!("a receiver's answer was not read to its end");
        }
        tried
    }

    fn request(&self, url: &str, message: &Message) -> Result<Request<Full<Bytes>>, String> {
        let url: Url = url.parse().map_err(|_| "its address can't be read".to_owned())?;
        target::check(&url, self.allow_private).map_err(|why| format!("its address {why}"))?;
        let header =
            |text: &str| HeaderValue::from_str(text).map_err(|_| "a header can't be written".to_owned());
        Request::builder()
            .method(Method::POST)
            .uri(url.as_str())
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("stockroom/", env!("CARGO_PKG_VERSION")))
            .header(HeaderName::from_static("webhook-id"), header(&message.id)?)
            .header(HeaderName::from_static("webhook-timestamp"), message.timestamp)
            .header(
                HeaderName::from_static("webhook-signature"),
                header(&message.signature)?,
            )
            .body(Full::new(Bytes::from(message.body.clone())))
            .map_err(|_| "its address can't be asked".to_owned())
    }
}

/// What went wrong, in our own words: whoever may manage endpoints reads them.
fn in_words(error: &hyper_util::client::legacy::Error) -> String {
    tracing::debug!(?error, "a webhook was not sent");
    let mut source = error.source();
    while let Some(behind) = source {
        if behind.is::<rustls::Error>() {
            return "no secure connection could be made".to_owned();
        }
        if let Some(words) = behind.downcast_ref::<io::Error>().and_then(of_connection) {
            return words;
        }
        source = behind.source();
    }
    let words = if error.is_connect() {
        "no connection could be made"
    } else {
        "it broke the connection off, or its answer can't be read"
    };
    words.to_owned()
}

fn of_connection(error: &io::Error) -> Option<String> {
    let words = match error.kind() {
        _ if error
            .get_ref()
            .is_some_and(<dyn std::error::Error + Send + Sync>::is::<target::Forbidden>) =>
        {
            return Some(target::Forbidden.to_string());
        }
        io::ErrorKind::ConnectionRefused => "it refused the connection",
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => "it broke the connection off",
        io::ErrorKind::TimedOut => "no connection could be made in time",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "it can't be reached",
        io::ErrorKind::NotFound => "its host has no address",
        _ => return None,
    };
    Some(words.to_owned())
}
