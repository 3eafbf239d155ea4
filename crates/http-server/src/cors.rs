//! Cross-origin resource sharing: pages of allowed origins may call the API from a browser.
//!
//! This layer responds only to preflight requests (`OPTIONS` with `Access-Control-Request-Method`); any other `OPTIONS`
//! request reaches its route. Credentials are never allowed, so this is for servers without cookies.

use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
/// Time for which a browser can cache the result of a preflight, in seconds. The maximum of each major browser is this or
/// higher.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// Responds to preflight requests of the `allowed` origins, and adds the headers that let their pages read the response of
/// `respond`, including the header fields listed in `exposed`. `*` allows every origin; an empty list switches CORS off.
pub async fn cors(
    allowed: &[String],
    exposed: HeaderValue,
    request: Request,
    respond: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    if allowed.is_empty() {
        return respond(request).await;
    }
    let allows_all = allowed.iter().any(|allowed| allowed == "*");
    let origin = request.headers().get(header::ORIGIN);
    let allowed = origin.and_then(|origin| {
        if allows_all {
            Some(HeaderValue::from_static("*"))
        } else {
            allow_origin(allowed, origin)
        }
    });
    let is_preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let requested_headers = request
        .headers()
        .get(header::ACCESS_CONTROL_REQUEST_HEADERS)
        .cloned();
    let mut response = if is_preflight && allowed.is_some() {
        let mut response = StatusCode::NO_CONTENT.into_response();
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        // Any header is allowed, since browsers send no credentials with these requests.
        if let Some(requested_headers) = requested_headers {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, requested_headers);
        }
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        response
    } else {
        respond(request).await
    };
    let headers = response.headers_mut();
    if let Some(allowed) = allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    // A cache must not serve the response for one origin to another.
    if !allows_all {
        headers.append(header::VARY, HeaderValue::from_static("origin"));
    }
    response
}

/// The `Access-Control-Allow-Origin` for this origin, if it is listed.
fn allow_origin(allowed: &[String], origin: &HeaderValue) -> Option<HeaderValue> {
    let is_listed = allowed
        .iter()
        .any(|allowed| allowed.as_bytes() == origin.as_bytes());
    is_listed.then(|| origin.clone())
}
