//! Preconditions: `If-Match` and `If-None-Match` (RFC 9110, section 13).
//!
//! `If-Modified-Since` and `If-Unmodified-Since` are ignored, as sections 13.1.3 and 13.1.4 require for resources without
//! a modification date.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;

use crate::header::list_values;

/// Whether `If-Match` holds for an existing resource with this entity tag, or with none (section 13.1.1).
pub fn if_match_holds(headers: &HeaderMap, tag: Option<&str>) -> bool {
    let is_strong = |tag: &&str| !tag.starts_with("W/");
    !headers.contains_key(header::IF_MATCH)
        || list_values(headers, header::IF_MATCH)
            .any(|sent| sent == "*" || tag.filter(is_strong) == Some(sent))
}

/// Whether `If-None-Match` holds for an existing resource with this entity tag, or with none (section 13.1.2).
pub fn if_none_match_holds(headers: &HeaderMap, tag: Option<&str>) -> bool {
    let is_same = |sent: &str| tag.is_some_and(|tag| strip_weak_prefix(sent) == strip_weak_prefix(tag));
    !list_values(headers, header::IF_NONE_MATCH).any(|sent| sent == "*" || is_same(sent))
}

fn strip_weak_prefix(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

/// The preconditions of a `GET` or `HEAD` request. Those of other methods must be checked before the change is made.
#[derive(Debug)]
pub struct ReadPreconditions(HeaderMap);

impl ReadPreconditions {
    /// The preconditions of a request; empty for other methods.
    pub fn of(parts: &Parts) -> Self {
        let mut headers = HeaderMap::new();
        if matches!(parts.method, Method::GET | Method::HEAD) {
            for name in [header::IF_MATCH, header::IF_NONE_MATCH] {
                for value in parts.headers.get_all(&name) {
                    headers.append(&name, value.clone());
                }
            }
        }
        Self(headers)
    }

    /// Replaces a successful response whose preconditions do not hold: for `If-Match` by the result of `failed`, a 412, and
    /// for `If-None-Match` by a 304. Errors take precedence over preconditions (RFC 9110, section 13.2.1).
    pub fn apply(&self, response: Response, failed: impl FnOnce() -> Response) -> Response {
        if self.0.is_empty() || !response.status().is_success() {
            return response;
        }
        let tag = response.headers().get(header::ETAG);
        let tag = tag.and_then(|tag| tag.to_str().ok());
        if !if_match_holds(&self.0, tag) {
            return failed();
        }
        if if_none_match_holds(&self.0, tag) {
            return response;
        }
        let (mut parts, _) = response.into_parts();
        parts.status = StatusCode::NOT_MODIFIED;
        for name in [
            header::CONTENT_TYPE,
            header::CONTENT_LENGTH,
            header::CONTENT_ENCODING,
        ] {
            parts.headers.remove(name);
        }
        Response::from_parts(parts, Body::empty())
    }
}

/// Makes the entity tag of a compressed response weak: each content coding is a separate representation, and two of them
/// must not share a strong tag (RFC 9110, section 8.8.3.3).
pub fn weaken_tag_if_compressed(mut response: Response) -> Response {
    let headers = response.headers_mut();
    if headers.contains_key(header::CONTENT_ENCODING)
        && let Some(tag) = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok())
        && !tag.starts_with("W/")
        && let Ok(weak) = HeaderValue::from_str(&format!("W/{tag}"))
    {
        headers.insert(header::ETAG, weak);
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::{if_match_holds, if_none_match_holds};

    #[test]
    fn tags_are_compared_strongly_by_if_match_and_weakly_by_if_none_match() {
        for (sent, tag, is_strong_match, is_weak_match) in [
            ("\"7\"", Some("\"7\""), true, true),
            ("W/\"7\"", Some("\"7\""), false, true),
            ("\"7\"", Some("W/\"7\""), false, true),
            ("W/\"7\"", Some("W/\"7\""), false, true),
            ("\"5\", \"7\"", Some("\"7\""), true, true),
            ("*", Some("\"7\""), true, true),
            ("*", None, true, true),
            ("\"8\"", Some("\"7\""), false, false),
            ("\"8\"", None, false, false),
            ("", Some("\"7\""), false, false),
        ] {
            let with = |name| HeaderMap::from_iter([(name, HeaderValue::from_static(sent))]);
            let if_match = if_match_holds(&with(header::IF_MATCH), tag);
            let if_none_match = if_none_match_holds(&with(header::IF_NONE_MATCH), tag);
            assert_eq!(
                (if_match, !if_none_match),
                (is_strong_match, is_weak_match),
                "{sent} {tag:?}"
            );
        }
        assert!(if_match_holds(&HeaderMap::new(), None));
        assert!(if_none_match_holds(&HeaderMap::new(), Some("\"7\"")));
    }
}
