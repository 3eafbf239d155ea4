//! Idempotency keys: a request that is repeated with the same key is executed once.
//!
//! An API calls [`begin`] with the key before it executes a request, and [`finish`] with the response. In between, the rule
//! changes data by [`Ctx::change`], which stores the key and the outcome in the transaction of the change: both are
//! committed or neither is. The outcome is what the rule returned, from which the response is rendered; [`finish`] adds the
//! response to it before it is sent. A repeat gets the stored response. If the program ended between the commit and the
//! response, the repeat renders it from the stored outcome. A rejected request stores nothing.
//!
//! Of concurrent requests with one key, one is executed and the others are rejected at once: within this process by
//! [`RunningKeys`](keyed::RunningKeys), between processes by an advisory lock that the transaction holds.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use self::key::{Fingerprint, Key};
use self::keyed::Keyed;
use crate::ctx::Ctx;
use crate::error::{Conflict, Error, Result};
use crate::telemetry::log_failure;

pub mod change;
pub mod key;
pub mod keyed;
pub mod store;

/// The maximum size of a stored response in bytes. A larger one is rendered again for each repeat.
pub const MAX_ANSWER_BYTES: usize = 1024 * 1024;
/// Seconds after which a client should repeat a request whose key is in use.
pub const RETRY_IN_PROGRESS: u64 = 1;

/// A response in the form in which it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// What to do with a request that has a key.
pub enum Begun {
    /// Execute it with this context and call [`finish`].
    Execute(Ctx),
    /// Send this response, which an earlier execution has stored.
    Replay(Answer),
}

/// The response to send for a request that has been executed.
pub enum Finished {
    /// The response as it was rendered.
    Rendered,
    /// The response as it was rendered, for a change that was made earlier.
    RenderedAgain,
    /// The stored response to another execution.
    Replay(Answer),
    /// The response to this execution, which a concurrent repeat has rendered and stored first.
    Stored(Answer),
}

/// Begins a request with a key. Keys belong to users: without a login, and for the program itself, the request is executed
/// as if it had none.
///
/// # Errors
/// [`Conflict::KeyReused`] for a key that was used for another request, [`Conflict::KeyInProgress`] while a request with
/// this key is being executed.
pub async fn begin(ctx: &Ctx, key: Key, fingerprint: Fingerprint) -> Result<Begun> {
    let Some(user_id) = ctx.actor.as_ref().and_then(|actor| actor.user_id) else {
        return Ok(Begun::Execute(ctx.clone()));
    };
    let Some(entry) = ctx.services.running_keys.enter(user_id, &key) else {
        return Err(Error::Conflict(Conflict::KeyInProgress));
    };
    let recorded = match store::find_kept(ctx, user_id, key.as_str()).await? {
        Some(row) if row.fingerprint != fingerprint.as_str() => {
            return Err(Error::Conflict(Conflict::KeyReused));
        }
        Some(row) => match store::stored_answer(&row)? {
            Some(answer) => return Ok(Begun::Replay(answer)),
            None => Some(row.outcome),
        },
        None => None,
    };
    Ok(Begun::Execute(Ctx {
        keyed: Some(Arc::new(Keyed::new(entry, fingerprint, recorded))),
        ..ctx.clone()
    }))
}

/// Ends a request that [`begin`] has begun, with its context. `answer` is the response if it is complete, and `None`
/// for an error.
///
/// # Errors
/// [`Conflict::KeyReused`] and [`Conflict::KeyInProgress`], as for [`begin`], if another request with this key was executed
/// first.
pub async fn finish(ctx: &Ctx, answer: Option<&Answer>) -> Result<Finished> {
    let Some(keyed) = &ctx.keyed else {
        return Ok(Finished::Rendered);
    };
    let finished = finish_keyed(ctx, keyed, answer).await;
    keyed.release();
    finished
}

async fn finish_keyed(ctx: &Ctx, keyed: &Arc<Keyed>, answer: Option<&Answer>) -> Result<Finished> {
    if keyed.has_lost() && !keyed.is_committed() {
        let found = store::find_kept(ctx, keyed.user_id, keyed.key.as_str()).await?;
        return match found {
            Some(row) if row.fingerprint != keyed.fingerprint.as_str() => {
                Err(Error::Conflict(Conflict::KeyReused))
            }
            Some(row) => match store::stored_answer(&row)? {
                Some(answer) => Ok(Finished::Replay(answer)),
                None => Err(Error::Conflict(Conflict::KeyInProgress)),
            },
            None => Err(Error::Conflict(Conflict::KeyInProgress)),
        };
    }
    let is_again = keyed.recorded.is_some();
    let answer = answer.filter(|_| is_again || keyed.is_committed());
    let Some(answer) = answer else {
        return Ok(Finished::Rendered);
    };
    match store::add_answer(ctx, keyed, answer).await {
        Ok(Some(other)) if other != *answer && is_again => return Ok(Finished::Replay(other)),
        Ok(Some(other)) if other != *answer => return Ok(Finished::Stored(other)),
        Ok(_) => {}
        // A repeat will render the response again.
        Err(error) => log_failure(&error),
    }
    Ok(if is_again {
        Finished::RenderedAgain
    } else {
        Finished::Rendered
    })
}
