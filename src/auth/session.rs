//! `Session`: the login of a connection that outlives a request, such as an event stream or a WebSocket.
//!
//! The token is checked again for each operation, so the session ends when its token expires or its user is deactivated.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::identify::identify;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::services::Services;

/// How often the token of an idle connection is checked.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// A connection's login, possibly anonymous.
#[derive(Clone)]
pub struct Session {
    services: Arc<Services>,
    client: IpAddr,
    token: Option<Arc<str>>,
}

impl Session {
    /// A session with a token, which [`Session::ctx`] checks, or an anonymous one.
    pub fn new(services: Arc<Services>, client: IpAddr, token: Option<&str>) -> Self {
        Self {
            services,
            client,
            token: token.map(Arc::from),
        }
    }

    /// The context of an operation that begins now.
    ///
    /// # Errors
    /// [`crate::error::LoginError::BadToken`] if the token is not valid.
    pub async fn ctx(&self) -> Result<Ctx> {
        let mut ctx = Ctx::anonymous(Arc::clone(&self.services), self.client);
        if let Some(token) = &self.token {
            ctx.actor = Some(identify(&ctx, token).await?);
        }
        Ok(ctx)
    }

    /// Completes when the token is no longer valid. Never completes for an anonymous session.
    pub async fn wait_for_expiry(&self) {
        let Some(token) = &self.token else {
            return std::future::pending().await;
        };
        loop {
            let now = self.services.clock.now();
            let Some(claims) = self.services.tokens.read(token, now) else {
                return;
            };
            let lifetime = u64::try_from(claims.exp - now.timestamp()).unwrap_or_default();
            tokio::time::sleep(CHECK_INTERVAL.min(Duration::from_secs(lifetime))).await;
            if let Err(Error::Unauthenticated(_)) = self.ctx().await {
                return;
            }
        }
    }
}
