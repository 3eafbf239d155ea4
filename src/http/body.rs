//! JSON bodies of requests, with a limit on their size and on the time they may take.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, header};

use crate::error::{Error, Malformed, Result};
use crate::http::header::list_values;

/// The largest body in bytes.
pub(crate) const MAX_BODY_BYTES: usize = 1024 * 1024;
/// The time a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Reads a JSON body to its end.
///
/// # Errors
/// [`Error::Malformed`] for another media type, for more than [`MAX_BODY_BYTES`], and for a body that does not arrive in time.
pub(crate) async fn read_json_body(headers: &HeaderMap, body: Body) -> Result<Bytes> {
    if !is_json(headers) {
        return Err(Error::Malformed(Malformed::MediaType));
    }
    if list_values(headers, header::CONTENT_ENCODING).any(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return Err(Error::Malformed(Malformed::ContentCoding));
    }
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > MAX_BODY_BYTES)) {
        return Err(Error::Malformed(Malformed::TooLarge));
    }
    match tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, MAX_BODY_BYTES)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => {
            let too_large = std::error::Error::source(&error)
                .is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>);
            Err(Error::Malformed(if too_large {
                Malformed::TooLarge
            } else {
                Malformed::Incomplete
            }))
        }
        Err(_) => Err(Error::Malformed(Malformed::TooSlow)),
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
    let json = parts
        .next()
        .is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    json && parts.all(|parameter| match parameter.split_once('=') {
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
