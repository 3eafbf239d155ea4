//! Windows: what is counted, for whom, and how much of it is admitted.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

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

/// The network that counts as one client address: a household has a whole IPv6 /64.
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        v4 @ IpAddr::V4(_) => v4,
    }
}
