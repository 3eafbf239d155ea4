//! Windows: what is counted, for whom, and how much of it is admitted.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

/// How long a window is open.
pub const WINDOW: Duration = Duration::from_secs(60);

/// A limit on a kind of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Identifies the limit: each has windows of its own.
    pub name: &'static str,
    /// Operations admitted in one window.
    pub most: u32,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_a_user_or_a_network() {
        for (user, address, client) in [
            (Some(7), "1.2.3.4", "user:7"),
            (None, "1.2.3.4", "address:1.2.3.4"),
            (None, "::ffff:1.2.3.4", "address:1.2.3.4"),
            (None, "2001:db8:1:2:3:4:5:6", "address:2001:db8:1:2::"),
        ] {
            assert_eq!(Client::new(user, address.parse().unwrap()).to_string(), client);
        }
    }
}
