//! Cross-origin requests: pages of the origins in `CORS_ALLOWED_ORIGINS` may call the APIs from a browser.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;

use crate::services::Services;

/// Response headers that a page may read in addition to the safelisted ones.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "accept-encoding, allow, etag, idempotent-replayed, location, ratelimit, ratelimit-policy, retry-after, www-authenticate, \
     x-request-id, x-stockroom-cost",
);

/// Responds to preflight requests, and adds the headers that let a page read a response.
pub(super) async fn cors(State(services): State<Arc<Services>>, request: Request, next: Next) -> Response {
    http_server::cors::cors(&services.config.cors_allowed_origins, EXPOSED, request, next).await
}
