//! Headers with several values.

use axum::http::HeaderMap;
use axum::http::header::AsHeaderName;

/// The values of a header that can be repeated, each time with several values separated by commas.
pub fn list_values(headers: &HeaderMap, name: impl AsHeaderName) -> impl DoubleEndedIterator<Item = &str> {
    let lines: Vec<&str> = headers
        .get_all(name)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .collect();
    lines.into_iter().flat_map(|line| line.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue};

    use super::list_values;

    #[test]
    fn values_of_repeated_headers_are_joined() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", HeaderValue::from_static("a, b"));
        headers.append("x-forwarded-for", HeaderValue::from_static("c"));
        let values: Vec<_> = list_values(&headers, "x-forwarded-for").collect();
        assert_eq!(values, ["a", "b", "c"]);
        assert_eq!(list_values(&headers, "x-forwarded-for").next_back(), Some("c"));
    }
}
