//! Responses in the form in which they are stored for requests with an idempotency key.

use axum::http::response::Parts;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};

use crate::error::{Error, Result};
use crate::idempotency::Answer;

/// Marks a response to a request that was executed before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Returns a response in the form in which it is stored, or `None` if it is not text.
pub(crate) fn to_answer(parts: &Parts, body: &[u8]) -> Option<Answer> {
    let header = |(name, value): (&HeaderName, &HeaderValue)| {
        let value = value.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    };
    Some(Answer {
        status: parts.status.as_u16(),
        headers: parts.headers.iter().map(header).collect::<Option<_>>()?,
        body: std::str::from_utf8(body).ok()?.to_owned(),
    })
}

/// Returns a stored response, marked as a replay.
///
/// # Errors
/// [`Error::Internal`] if it was not stored by [`to_answer`].
pub(crate) fn replay(answer: Answer) -> Result<Response<String>> {
    let mut response = restore(answer)?;
    mark_replayed(&mut response);
    Ok(response)
}

/// Returns a stored response without marking it, for the request that was executed itself.
///
/// # Errors
/// [`Error::Internal`] if it was not stored by [`to_answer`].
pub(crate) fn restore(answer: Answer) -> Result<Response<String>> {
    let mut response = Response::new(answer.body);
    *response.status_mut() = StatusCode::from_u16(answer.status).map_err(Error::internal)?;
    for (name, value) in answer.headers {
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
