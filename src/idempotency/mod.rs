//! Idempotency keys: a request that is repeated with the same key is executed once.
//!
//! An API calls [`begin`] with the key before it executes a request, and [`finish`] with the response. In between, the rule
//! changes data through [`Ctx::change`], which stores the key and the outcome in the transaction of the change: either all of
//! this is committed, or nothing. The outcome is the value that the rule returns; the response is rendered from it. [`finish`]
//! stores the response before it is sent. A repeat gets the stored response. If the program ended between the commit and the
//! storing of the response, a repeat renders it from the stored outcome. A rejected request stores nothing.
//!
//! Of concurrent requests with one key, one is executed and the others are rejected at once: within this process by
//! [`RunningKeys`](keyed_request::RunningKeys), between processes by an advisory lock that the transaction holds.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use self::key::{Fingerprint, Key};
use self::keyed_request::KeyedRequest;
use crate::ctx::Ctx;
use crate::error::{Conflict, Error, Result};
use crate::telemetry::log_failure;

pub mod change;
pub mod key;
pub mod keyed_request;
pub mod store;

/// The maximum size of a stored response in bytes. A larger one is rendered again for each repeat.
pub const MAX_RESPONSE_BYTES: usize = 1024 * 1024;
/// Seconds after which a client should repeat a request whose key is in use.
pub const RETRY_IN_PROGRESS: u64 = 1;

/// A response in the form in which it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredResponse {
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// What to do with a request that has a key.
pub enum BeginResult {
    /// Execute it with this context and call [`finish`].
    Execute(Ctx),
    /// Send this response, which an earlier execution has stored.
    Replay(StoredResponse),
}

/// The response to send for a request that has been executed.
pub enum FinishResult {
    /// The response as it was rendered.
    Rendered,
    /// The response as it was rendered; the change itself was made by an earlier execution.
    RenderedAgain,
    /// The stored response of another execution.
    Replay(StoredResponse),
    /// The response of this execution, which a concurrent repeat has rendered and stored first.
    Stored(StoredResponse),
}

/// Begins a request with a key. Keys belong to users: without a login, and for the program itself, the request is executed
/// as if it had no key.
///
/// # Errors
/// [`Conflict::KeyReused`] for a key that was used for another request, [`Conflict::KeyInProgress`] while a request with
/// this key is being executed.
pub async fn begin(ctx: &Ctx, key: Key, fingerprint: Fingerprint) -> Result<BeginResult> {
    let Some(user_id) = ctx.actor.as_ref().and_then(|actor| actor.user_id) else {
        return Ok(BeginResult::Execute(ctx.clone()));
    };
    let Some(entry) = ctx.services.running_keys.insert(user_id, &key) else {
        return Err(Error::Conflict(Conflict::KeyInProgress));
    };
    let recorded_outcome = match store::find_valid(ctx, user_id, key.as_str()).await? {
        Some(row) if row.fingerprint != fingerprint.as_str() => {
            return Err(Error::Conflict(Conflict::KeyReused));
        }
        Some(row) => match store::stored_response(&row)? {
            Some(response) => return Ok(BeginResult::Replay(response)),
            None => Some(row.outcome),
        },
        None => None,
    };
    Ok(BeginResult::Execute(Ctx {
        keyed: Some(Arc::new(KeyedRequest::new(entry, fingerprint, recorded_outcome))),
        ..ctx.clone()
    }))
}

/// Ends a request that began with [`begin`]. `ctx` is the context from [`BeginResult::Execute`], and `response` is the response
/// if it is complete, or `None` for an error.
///
/// # Errors
/// [`Conflict::KeyReused`] and [`Conflict::KeyInProgress`], as for [`begin`], if another request with this key was executed
/// first.
pub async fn finish(ctx: &Ctx, response: Option<&StoredResponse>) -> Result<FinishResult> {
    let Some(keyed) = &ctx.keyed else {
        return Ok(FinishResult::Rendered);
    };
    let result = finish_keyed(ctx, keyed, response).await;
    keyed.release();
    result
}

async fn finish_keyed(
    ctx: &Ctx,
    keyed: &Arc<KeyedRequest>,
    response: Option<&StoredResponse>,
) -> Result<FinishResult> {
    if keyed.has_conflict() && !keyed.is_committed() {
        let found = store::find_valid(ctx, keyed.user_id, keyed.key.as_str()).await?;
        return match found {
            Some(row) if row.fingerprint != keyed.fingerprint.as_str() => {
                Err(Error::Conflict(Conflict::KeyReused))
            }
            Some(row) => match store::stored_response(&row)? {
                Some(response) => Ok(FinishResult::Replay(response)),
                None => Err(Error::Conflict(Conflict::KeyInProgress)),
            },
            None => Err(Error::Conflict(Conflict::KeyInProgress)),
        };
    }
    let is_repeat = keyed.recorded_outcome.is_some();
    let response = response.filter(|_| is_repeat || keyed.is_committed());
    let Some(response) = response else {
        return Ok(FinishResult::Rendered);
    };
    match store::add_response(ctx, keyed, response).await {
        Ok(Some(other)) if other != *response && is_repeat => return Ok(FinishResult::Replay(other)),
        Ok(Some(other)) if other != *response => return Ok(FinishResult::Stored(other)),
        Ok(_) => {}
        // A repeat will render the response again.
        Err(error) => log_failure(&error),
    }
    Ok(if is_repeat {
        FinishResult::RenderedAgain
    } else {
        FinishResult::Rendered
    })
}
