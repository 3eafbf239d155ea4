//! `Session`: a login that lasts longer than a request, a stream's or a WebSocket's. Whoever sends something over it asks
//! anew who it is for, so it ends with its token and with its user.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::identify::identify;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::services::Services;

/// How often a session that nothing is sent over is looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Somebody who stays: with a good token, or nobody.
#[derive(Clone)]
pub struct Session {
    services: Arc<Services>,
    client: IpAddr,
    token: Option<Arc<str>>,
}

impl Session {
    /// One of somebody who has this token, or none; whether it is good is said by [`Session::ctx`].
    pub fn new(services: Arc<Services>, client: IpAddr, token: Option<&str>) -> Self {
        Self {
            services,
            client,
            token: token.map(Arc::from),
        }
    }

    /// A request within the session.
    ///
    /// # Errors
    /// [`crate::error::Login::BadToken`] once the session is over.
    pub async fn ctx(&self) -> Result<Ctx> {
        let mut ctx = Ctx::anonymous(Arc::clone(&self.services), self.client);
        if let Some(token) = &self.token {
            ctx.actor = Some(identify(&ctx, token).await?);
        }
        Ok(ctx)
    }

    /// Returns when the session is over: never, without a token.
    pub async fn over(&self) {
        let Some(token) = &self.token else {
            return std::future::pending().await;
        };
        loop {
            let now = self.services.clock.now();
            let Some(claims) = self.services.tokens.read(token, now) else {
                return;
            };
            let left = u64::try_from(claims.exp - now.timestamp()).unwrap_or_default();
            tokio::time::sleep(LOOK.min(Duration::from_secs(left))).await;
            if let Err(Error::Unauthenticated(_)) = self.ctx().await {
                return;
            }
        }
    }
}
