//! Preconditions: `If-Match` and `If-None-Match` (RFC 9110, section 13).
//!
//! `If-Modified-Since` and `If-Unmodified-Since` are ignored, because nothing here has a modification date (sections 13.1.3
//! and 13.1.4).

use axum::http::{HeaderMap, header};

use crate::header::list_values;

/// Whether `If-Match` holds for something that exists, which has this entity tag or none (section 13.1.1).
pub fn if_match_holds(headers: &HeaderMap, tag: Option<&str>) -> bool {
    let is_strong = |tag: &&str| !tag.starts_with("W/");
    !headers.contains_key(header::IF_MATCH)
        || list_values(headers, header::IF_MATCH)
            .any(|sent| sent == "*" || tag.filter(is_strong) == Some(sent))
}

/// Whether `If-None-Match` holds for something that exists, which has this entity tag or none (section 13.1.2).
pub fn if_none_match_holds(headers: &HeaderMap, tag: Option<&str>) -> bool {
    let is_same = |sent: &str| tag.is_some_and(|tag| without_weakness(sent) == without_weakness(tag));
    !list_values(headers, header::IF_NONE_MATCH).any(|sent| sent == "*" || is_same(sent))
}

fn without_weakness(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
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
