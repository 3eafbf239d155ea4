//! [`Ctx::change`]: a transaction that also stores the key of its request.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::store;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::tx::Tx;

/// Converts the outcome of a rule to JSON, its stored form.
///
/// # Errors
/// [`Error::Internal`] for a map with keys that are not texts, which no outcome has.
pub fn to_json(outcome: &impl Serialize) -> Result<String> {
    serde_json::to_string(outcome).map_err(Error::internal)
}

impl Ctx {
    /// Runs `body` in a transaction, as [`Ctx::transaction`] does. If the request has an idempotency key, the transaction
    /// stores it with the outcome. If the request has been executed before, returns its outcome without running `body`.
    ///
    /// # Errors
    /// Those of [`Ctx::transaction`], and [`Error::Conflict`] when another request with this key is being executed.
    pub async fn change<T, F>(&self, body: F) -> Result<T>
    where
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
        F: for<'t> Fn(&'t Tx) -> BoxFuture<'t, Result<T>> + Send + Sync + 'static,
    {
        if let Some(outcome) = self.recorded_outcome()? {
            return Ok(outcome);
        }
        let Some(keyed) = self.keyed.clone() else {
            return self.transaction(body).await;
        };
        let (request, body) = (Arc::clone(&keyed), Arc::new(body));
        let outcome = self
            .transaction(move |tx| {
                let (keyed, body) = (Arc::clone(&request), Arc::clone(&body));
                Box::pin(async move {
                    store::claim(tx, &keyed).await?;
                    let outcome = body(tx).await?;
                    let json = to_json(&outcome)?;
                    store::record(tx, vec![(keyed, json)]).await?;
                    Ok(outcome)
                })
            })
            .await?;
        keyed.set_committed();
        Ok(outcome)
    }

    /// The outcome of an earlier execution of this request, if its response must be rendered again.
    ///
    /// # Errors
    /// [`Error::Internal`] if another version of the program has stored it in a form that this one can't read.
    pub fn recorded_outcome<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        let json = self
            .keyed
            .as_ref()
            .and_then(|keyed| keyed.recorded_outcome.as_deref());
        json.map(serde_json::from_str)
            .transpose()
            .map_err(Error::internal)
    }
}
