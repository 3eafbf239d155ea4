//! The documented rate limits: 10 authentications, 100 reads and 50 writes a minute, for each user, or for each client
//! address if there is no user. Off unless `RATE_LIMIT_ENABLED` is set.
//!
//! The windows of the crate `rate-limit` are kept in memory, or in Redis, where all servers share them. Operations are
//! counted, not requests: a REST request is one operation; in GraphQL a query is one, and each field of a mutation is one.

use std::sync::Arc;

use rate_limit::{Failures, Limit, Store, Windows};

use crate::config::Config;
use crate::error::{Error, Result};

pub mod check;

/// The prefix of the keys in Redis.
const PREFIX: &str = "stockroom:limit";

/// Kinds of operations, each with its own limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Logging in, refreshing, verifying and logging out.
    Authentication,
    Read,
    Write,
}

impl Class {
    /// The limit, with its name in response headers and metrics.
    pub const fn limit(self) -> Limit {
        let (name, max) = match self {
            Self::Authentication => ("authentication", 10),
            Self::Read => ("read", 100),
            Self::Write => ("write", 50),
        };
        Limit { name, max }
    }
}

/// Creates the counters of operations and of failed logins. Failed logins are always limited; the windows for operations are
/// `None` if rate limits are off.
///
/// # Errors
/// Fails if `REDIS_URL` can't be parsed.
pub fn counters(config: &Config) -> Result<(Option<Windows>, Failures)> {
    let store = match &config.redis_url {
        Some(url) => Some(Arc::new(Store::new(url.text(), PREFIX).map_err(Error::internal)?)),
        None => None,
    };
    let windows = config
        .rate_limit_enabled
        .then(|| store.clone().map_or_else(Windows::local, Windows::shared));
    Ok((windows, store.map_or_else(Failures::default, Failures::shared)))
}
