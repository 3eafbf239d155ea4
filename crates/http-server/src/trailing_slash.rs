//! Trailing slashes: every route is reachable with or without one, without a redirect.

use axum::http::Uri;

/// The URI without its trailing slash, if it has one.
pub(crate) fn without_trailing_slash(uri: &Uri) -> Option<Uri> {
    let trimmed = uri.path().strip_suffix('/').filter(|path| !path.is_empty())?;
    let path_and_query = match uri.query() {
        Some(query) => format!("{trimmed}?{query}"),
        None => trimmed.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path_and_query.parse().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slash_is_removed_and_the_query_stays() {
        for (uri, trimmed) in [
            ("/a/", Some("/a")),
            ("/a/?b=/", Some("/a?b=/")),
            ("http://host/a/b/", Some("http://host/a/b")),
            ("/a//", Some("/a/")),
            ("/a", None),
            ("/", None),
        ] {
            let actual = without_trailing_slash(&uri.parse().unwrap());
            assert_eq!(actual.map(|uri| uri.to_string()).as_deref(), trimmed, "{uri}");
        }
    }
}
