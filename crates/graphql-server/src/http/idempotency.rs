//! Decides whether the `Idempotency-Key` of a request applies.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::engine::Prepared;
use crate::error::{ErrorCode, RequestError};
use crate::host::{Host, Usage};

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// The keys of a mutation. Empty for other operations, and for a mutation that selects only public fields.
///
/// # Errors
/// [`ErrorCode::BadUserInput`] when the mutation selects several fields, since it could be executed in part.
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
