//! Cross-origin requests: pages of the origins in `CORS_ALLOWED_ORIGINS` may call the APIs from a browser.
//!
//! Only a preflight request (`OPTIONS` with `Access-Control-Request-Method`) is answered here; any other `OPTIONS` request
//! reaches its route. The server uses no cookies, so credentials are never allowed.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::config::Config;
use crate::services::Services;

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
/// Response headers that a page may read beside the safelisted ones.
const RESPONSE_HEADERS: HeaderValue = HeaderValue::from_static(
    "accept-encoding, allow, etag, idempotent-replayed, location, ratelimit, ratelimit-policy, retry-after, www-authenticate, \
     x-request-id, x-stockroom-cost",
);
/// How long a browser caches the result of a preflight, in seconds: the shortest of the browsers' own limits.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// Answers preflight requests, and adds the headers that let a page read a response.
pub(super) async fn cors(State(services): State<Arc<Services>>, request: Request, next: Next) -> Response {
    if services.config.cors_allowed_origins.is_empty() {
        return next.run(request).await;
    }
    let origin = request.headers().get(header::ORIGIN);
    let allowed = origin.and_then(|origin| allow_origin(&services.config, origin));
    let preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let requested = request
        .headers()
        .get(header::ACCESS_CONTROL_REQUEST_HEADERS)
        .cloned();
    let mut response = if preflight && allowed.is_some() {
        let mut response = StatusCode::NO_CONTENT.into_response();
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        // An allowed origin may send any header: none of them authenticates by itself.
        if let Some(requested) = requested {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, requested);
        }
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        response
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    if let Some(allowed) = allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, RESPONSE_HEADERS);
    }
    // A cache must not serve the response for one origin to another.
    if !allows_all(&services.config) {
        vary_by_origin(headers);
    }
    response
}

fn allows_all(config: &Config) -> bool {
    config.cors_allowed_origins.iter().any(|allowed| allowed == "*")
}

/// Returns the `Access-Control-Allow-Origin` for this origin, if it is allowed.
fn allow_origin(config: &Config, origin: &HeaderValue) -> Option<HeaderValue> {
    if allows_all(config) {
        return Some(HeaderValue::from_static("*"));
    }
    let listed = config
        .cors_allowed_origins
        .iter()
        .any(|allowed| allowed.as_bytes() == origin.as_bytes());
    listed.then(|| origin.clone())
}

fn vary_by_origin(headers: &mut HeaderMap) {
    headers.append(header::VARY, HeaderValue::from_static("origin"));
}
