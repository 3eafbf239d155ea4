//! Headers that keep a browser from sniffing, framing, running or caching a response of an API.

use axum::http::{HeaderMap, HeaderValue, header};

/// Adds the headers, except those that the response already has.
pub fn add_security_headers(headers: &mut HeaderMap) {
    // A response with an entity tag may be stored and revalidated. No other response may be stored, since it can contain
    // tokens.
    let caching = if headers.contains_key(header::ETAG) {
        "private, no-cache"
    } else {
        "no-store"
    };
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, caching),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
