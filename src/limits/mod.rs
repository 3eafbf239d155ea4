//! The documented rate limits: 10 authentications, 100 reads and 50 writes a minute, for each user, or for each client
//! address without one. Off unless `RATE_LIMIT_ENABLED` is set.
//!
//! A limit is a fixed window: it opens with the first request, admits requests up to the limit and refuses the rest
//! until the minute is over. It is not a token bucket, which would admit the 101st request of a minute if the first
//! hundred took a while; the API document says 100. Windows are kept in memory (`local`), or in Redis (`shared`), where
//! all gateways count together.
//!
//! Operations count, not requests: REST counts one a request, GraphQL one a query and one for each mutation in it.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::error::Result;

pub mod check;
pub mod failed_logins;
mod local;
mod shared;

use local::LocalWindows;
use shared::SharedWindows;

/// How long a window is open.
pub const WINDOW: Duration = Duration::from_secs(60);

/// Kinds of operations, each with its own limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Logging in, refreshing, verifying and logging out.
    Authentication,
    Read,
    Write,
}

impl Class {
    /// Operations admitted in one window.
    pub const fn limit(self) -> u32 {
        match self {
            Self::Authentication => 10,
            Self::Read => 100,
            Self::Write => 50,
        }
    }

    /// The name in response headers and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// The client that a window belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Client {
    User(i64),
    Network(IpAddr),
}

impl Client {
    /// The user, or the address of a request without one.
    pub fn new(user_id: Option<i64>, address: IpAddr) -> Self {
        user_id.map_or_else(|| Self::Network(network_of(address)), Self::User)
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::Network(address) => write!(f, "address:{address}"),
        }
    }
}

/// A window right after operations were counted or refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// Whether the operations were admitted; all or none of them are.
    pub admitted: bool,
    /// Operations counted so far.
    pub used: u32,
    /// Time until the window closes.
    pub reset: Duration,
}

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

    /// Counts operations in the client's window. While Redis is unavailable, each gateway counts by itself.
    pub async fn count(&self, client: Client, class: Class, operations: u32, now: DateTime<Utc>) -> Count {
        let shared = match &self.shared {
            Some(shared) => shared.count(client, class, operations).await,
            None => None,
        };
        shared.unwrap_or_else(|| self.local.count(client, class, operations, now))
    }
}

/// The network that counts as one client address: a household has a whole IPv6 /64.
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        v4 @ IpAddr::V4(_) => v4,
    }
}
