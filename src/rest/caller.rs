//! Extractors for the caller of a request, and for the base URL of links.

use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::header;
use axum::http::request::Parts;

use super::error::RestError;
use super::path::{AUTHENTICATION, ROOT};
use crate::auth::identify::identify;
use crate::ctx::Ctx;
use crate::error::{Error, LoginError};
use crate::http::bearer::bearer;
use crate::kind::Kind;
use crate::limits::Class;
use crate::origin;
use crate::services::Services;

/// The context of a request with a valid access token.
pub(crate) struct Caller(pub(crate) Ctx);

impl FromRequestParts<Arc<Services>> for Caller {
    type Rejection = RestError;

    async fn from_request_parts(parts: &mut Parts, services: &Arc<Services>) -> Result<Self, RestError> {
        let mut ctx = Ctx::anonymous(Arc::clone(services), origin::client(parts, &services.config));
        let actor = match token(parts) {
            Ok(token) => identify(&ctx, token).await,
            Err(reason) => Err(Error::Unauthenticated(reason)),
        };
        // Without a valid token the request counts against the client's address, so that guessing tokens is limited.
        ctx.actor = actor.as_ref().ok().cloned();
        ctx.check_rate_limit(class(parts), 1).await?;
        actor?;
        Ok(Self(ctx))
    }
}

/// The context of a request that needs no token. A token that was sent is ignored.
pub(crate) struct Anonymous(pub(crate) Ctx);

impl FromRequestParts<Arc<Services>> for Anonymous {
    type Rejection = RestError;

    async fn from_request_parts(parts: &mut Parts, services: &Arc<Services>) -> Result<Self, RestError> {
        let ctx = Ctx::anonymous(Arc::clone(services), origin::client(parts, &services.config));
        ctx.check_rate_limit(class(parts), 1).await?;
        Ok(Self(ctx))
    }
}

/// Returns the rate limit that a request counts against.
fn class(parts: &Parts) -> Class {
    let route = parts
        .extensions
        .get::<MatchedPath>()
        .map_or("", MatchedPath::as_str);
    if route.starts_with(AUTHENTICATION) {
        Class::Authentication
    } else if parts.method.is_safe() {
        Class::Read
    } else {
        Class::Write
    }
}

fn token(parts: &Parts) -> Result<&str, LoginError> {
    let header = parts
        .headers
        .get(header::AUTHORIZATION)
        .ok_or(LoginError::Missing)?;
    let header = header.to_str().map_err(|_| LoginError::BadToken)?;
    bearer(header)?.ok_or(LoginError::Missing)
}

/// The base URL of links in responses, such as `http://localhost:8000`.
pub(crate) struct BaseUrl(String);

impl FromRequestParts<Arc<Services>> for BaseUrl {
    type Rejection = RestError;

    async fn from_request_parts(parts: &mut Parts, services: &Arc<Services>) -> Result<Self, RestError> {
        Ok(Self(origin::public(parts, &services.config)))
    }
}

impl BaseUrl {
    /// Returns the absolute URL of the server, without a trailing slash.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the absolute URL of the API, without a trailing slash.
    pub(crate) fn root(&self) -> String {
        format!("{}{ROOT}", self.0)
    }

    /// Returns the absolute URL of a collection.
    pub(crate) fn collection(&self, kind: Kind) -> String {
        format!("{}/{}/", self.root(), kind.plural())
    }

    /// Returns the absolute URL of an object.
    pub(crate) fn object(&self, kind: Kind, id: i64) -> String {
        format!("{}{id}/", self.collection(kind))
    }
}
