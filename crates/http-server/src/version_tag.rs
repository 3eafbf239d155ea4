//! Entity tags of objects with versions, and the version that `If-Match` expects (RFC 9110, sections 8.8.3 and 13.1).
//!
//! A tag has the version of the object itself, followed by the versions of the objects that are included in its representation,
//! so that renaming an author changes the tags of the author's books. `If-Match` compares only the first version.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use crate::header::list_values;

/// The tag in quotes, such as `"7-3-2"`. A version of 0 stands for a related object that does not exist and is left out.
pub fn tag(versions: &[i64]) -> String {
    let versions: Vec<String> = versions
        .iter()
        .filter(|version| **version > 0)
        .map(i64::to_string)
        .collect();
    format!("\"{}\"", versions.join("-"))
}

/// Adds the header `ETag`.
pub fn add_etag(response: &mut Response, versions: &[i64]) {
    if let Ok(tag) = HeaderValue::from_str(&tag(versions)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
}

/// Returns the version of the object that the client expects to change (`If-Match`).
///
/// Returns `None` without the header and for `*`. If several tags were sent, returns `current` if one of them has it, and
/// otherwise the version of the first. If no tag is valid, returns a version that no object has.
pub fn expected_version(headers: &HeaderMap, current: i64) -> Option<i64> {
    if !headers.contains_key(header::IF_MATCH) {
        return None;
    }
    let mut tags = list_values(headers, header::IF_MATCH).peekable();
    if tags.peek() == Some(&"*") {
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
    let versions: Vec<i64> = tags.filter_map(own_version).collect();
    let matching = versions.iter().find(|version| **version == current);
    Some(*matching.or(versions.first()).unwrap_or(&NO_VERSION))
}

/// A version that no object has, since versions begin at 1.
const NO_VERSION: i64 = 0;

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::{expected_version, tag};

    #[test]
    fn tags_and_expected_versions() {
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
