//! Mutations with an `Idempotency-Key`, which the host executes once however often they are sent.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Response};

use crate::engine::Prepared;
use crate::error::{ErrorCode, RequestError};
use crate::host::{Host, Usage};

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// A request with the header `Idempotency-Key`.
#[derive(Clone, Copy, Debug)]
pub struct KeyedRequest<'r> {
    /// The values of the header, unchecked; one or more.
    pub keys: &'r [HeaderValue],
    /// The path that it was sent to.
    pub path: &'r str,
    /// The body as it arrived.
    pub body: &'r [u8],
}

/// What to do with a request that has a key.
#[derive(Debug)]
pub enum Recalled<Context> {
    /// Execute the mutation with this context.
    Execute(Context),
    /// Send this response, which an earlier execution has left.
    Replay(Response<String>),
}

/// The keys of a mutation that changes something; none for other operations, and for one that selects only public fields.
///
/// # Errors
/// [`ErrorCode::BadUserInput`] when the mutation selects several fields, so that it could be executed in part.
pub(crate) fn keys<H: Host>(
    headers: &HeaderMap,
    prepared: &Prepared<H>,
) -> Result<Vec<HeaderValue>, RequestError> {
    let keys: Vec<HeaderValue> = headers.get_all(HEADER).iter().cloned().collect();
    let Usage {
        public_mutations,
        mutations,
        ..
    } = prepared.usage;
    match (keys.is_empty(), mutations, mutations + public_mutations) {
        (true, ..) | (_, 0, _) => Ok(Vec::new()),
        (false, _, 1) => Ok(keys),
        (false, ..) => {
            let message = "A mutation with an Idempotency-Key selects exactly one field of its root.";
            Err(RequestError::new(ErrorCode::BadUserInput, message))
        }
    }
}
