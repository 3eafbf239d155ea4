//! Who calls, and at which address they know us: what handlers take out of a request's head.

use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::header;
use axum::http::request::Parts;

use super::problem::Problem;
use super::{AUTHENTICATION, ROOT};
use crate::auth::identify::identify;
use crate::ctx::Ctx;
use crate::error::{Error, Login};
use crate::kind::Kind;
use crate::limits::Class;
use crate::origin;
use crate::services::Services;

/// A request with a good access token.
pub struct Caller(pub Ctx);

impl FromRequestParts<Arc<Services>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, services: &Arc<Services>) -> Result<Self, Problem> {
        let mut ctx = Ctx::anonymous(Arc::clone(services), origin::client(parts, &services.config));
        let identified = match bearer(parts) {
            Ok(token) => identify(&ctx, token).await,
            Err(error) => Err(error),
        };
        // Who is not identified counts as an address, whatever token they try.
        ctx.actor = identified.as_ref().ok().cloned();
        ctx.check_rate_limit(class(parts), 1).await?;
        identified?;
        Ok(Self(ctx))
    }
}

/// A request that needs no token; one that is sent is not looked at.
pub struct Anonymous(pub Ctx);

impl FromRequestParts<Arc<Services>> for Anonymous {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, services: &Arc<Services>) -> Result<Self, Problem> {
        let ctx = Ctx::anonymous(Arc::clone(services), origin::client(parts, &services.config));
        ctx.check_rate_limit(class(parts), 1).await?;
        Ok(Self(ctx))
    }
}

/// Which limit a request counts against.
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

/// The token of an `Authorization` header. As in Django REST framework, a header of another scheme is as good as none.
fn bearer(parts: &Parts) -> Result<&str, Error> {
    let missing = Error::Unauthenticated(Login::Missing);
    let Some(header) = parts.headers.get(header::AUTHORIZATION) else {
        return Err(missing);
    };
    let bad = Error::Unauthenticated(Login::BadToken);
    let Ok(text) = header.to_str() else {
        return Err(bad);
    };
    match text.trim().split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        None if text.trim().eq_ignore_ascii_case("bearer") => Err(bad),
        _ => Err(missing),
    }
}

/// The address that links in answers begin with: `http://localhost:8000`.
pub struct Origin(String);

impl FromRequestParts<Arc<Services>> for Origin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, services: &Arc<Services>) -> Result<Self, Problem> {
        Ok(Self(origin::public(parts, &services.config)))
    }
}

impl Origin {
    /// The absolute URL of a collection.
    pub fn collection(&self, kind: Kind) -> String {
        format!("{}{ROOT}/{}/", self.0, kind.plural())
    }

    /// The absolute URL of an object.
    pub fn object(&self, kind: Kind, id: i64) -> String {
        format!("{}{id}/", self.collection(kind))
    }
}
