//! Conversion of responses to and from the form in which they are stored for requests with an idempotency key.

use axum::http::response::Parts;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};

use crate::error::{Error, Result};
use crate::idempotency::StoredResponse;

/// The header of a response to a request that was executed before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Converts a response to its stored form. Returns `None` if a header or the body is not text.
pub(crate) fn to_stored(parts: &Parts, body: &[u8]) -> Option<StoredResponse> {
    let header = |(name, value): (&HeaderName, &HeaderValue)| {
        let value = value.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    };
    Some(StoredResponse {
        status: parts.status.as_u16(),
        headers: parts.headers.iter().map(header).collect::<Option<_>>()?,
        body: std::str::from_utf8(body).ok()?.to_owned(),
    })
}

/// Converts a stored response back and marks it as a replay.
///
/// # Errors
/// [`Error::Internal`] if it was not stored by [`to_stored`].
pub(crate) fn replay(stored: StoredResponse) -> Result<Response<String>> {
    let mut response = restore(stored)?;
    mark_replayed(&mut response);
    Ok(response)
}

/// Converts a stored response back without marking it as a replay.
///
/// # Errors
/// [`Error::Internal`] if it was not stored by [`to_stored`].
pub(crate) fn restore(stored: StoredResponse) -> Result<Response<String>> {
    let mut response = Response::new(stored.body);
    *response.status_mut() = StatusCode::from_u16(stored.status).map_err(Error::internal)?;
    for (name, value) in stored.headers {
        let name = HeaderName::try_from(name).map_err(Error::internal)?;
        let value = HeaderValue::try_from(value).map_err(Error::internal)?;
        response.headers_mut().append(name, value);
    }
    Ok(response)
}

/// Marks a response to a request that was executed before.
pub(crate) fn mark_replayed<B>(response: &mut Response<B>) {
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
}
