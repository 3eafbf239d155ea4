//! Cross-origin requests: pages of the origins in `CORS_ALLOWED_ORIGINS` may call the APIs from a browser.

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::response::Response;

use crate::services::Services;

/// Response headers that a page may read in addition to the safelisted ones.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "accept-encoding, allow, etag, idempotent-replayed, location, ratelimit, ratelimit-policy, retry-after, www-authenticate, \
     x-request-id, x-stockroom-cost",
);

/// Responds to preflight requests, and adds the headers that let a page read a response.
pub(super) async fn cors(
    services: &Services,
    request: Request,
    respond: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    http_server::cors::cors(&services.config.cors_allowed_origins, EXPOSED, request, respond).await
}
