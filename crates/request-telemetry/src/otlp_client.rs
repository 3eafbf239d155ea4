//! The HTTP client that exports traces, built from hyper and rustls.
//!
//! The SDK exports on a thread outside of the async runtime. Each request therefore runs as a task on the runtime, and the
//! SDK's thread waits for it.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use tokio::runtime::Handle;

/// Maximum size of a response in bytes.
const RESPONSE_BYTES: usize = 64 * 1024;

/// The error of an exporter that can't be started: the endpoint or a variable can't be parsed, TLS can't be configured, or
/// there is no runtime.
#[derive(Debug, thiserror::Error)]
#[error("traces can't be exported")]
pub struct OtlpError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl OtlpError {
    pub(crate) fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

pub(crate) struct OtlpClient {
    hyper: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    runtime: Handle,
    timeout: Duration,
    /// Whether the last export failed. Only changes are logged.
    is_failing: AtomicBool,
}

impl OtlpClient {
    /// A client that uses the current runtime.
    ///
    /// # Errors
    /// When TLS can't be configured, or outside of a runtime.
    pub(crate) fn new(timeout: Duration) -> Result<Self, OtlpError> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(timeout));
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .map_err(OtlpError::new)?
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        Ok(Self {
            hyper: Client::builder(TokioExecutor::new())
                .timer(TokioTimer::new())
                .pool_timer(TokioTimer::new())
                .build(connector),
            runtime: Handle::try_current().map_err(OtlpError::new)?,
            timeout,
            is_failing: AtomicBool::new(false),
        })
    }

    fn log_change(&self, failure: Option<String>) {
        let was_failing = self.is_failing.swap(failure.is_some(), Ordering::Relaxed);
        match failure {
            Some(error) if !was_failing => tracing::warn!(error, "traces can't be exported"),
            None if was_failing => tracing::info!("traces are exported again"),
            _ => {}
        }
    }
}

#[async_trait]
impl HttpClient for OtlpClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let response = self.hyper.request(request.map(Full::new));
        let sending = async move {
            let (head, body) = response.await?.into_parts();
            let body = Limited::new(body, RESPONSE_BYTES).collect().await?.to_bytes();
            Ok::<_, HttpError>(Response::from_parts(head, body))
        };
        let timeout = self.timeout;
        let result = self
            .runtime
            .spawn(async move { tokio::time::timeout(timeout, sending).await })
            .await;
        let result = match result {
            Ok(Ok(result)) => result,
            Ok(Err(elapsed)) => Err(elapsed.into()),
            Err(join_error) => Err(join_error.into()),
        };
        self.log_change(match &result {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(format!("the collector responded with {}", response.status())),
            Err(error) => Some(error.to_string()),
        });
        result
    }
}

impl fmt::Debug for OtlpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OtlpClient")
    }
}
