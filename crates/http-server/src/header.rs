//! Headers with several values.

use axum::http::HeaderMap;
use axum::http::header::{self, AsHeaderName};

/// Returns the values of a header that may be repeated and separates its values by commas.
pub fn list_values(headers: &HeaderMap, name: impl AsHeaderName) -> impl DoubleEndedIterator<Item = &str> {
    let lines: Vec<&str> = headers
        .get_all(name)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .collect();
    lines.into_iter().flat_map(|line| line.split(',')).map(str::trim)
}

/// Whether `If-None-Match` has this entity tag, by weak comparison (RFC 9110, section 13.1.2).
pub fn if_none_match(headers: &HeaderMap, etag: &str) -> bool {
    let opaque = |tag: &str| tag.trim_start_matches("W/").to_owned();
    list_values(headers, header::IF_NONE_MATCH).any(|tag| tag == "*" || opaque(tag) == opaque(etag))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::{if_none_match, list_values};

    #[test]
    fn values_may_come_in_several_lines() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", HeaderValue::from_static("a, b"));
        headers.append("x-forwarded-for", HeaderValue::from_static("c"));
        let values: Vec<_> = list_values(&headers, "x-forwarded-for").collect();
        assert_eq!(values, ["a", "b", "c"]);
        assert_eq!(list_values(&headers, "x-forwarded-for").next_back(), Some("c"));
    }

    #[test]
    fn tags_are_compared_weakly() {
        for (sent, tag, matches) in [
            ("\"7\"", "\"7\"", true),
            ("W/\"7\"", "\"7\"", true),
            ("\"7\"", "W/\"7\"", true),
            ("\"5\", \"7\"", "\"7\"", true),
            ("*", "\"7\"", true),
            ("\"8\"", "\"7\"", false),
        ] {
            let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_static(sent))]);
            assert_eq!(if_none_match(&headers, tag), matches, "{sent} {tag}");
        }
        assert!(!if_none_match(&HeaderMap::new(), "\"7\""));
    }
}
