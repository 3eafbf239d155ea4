//! Which pages of other origins may call the API from a browser: those that `CORS_ALLOWED_ORIGINS` lists, else none.
//!
//! Only a *preflight* (`OPTIONS` with `Access-Control-Request-Method`) is answered here; any other `OPTIONS` is the
//! route's own. Nothing of ours lives in cookies, so credentials are not part of it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::config::Config;
use crate::services::Services;

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
/// What a page may send beside what every page may.
const SENT: HeaderValue =
    HeaderValue::from_static("accept, authorization, content-type, if-match, if-none-match, x-request-id");
/// What a page may read beside what every page may.
const READ: HeaderValue = HeaderValue::from_static(
    "allow, etag, location, ratelimit, ratelimit-policy, retry-after, www-authenticate, x-request-id",
);
/// How long a browser remembers it, in seconds: as long as the one that remembers shortest.
const REMEMBERED: HeaderValue = HeaderValue::from_static("600");

/// Answers preflights and marks answers that a page may read.
pub async fn share(State(services): State<Arc<Services>>, request: Request, next: Next) -> Response {
    if services.config.cors_allowed_origins.is_empty() {
        return next.run(request).await;
    }
    let origin = request.headers().get(header::ORIGIN);
    let allowed = origin.and_then(|origin| allow(&services.config, origin));
    let preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if preflight && allowed.is_some() {
        let mut response = StatusCode::NO_CONTENT.into_response();
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, SENT);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, REMEMBERED);
        response
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    if let Some(allowed) = allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, READ);
    }
    // An answer that a cache keeps for one origin is not the answer to another.
    if !is_open(&services.config) {
        vary_by_origin(headers);
    }
    response
}

/// Whether pages of every origin may call.
fn is_open(config: &Config) -> bool {
    config.cors_allowed_origins.iter().any(|allowed| allowed == "*")
}

/// What `Access-Control-Allow-Origin` says to this origin, if anything.
fn allow(config: &Config, origin: &HeaderValue) -> Option<HeaderValue> {
    if is_open(config) {
        return Some(HeaderValue::from_static("*"));
    }
    let known = config
        .cors_allowed_origins
        .iter()
        .any(|allowed| allowed.as_bytes() == origin.as_bytes());
    known.then(|| origin.clone())
}

fn vary_by_origin(headers: &mut HeaderMap) {
    headers.append(header::VARY, HeaderValue::from_static("origin"));
}
