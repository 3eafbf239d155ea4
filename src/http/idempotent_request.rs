//! `IdempotentRequest`: executes a REST request with an `Idempotency-Key` at most once.

use std::convert::Infallible;
use std::future::Future;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::request::Parts;
use axum::response::Response;

use super::stored_response::{mark_replayed, replay, restore, to_stored};
use crate::ctx::Ctx;
use crate::error::Error;
use crate::idempotency::key::{Fingerprint, HEADER, Key};
use crate::idempotency::{self, BeginResult, FinishResult};

/// Extracts the key of a request, if it has one, with its method and path. The key is parsed later, because a missing
/// permission is reported before an invalid key.
pub(crate) struct IdempotentRequest {
    keys: Vec<HeaderValue>,
    method: String,
    path: String,
}

impl<S: Sync> FromRequestParts<S> for IdempotentRequest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self {
            keys: parts.headers.get_all(HEADER).iter().cloned().collect(),
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
        })
    }
}

impl IdempotentRequest {
    /// Whether a key was sent.
    pub(crate) fn has_key(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Executes the request with this body, or repeats the response to an earlier one with the same key.
    pub(crate) async fn run<F, Fut, E>(self, ctx: Ctx, body: Bytes, handler: F) -> Result<Response, E>
    where
        F: FnOnce(Ctx, Bytes) -> Fut,
        Fut: Future<Output = Result<Response, E>>,
        E: From<Error>,
    {
        let Some(key) = Key::parse(self.keys.iter().map(HeaderValue::as_bytes))? else {
            return handler(ctx, body).await;
        };
        let fingerprint = Fingerprint::new(&self.method, &self.path, &body);
        // Boxed, so that the futures of requests without a key stay small.
        let ctx = match Box::pin(idempotency::begin(&ctx, key, fingerprint)).await? {
            BeginResult::Execute(ctx) => ctx,
            BeginResult::Replay(stored) => return Ok(replay(stored)?.map(Body::from)),
        };
        let result = handler(ctx.clone(), body).await;
        let (result, stored) = match result {
            Ok(response) if response.status().is_success() => {
                let (parts, body) = response.into_parts();
                // The whole body is in memory already, so it needs no limit.
                let body = to_bytes(body, usize::MAX).await.map_err(Error::internal)?;
                let stored = to_stored(&parts, &body);
                (Ok(Response::from_parts(parts, Body::from(body))), stored)
            }
            result => (result, None),
        };
        match Box::pin(idempotency::finish(&ctx, stored.as_ref())).await? {
            FinishResult::Rendered => result,
            FinishResult::RenderedAgain => result.map(|mut response| {
                mark_replayed(&mut response);
                response
            }),
            FinishResult::Replay(stored) => Ok(replay(stored)?.map(Body::from)),
            FinishResult::Stored(stored) => Ok(restore(stored)?.map(Body::from)),
        }
    }
}
