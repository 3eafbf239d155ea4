//! JSON request bodies, with a size limit and a timeout.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, header};

use crate::header::list_values;

/// The reason why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// It is declared as something other than JSON in UTF-8.
    MediaType,
    /// It has a content coding, such as gzip.
    ContentCoding,
    /// It is larger than the limit.
    TooLarge,
    /// It ended early.
    Incomplete,
    /// It took too long to arrive.
    TooSlow,
}

/// Reads a body that is declared as JSON, of at most `max_bytes`. Its content is not parsed.
///
/// # Errors
/// When the headers declare another media type or a content coding, and when the body is incomplete or exceeds a limit.
pub async fn read_json(
    headers: &HeaderMap,
    body: Body,
    max_bytes: usize,
    timeout: Duration,
) -> Result<Bytes, BodyError> {
    if !is_json(headers) {
        return Err(BodyError::MediaType);
    }
    if list_values(headers, header::CONTENT_ENCODING).any(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return Err(BodyError::ContentCoding);
    }
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > max_bytes)) {
        return Err(BodyError::TooLarge);
    }
    match tokio::time::timeout(timeout, to_bytes(body, max_bytes)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => {
            let is_too_large = std::error::Error::source(&error)
                .is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>);
            Err(if is_too_large {
                BodyError::TooLarge
            } else {
                BodyError::Incomplete
            })
        }
        Err(_) => Err(BodyError::TooSlow),
    }
}

/// Accepts `application/json` in UTF-8, and a body without a type.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers.get(header::CONTENT_TYPE) else {
        return true;
    };
    let Ok(content_type) = content_type.to_str() else {
        return false;
    };
    let mut parts = content_type.split(';').map(str::trim);
    let is_json = parts
        .next()
        .is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    is_json
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, value)) if name.eq_ignore_ascii_case("charset") => is_utf8(value),
            _ => true,
        })
}

/// Whether a charset is UTF-8 in any spelling, such as `utf-8`, `UTF8` or `"utf_8"`.
fn is_utf8(charset: &str) -> bool {
    let letters = charset.bytes().filter(u8::is_ascii_alphanumeric);
    letters.map(|byte| byte.to_ascii_lowercase()).eq(*b"utf8")
        && charset
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_ \"".contains(&byte))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[tokio::test]
    async fn only_json_within_the_limits_is_read() {
        let second = Duration::from_secs(1);
        for (name, value, expected) in [
            ("content-type", "application/json", Ok(())),
            ("content-type", "Application/JSON; charset=\"UTF_8\"", Ok(())),
            (
                "content-type",
                "application/json; charset=latin1",
                Err(BodyError::MediaType),
            ),
            ("content-type", "text/plain", Err(BodyError::MediaType)),
            ("content-encoding", "identity", Ok(())),
            (
                "content-encoding",
                "identity, gzip",
                Err(BodyError::ContentCoding),
            ),
            ("content-length", "5", Err(BodyError::TooLarge)),
            ("content-length", "99999999999999999999999", Ok(())),
        ] {
            let headers = HeaderMap::from_iter([(name.parse().unwrap(), HeaderValue::from_static(value))]);
            let result = read_json(&headers, Body::from("null"), 4, second).await;
            assert_eq!(
                result.map(|bytes| assert_eq!(bytes, "null")),
                expected,
                "{name}: {value}"
            );
        }
        let result = read_json(&HeaderMap::new(), Body::from("false"), 4, second).await;
        assert_eq!(result, Err(BodyError::TooLarge));
    }
}
