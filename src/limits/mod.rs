//! The documented rate limits: 10 authentications, 100 reads and 50 writes a minute, for each user, or for each client
//! address without one. Off unless `RATE_LIMIT_ENABLED` is set.
//!
//! A limit is a fixed window: it opens with the first request, admits requests up to the limit and refuses the rest
//! until the minute is over. It is not a token bucket, which would admit the 101st request of a minute if the first
//! hundred took a while; the API document says 100. Windows are kept in memory (`local`), or in Redis (`shared`), where
//! all gateways count together.
//!
//! Operations count, not requests: REST counts one a request, GraphQL one a query and one for each mutation in it.

use std::time::Duration;

use crate::config::Config;
use crate::error::Result;

pub mod check;
pub mod failed_logins;
mod local;
mod shared;
mod window;

use local::LocalWindows;
use shared::SharedWindows;
pub use window::{Class, Client, Count, WINDOW};

/// The windows of one gateway, and its connection to those of all.
pub struct Limits {
    enabled: bool,
    local: LocalWindows,
    shared: Option<SharedWindows>,
}

impl Limits {
    /// # Errors
    /// When `REDIS_URL` can't be parsed.
    pub fn new(config: &Config) -> Result<Self> {
        let shared = config.redis_url.as_ref().filter(|_| config.rate_limit_enabled);
        Ok(Self {
            enabled: config.rate_limit_enabled,
            local: LocalWindows::default(),
            shared: shared.map(SharedWindows::new).transpose()?,
        })
    }

    pub const fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// Counts operations in the client's window at a monotonic time. While Redis is unavailable, each gateway counts by itself.
    pub async fn count(&self, client: Client, class: Class, operations: u32, now: Duration) -> Count {
        let shared = match &self.shared {
            Some(shared) => shared.count(client, class, operations).await,
            None => None,
        };
        shared.unwrap_or_else(|| self.local.count(client, class, operations, now))
    }
}
