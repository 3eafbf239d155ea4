//! The limits, clients and counts of windows.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

/// The length of a window.
pub const WINDOW: Duration = Duration::from_secs(60);

/// A limit on one kind of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Identifies the limit. Each limit has separate windows.
    pub name: &'static str,
    /// Operations admitted in one window.
    pub max: u32,
}

/// The client that a window belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Client {
    User(i64),
    Network(IpAddr),
}

impl Client {
    /// The user or, for a request without a user, the network of the address.
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

/// The result of counting operations: the state of the window afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// Whether the operations were admitted; all or none of them are.
    pub admitted: bool,
    /// Operations counted so far.
    pub used: u32,
    /// Time until the window closes.
    pub reset: Duration,
}

/// The network that counts as one client: the IPv4 address itself, or the /64 of an IPv6 address, since a household usually
/// has a whole /64.
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
