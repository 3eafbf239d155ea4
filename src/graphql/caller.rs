//! Who asks: the token in the `Authorization` header, or in the first message of a WebSocket, which has no headers of its
//! own in a browser.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use crate::auth::session::Session;
use crate::ctx::Ctx;
use crate::error::{Error, Login, Result};
use crate::services::Services;

/// The token of these headers, if there is one.
///
/// # Errors
/// [`Login::BadToken`] when it can't be one.
pub fn token_of(headers: &HeaderMap) -> Result<Option<&str>> {
    match headers.get(AUTHORIZATION) {
        Some(header) => bearer(
            header
                .to_str()
                .map_err(|_| Error::Unauthenticated(Login::BadToken))?,
        ),
        None => Ok(None),
    }
}

/// The token in `Bearer …`. As in Django REST framework, another scheme is as good as none.
///
/// # Errors
/// [`Login::BadToken`] when nothing follows.
pub fn bearer(text: &str) -> Result<Option<&str>> {
    match text.trim().split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
        None if text.trim().eq_ignore_ascii_case("bearer") => Err(Error::Unauthenticated(Login::BadToken)),
        _ => Ok(None),
    }
}

/// Who sends these headers: a session that may go on, and the request that begins it. Without a token it is nobody's.
///
/// # Errors
/// [`Login::BadToken`] when the token is not good.
pub async fn caller(services: &Arc<Services>, client: IpAddr, headers: &HeaderMap) -> Result<(Session, Ctx)> {
    let session = Session::new(Arc::clone(services), client, token_of(headers)?);
    let ctx = session.ctx().await?;
    Ok((session, ctx))
}

#[cfg(test)]
mod tests {
    use super::bearer;

    #[test]
    fn headers() {
        for (text, token) in [
            ("Bearer a.b.c", Some(Some("a.b.c"))),
            ("bearer  a.b.c ", Some(Some("a.b.c"))),
            ("Basic dXNlcg==", Some(None)),
            ("", Some(None)),
            ("token", Some(None)),
            ("Bearer", None),
            ("Bearer ", None),
        ] {
            assert_eq!(bearer(text).ok(), token, "{text}");
        }
    }
}
