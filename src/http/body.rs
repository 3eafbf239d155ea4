//! JSON bodies of requests, with limits on their size and on the time that they take to arrive.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use http_server::body::{BodyError, read_json};

use crate::error::{Error, Malformed, Result};

/// The maximum size of a body in bytes.
pub(crate) const MAX_BODY_BYTES: usize = 1024 * 1024;
/// The maximum time for a body to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Reads a JSON body to its end.
///
/// # Errors
/// [`Error::Malformed`] for another media type, for more than [`MAX_BODY_BYTES`], and for a body that does not arrive in time.
pub(crate) async fn read_json_body(headers: &HeaderMap, body: Body) -> Result<Bytes> {
    let read = read_json(headers, body, MAX_BODY_BYTES, BODY_TIMEOUT).await;
    read.map_err(|error| {
        Error::Malformed(match error {
            BodyError::MediaType => Malformed::MediaType,
            BodyError::ContentCoding => Malformed::ContentCoding,
            BodyError::TooLarge => Malformed::TooLarge,
            BodyError::Incomplete => Malformed::Incomplete,
            BodyError::TooSlow => Malformed::TooSlow,
        })
    })
}
