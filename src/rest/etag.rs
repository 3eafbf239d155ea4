//! `ETag`, `If-None-Match` and `If-Match` (RFC 9110, sections 8.8.3 and 13.1).
//!
//! The tag begins with the object's own version; where it shows parts of others, theirs follow, so that a new name of a
//! brand is a new tag of its products. A change is guarded by the object's own version alone.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;

use super::face::Versions;

/// `"7-3-2"`.
pub fn tag(versions: Versions) -> String {
    let shown: Vec<String> = versions
        .iter()
        .filter(|version| **version > 0)
        .map(i64::to_string)
        .collect();
    format!("\"{}\"", shown.join("-"))
}

/// Adds the tag to an answer.
pub fn put(response: &mut Response, versions: Versions) {
    if let Ok(tag) = HeaderValue::from_str(&tag(versions)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
}

/// Whether the caller has this version already.
pub fn is_known(headers: &HeaderMap, versions: Versions) -> bool {
    has(headers, &tag(versions))
}

/// Whether the caller has what this tag stands for (`If-None-Match`, compared weakly).
pub fn has(headers: &HeaderMap, current: &str) -> bool {
    let strong = current.trim_start_matches("W/");
    tags(headers, header::IF_NONE_MATCH).any(|tag| tag == "*" || tag.trim_start_matches("W/") == strong)
}

/// The version that a change is meant for (`If-Match`): none where the caller doesn't mind, one that no object has where
/// none of their tags can match. Of several, the one that the object has.
pub fn expected(headers: &HeaderMap, current: i64) -> Option<i64> {
    if !headers.contains_key(header::IF_MATCH) {
        return None;
    }
    let mut sent = tags(headers, header::IF_MATCH).peekable();
    if sent.peek() == Some(&"*") {
        return None;
    }
    let own = |tag: &str| {
        tag.strip_prefix('"')?
            .strip_suffix('"')?
            .split('-')
            .next()?
            .parse::<i64>()
            .ok()
    };
    let versions: Vec<i64> = sent.filter_map(own).collect();
    let matching = versions.iter().find(|version| **version == current);
    Some(*matching.or(versions.first()).unwrap_or(&NO_VERSION))
}

/// Versions begin at 1.
const NO_VERSION: i64 = 0;

fn tags(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::{expected, is_known, tag};
    use axum::http::{HeaderMap, HeaderValue, header};

    #[test]
    fn tags_are_compared() {
        assert_eq!(tag([7, 0, 0]), "\"7\"");
        assert_eq!(tag([7, 3, 2]), "\"7-3-2\"");
        let mut headers = HeaderMap::new();
        assert_eq!(expected(&headers, 7), None);
        for (sent, version) in [
            ("\"7-3-2\"", Some(7)),
            ("\"6\"", Some(6)),
            ("*", None),
            ("W/\"7\"", Some(0)),
            ("\"5\", \"7\"", Some(7)),
        ] {
            headers.insert(header::IF_MATCH, HeaderValue::from_static(sent));
            assert_eq!(expected(&headers, 7), version, "{sent}");
        }
        headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static("W/\"7-3-2\""));
        assert!(is_known(&headers, [7, 3, 2]));
        assert!(!is_known(&headers, [7, 3, 3]));
    }
}
