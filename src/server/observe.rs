//! The outermost layer: gives each request an id, counts it in the metrics, and writes one line to the log.
//!
//! The line has the route's template instead of the path and the query that were sent, and no header except for the request id,
//! because the others may contain secrets.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http_server::request_id::{REQUEST_ID, request_id};
use rate_limit::WINDOW;
use request_telemetry::{ActiveRequest, Quota, Record, Span, Traces, method_name};

use super::guard::guard;
use super::health::is_probe;
use crate::origin;
use crate::rest::error::RestError;
use crate::services::Services;
use crate::telemetry::metrics::CONTENT_TYPE;

/// The route of GraphQL.
const GRAPHQL: &str = "/graphql";

pub(super) async fn observe(State(services): State<Arc<Services>>, request: Request, next: Next) -> Response {
    let record = Record::new(request_id(request.headers()));
    let (parts, body) = request.into_parts();
    if let Some(traces) = &services.traces {
        trace(traces, &parts, &record);
    }
    let mut log_line = LogLine {
        started: Instant::now(),
        active: services.metrics.http.begin(&parts.method),
        route: parts.extensions.get::<MatchedPath>().cloned(),
        client: origin::client(&parts, &services.config),
        version: parts.version,
        method: parts.method.clone(),
        record,
        status: None,
        services,
    };
    let services = Arc::clone(&log_line.services);
    // Boxed, so that the futures around it stay small.
    let responding = Box::pin(guard(&services, Request::from_parts(parts, body), next));
    let mut response = log_line.record.scope(responding).await;
    log_line.status = Some(response.status());
    log_line.add_headers(&mut response);
    response
}

/// Opens the span of a request.
fn trace(traces: &Traces, parts: &Parts, record: &Record) {
    let route = parts.extensions.get::<MatchedPath>();
    let route = route.map_or("", MatchedPath::as_str);
    let span = traces.request(&parts.headers, method_name(&parts.method), route);
    if span.is_sampled() {
        span.set_attribute("stockroom.request_id", record.id().to_owned());
        record.set_span(span);
    }
}

/// `GET /metrics`
pub(super) async fn metrics(State(services): State<Arc<Services>>) -> Response {
    let backlog = services
        .webhook_backlog
        .get(&services.db, services.clock.now())
        .await;
    services
        .metrics
        .set_webhook_backlog(backlog.pending, backlog.oldest_due);
    match services.metrics.text(&services.db) {
        Ok(text) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(error) => RestError::from(error).into_response(),
    }
}

/// A request's line in the log. It is written on drop, so that requests whose client disconnected are logged too.
struct LogLine {
    services: Arc<Services>,
    started: Instant,
    active: ActiveRequest,
    method: Method,
    version: Version,
    route: Option<MatchedPath>,
    client: IpAddr,
    record: Arc<Record>,
    /// `None` if the client disconnected before the response.
    status: Option<StatusCode>,
}

impl LogLine {
    fn add_headers(&self, response: &mut Response) {
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_str(self.record.id()) {
            headers.insert(REQUEST_ID, id);
        }
        if let Some(quota) = self.record.quota() {
            add_rate_limit(headers, quota);
        }
        // HTTP/2 has GOAWAY, and an upgraded connection no longer uses HTTP.
        let is_persistent =
            self.version < Version::HTTP_2 && self.status != Some(StatusCode::SWITCHING_PROTOCOLS);
        if is_persistent && self.services.is_stopping() {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

impl LogLine {
    /// Why the request failed temporarily, or `None`. A GraphQL response that lacks only some parts does not have status 503.
    fn outage(&self, route: &str, status: u16) -> Option<&'static str> {
        if is_probe(route) {
            return None;
        }
        let is_unavailable = status == StatusCode::SERVICE_UNAVAILABLE.as_u16();
        match self.record.outage() {
            Some(cause) => (is_unavailable || route == GRAPHQL).then_some(cause),
            None if !is_unavailable => None,
            None if self.services.is_stopping() => Some("stopping"),
            None => Some("overload"),
        }
    }
}

impl Drop for LogLine {
    fn drop(&mut self) {
        let duration = self.started.elapsed();
        let route = self.route.as_ref().map_or("", MatchedPath::as_str);
        // The code that nginx uses for clients that disconnected.
        let status = self.status.map_or(499, |status| status.as_u16());
        self.services
            .metrics
            .http
            .record_request(&self.active, route, status, duration);
        if let Some(cause) = self.outage(route, status) {
            self.services.metrics.count_unavailable(cause);
        }
        let span = self.record.span();
        if let Some(span) = span {
            if let Some(status) = self.status {
                span.record_response(status, status.is_server_error());
            }
            span.end();
        }
        tracing::info!(
            target: "stockroom::request",
            request_id = self.record.id(),
            method = self.method.as_str(),
            route,
            status,
            duration_us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
            user_id = self.record.user(),
            client = %self.client,
            statements = self.record.statements(),
            trace_id = span.map(Span::trace_id),
        );
    }
}

/// Adds the fields of the IETF draft "`RateLimit` header fields for HTTP".
fn add_rate_limit(headers: &mut HeaderMap, quota: Quota) {
    let (name, allowed) = (quota.name, quota.limit);
    let policy = format!("\"{name}\";q={allowed};w={}", WINDOW.as_secs());
    let reset = quota.reset.as_secs_f64().ceil();
    let limit = format!("\"{name}\";r={};t={reset}", quota.remaining);
    for (field, value) in [("ratelimit-policy", policy), ("ratelimit", limit)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(field), value);
        }
    }
}
