//! What every request passes first and last: it gets an id, is noted in the figures, and leaves one line in the log.
//!
//! The line holds the route's template and never the path or the query as they were sent, no header but the id, and no
//! body: nothing that may be a secret.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::limits::WINDOW;
use crate::origin;
use crate::rest::problem::Problem;
use crate::services::Services;
use crate::telemetry::metrics::{ActiveRequest, CONTENT_TYPE, method_name};
use crate::telemetry::record::Quota;
use crate::telemetry::traces::Span;
use crate::telemetry::{Record, Traces};

/// Names a request, in what comes in and in what goes out.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that is taken over from a client.
const LONGEST_ID: usize = 128;

/// Surrounds the answering of a request.
pub async fn observe(State(services): State<Arc<Services>>, request: Request, next: Next) -> Response {
    let record = Record::new(request_id(request.headers()));
    let (parts, body) = request.into_parts();
    if let Some(traces) = &services.traces {
        trace(traces, &parts, &record);
    }
    let mut line = Line {
        started: Instant::now(),
        active: services.metrics.begin(&parts.method),
        route: parts.extensions.get::<MatchedPath>().cloned(),
        client: origin::client(&parts, &services.config),
        version: parts.version,
        method: parts.method.clone(),
        record,
        status: None,
        services,
    };
    let answering = next.run(Request::from_parts(parts, body));
    let mut response = line.record.scope(answering).await;
    line.status = Some(response.status());
    line.sign(&mut response);
    response
}

/// Makes a request part of its trace.
fn trace(traces: &Traces, parts: &Parts, record: &Record) {
    let route = parts.extensions.get::<MatchedPath>();
    let route = route.map_or("", MatchedPath::as_str);
    let span = traces.request(&parts.headers, method_name(&parts.method), route);
    if span.is_sampled() {
        span.set_attribute("stockroom.request_id", record.id().to_owned());
        record.set_span(span);
    }
}

/// `/metrics`
pub async fn metrics(State(services): State<Arc<Services>>) -> Response {
    let backlog = services
        .webhook_backlog
        .get(&services.db, services.clock.now())
        .await;
    services
        .metrics
        .set_webhook_backlog(backlog.pending, backlog.oldest_due);
    match services.metrics.text(&services.db) {
        Ok(text) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// The id that a client or a proxy gave the request, if it is harmless in a log, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    headers
        .get(REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .filter(|id| !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(harmless))
        .map_or_else(|| format!("{:032x}", rand::random::<u128>()), str::to_owned)
}

/// A request's line in the log, written when the request is over, also when its client left before that.
struct Line {
    services: Arc<Services>,
    started: Instant,
    active: ActiveRequest,
    method: Method,
    version: Version,
    route: Option<MatchedPath>,
    client: IpAddr,
    record: Arc<Record>,
    /// None when nobody waited for the answer.
    status: Option<StatusCode>,
}

impl Line {
    /// Adds what an answer says of its request.
    fn sign(&self, response: &mut Response) {
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_str(self.record.id()) {
            headers.insert(REQUEST_ID, id);
        }
        if let Some(quota) = self.record.quota() {
            put_limit(headers, quota);
        }
        // HTTP/2 has its own way to say goodbye, and an upgrade is no longer HTTP.
        let persists = self.version < Version::HTTP_2 && self.status != Some(StatusCode::SWITCHING_PROTOCOLS);
        if persists && self.services.is_stopping() {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        let route = self.route.as_ref().map_or("", MatchedPath::as_str);
        // As nginx counts clients that did not wait.
        let status = self.status.map_or(499, |status| status.as_u16());
        self.services
            .metrics
            .request_finished(&self.active, route, status, took);
        let span = self.record.span();
        if let Some(span) = span {
            if let Some(status) = self.status {
                span.response(status, status.is_server_error());
            }
            span.end();
        }
        tracing::info!(
            target: "stockroom::request",
            request_id = self.record.id(),
            method = self.method.as_str(),
            route,
            status,
            duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            user_id = self.record.user(),
            client = %self.client,
            statements = self.record.statements(),
            trace_id = span.map(Span::trace_id),
        );
    }
}

/// The fields of the IETF's draft "`RateLimit` header fields for HTTP".
fn put_limit(headers: &mut HeaderMap, quota: Quota) {
    let (name, limit) = (quota.name, quota.limit);
    let policy = format!("\"{name}\";q={limit};w={}", WINDOW.as_secs());
    let reset = quota.reset.as_secs_f64().ceil();
    let left = format!("\"{name}\";r={};t={reset}", quota.remaining);
    for (field, value) in [("ratelimit-policy", policy), ("ratelimit", left)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(field), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_taken_over_if_they_are_harmless() {
        let id = |sent: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_bytes(sent).unwrap());
            request_id(&headers)
        };
        for sane in ["7", "b7ad6b71-69203331", "a.b_c", &"x".repeat(128)] {
            assert_eq!(id(sane.as_bytes()), sane);
        }
        for wild in [&b""[..], b"a b", b"a\"b", b"a;b", "ä".as_bytes(), &[b'x'; 129]] {
            let made = id(wild);
            assert_eq!(made.len(), 32);
            assert!(made.bytes().all(|byte| byte.is_ascii_hexdigit()));
        }
        assert_ne!(request_id(&HeaderMap::new()), request_id(&HeaderMap::new()));
    }
}
