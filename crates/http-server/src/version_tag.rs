//! Entity tags of objects with versions, and the version that `If-Match` expects (RFC 9110, sections 8.8.3 and 13.1).
//!
//! A tag begins with the object's own version. The versions of objects whose parts it shows follow, so that renaming an
//! author changes the tags of the author's books. `If-Match` compares the object's own version alone.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use crate::header::list_values;

/// The tag in quotes, such as `"7-3-2"`. A version of 0 is one of a part that the object does not have.
pub fn tag(versions: &[i64]) -> String {
    let shown: Vec<String> = versions
        .iter()
        .filter(|version| **version > 0)
        .map(i64::to_string)
        .collect();
    format!("\"{}\"", shown.join("-"))
}

/// Adds the header `ETag`.
pub fn add_etag(response: &mut Response, versions: &[i64]) {
    if let Ok(tag) = HeaderValue::from_str(&tag(versions)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
}

/// Returns the version that a change expects (`If-Match`).
///
/// It is `None` without the header and for `*`. If several tags were sent, it is the current version if one of them has it,
/// and otherwise the first; if none of them can match, it is a version that no object has.
pub fn expected_version(headers: &HeaderMap, current: i64) -> Option<i64> {
    if !headers.contains_key(header::IF_MATCH) {
        return None;
    }
    let mut sent = list_values(headers, header::IF_MATCH).peekable();
    if sent.peek() == Some(&"*") {
        return None;
    }
    let own_version = |tag: &str| {
        tag.strip_prefix('"')?
            .strip_suffix('"')?
            .split('-')
            .next()?
            .parse::<i64>()
            .ok()
    };
    let versions: Vec<i64> = sent.filter_map(own_version).collect();
    let matching = versions.iter().find(|version| **version == current);
    Some(*matching.or(versions.first()).unwrap_or(&NO_VERSION))
}

/// Versions begin at 1.
const NO_VERSION: i64 = 0;

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::{expected_version, tag};

    #[test]
    fn tags_are_compared() {
        assert_eq!(tag(&[7, 0, 0]), "\"7\"");
        assert_eq!(tag(&[7, 3, 2]), "\"7-3-2\"");
        let mut headers = HeaderMap::new();
        assert_eq!(expected_version(&headers, 7), None);
        for (sent, version) in [
            ("\"7-3-2\"", Some(7)),
            ("\"6\"", Some(6)),
            ("*", None),
            ("W/\"7\"", Some(0)),
            ("\"5\", \"7\"", Some(7)),
        ] {
            headers.insert(header::IF_MATCH, HeaderValue::from_static(sent));
            assert_eq!(expected_version(&headers, 7), version, "{sent}");
        }
    }
}
