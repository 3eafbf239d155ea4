//! Checks the addresses that messages are sent to: only public ones, unless private ones are allowed.
//!
//! A URL is checked as written when it is set, and the addresses that its host name resolves to are checked at each
//! connection. The first check alone would not suffice, since a name can resolve to different addresses each time.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use std::vec;

use hyper_util::client::legacy::connect::dns::Name;
use ipnet::{Ipv4Net, Ipv6Net};
use url::{Host, Url};

/// IPv4 networks that are not public: IANA's special-purpose registry, multicast and reserved addresses.
const SPECIAL_V4: [Ipv4Net; 16] = [
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    v4([127, 0, 0, 0], 8),
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    v4([192, 0, 0, 0], 24),
    v4([192, 0, 2, 0], 24),
    v4([192, 31, 196, 0], 24),
    v4([192, 52, 193, 0], 24),
    v4([192, 88, 99, 0], 24),
    v4([192, 168, 0, 0], 16),
    v4([198, 18, 0, 0], 15),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    v4([224, 0, 0, 0], 3),
];
/// The IPv6 network that public addresses are allocated from.
const PUBLIC_V6: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);
/// The networks in [`PUBLIC_V6`] that are not public: protocol assignments (including Teredo), documentation, 6to4.
const SPECIAL_V6: [Ipv6Net; 4] = [
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];
/// The prefix of NAT64. The last 32 bits are the IPv4 address.
const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96);

const fn v4(address: [u8; 4], length: u8) -> Ipv4Net {
    let [a, b, c, d] = address;
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6(address: [u16; 8], length: u8) -> Ipv6Net {
    let mut bits: u128 = 0;
    let mut rest: &[u16] = &address;
    while let [first, others @ ..] = rest {
        #[expect(clippy::as_conversions, reason = "`From` is not const yet")]
        let first = *first as u128;
        bits = bits << 16 | first;
        rest = others;
    }
    Ipv6Net::new_assert(Ipv6Addr::from_bits(bits), length)
}

/// Whether an address is reachable from the internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|network| network.contains(&address)),
        IpAddr::V6(address) => {
            let embedded = address.to_ipv4_mapped().or_else(|| {
                let [.., a, b, c, d] = address.octets();
                NAT64.contains(&address).then(|| Ipv4Addr::new(a, b, c, d))
            });
            match embedded {
                Some(embedded) => is_public(embedded.into()),
                None => {
                    PUBLIC_V6.contains(&address)
                        && !SPECIAL_V6.iter().any(|network| network.contains(&address))
                }
            }
        }
    }
}

/// The addresses that messages may be sent to.
#[derive(Clone, Copy, Debug)]
pub struct TargetPolicy {
    allow_private: bool,
    exception: &'static str,
}

impl TargetPolicy {
    /// Only public addresses.
    pub const fn public_only() -> Self {
        Self {
            allow_private: false,
            exception: "",
        }
    }

    /// All addresses, including those of this machine and of private networks.
    pub const fn any_address() -> Self {
        Self {
            allow_private: true,
            exception: "",
        }
    }

    /// The same policy, with a text that is appended to the error for a private address and explains how to allow it, such
    /// as `, unless … is set`.
    #[must_use]
    pub const fn with_exception(self, exception: &'static str) -> Self {
        Self { exception, ..self }
    }

    /// Checks a URL as written.
    ///
    /// # Errors
    /// A message for users that continues a sentence about the URL, such as `must have a host`.
    pub fn check(self, url: &Url) -> Result<(), String> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err("must be an http or https address".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold a user name or password".to_owned());
        }
        // `Url` has already parsed every notation of an address: 2130706433, 0x7f.1 and 0177.0.0.1 are 127.0.0.1.
        let address = match url.host() {
            None => return Err("must have a host".to_owned()),
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                // The limits of RFC 1123, for the name in ASCII.
                if name.len() > 253 || name.split('.').any(|label| label.is_empty() || label.len() > 63) {
                    let limit = "must have a host name of at most 253 characters, 63 in each label";
                    return Err(limit.to_owned());
                }
                (name == "localhost" || name.ends_with(".localhost")).then_some(Ipv4Addr::LOCALHOST.into())
            }
        };
        if !self.allow_private && address.is_some_and(|address| !is_public(address)) {
            let exception = self.exception;
            return Err(format!(
                "must not be on this machine or a private network{exception}"
            ));
        }
        Ok(())
    }

    /// Checks the addresses that the URL's host name resolves to. A name that can't be resolved within two seconds is
    /// accepted, since its addresses are checked again at each connection.
    ///
    /// # Errors
    /// One of the addresses is not allowed.
    pub async fn check_resolved_addresses(self, url: &Url) -> Result<(), ForbiddenAddress> {
        let Some(Host::Domain(name)) = url.host() else {
            return Ok(());
        };
        if self.allow_private {
            return Ok(());
        }
        match tokio::time::timeout(LOOKUP_TIMEOUT, Resolver::new(self).resolve(name)).await {
            Ok(Err(error)) if error.kind() == io::ErrorKind::PermissionDenied => Err(ForbiddenAddress),
            Ok(Ok(_)) => Ok(()),
            _ => {
                tracing::warn!("the host name of a webhook endpoint could not be resolved");
                Ok(())
            }
        }
    }
}

/// Timeout of the lookup of a host name in [`TargetPolicy::check_resolved_addresses`].
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(2);

/// The resolver for connections, which returns only allowed addresses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resolver {
    policy: TargetPolicy,
}

impl Resolver {
    pub(crate) fn new(policy: TargetPolicy) -> Self {
        Self { policy }
    }

    /// The addresses of a name, with port 0, which the connector replaces.
    ///
    /// # Errors
    /// When the name can't be resolved, or one of its addresses is not allowed.
    async fn resolve(self, name: &str) -> io::Result<Vec<SocketAddr>> {
        let addresses = tokio::net::lookup_host((name, 0)).await;
        // Systems report a missing name with different error kinds.
        let addresses = addresses.map_err(|error| io::Error::new(io::ErrorKind::NotFound, error))?;
        let addresses: Vec<SocketAddr> = addresses.collect();
        if !self.policy.allow_private && addresses.iter().any(|address| !is_public(address.ip())) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, ForbiddenAddress));
        }
        Ok(addresses)
    }
}

/// The error for a host name that resolves to an address that is not allowed.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the host name resolves to an address on this machine or a private network")]
pub struct ForbiddenAddress;

impl tower::Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let resolver = *self;
        Box::pin(async move { Ok(resolver.resolve(name.as_str()).await?.into_iter()) })
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::{Resolver, TargetPolicy, is_public};

    const PUBLIC: TargetPolicy = TargetPolicy::public_only();
    const ANY: TargetPolicy = TargetPolicy::any_address();

    #[test]
    fn special_addresses_are_not_public() {
        for special in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(special.parse().unwrap()), "{special}");
        }
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "198.17.255.255",
            "223.255.255.255",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
            "2606:4700::1111",
            "2001:4860::8888",
            "2a00::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn private_targets_are_refused_in_every_notation() {
        for private in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://017700000001/",
            "http://127.0.0.1./",
            "http://%31%32%37.0.0.1/",
            "http://１２７.０.０.１/",
            "http://127。0。0。1/",
            "http://0/",
            "http://10.1/",
            "http://[::1]/",
            "http://[::ffff:7f00:1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[0:0:0:0:0:ffff:0a00:1]/",
            "http://[fe80::1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://169.254.169.254/latest",
            "http://localhost/",
            "http://LOCALHOST./",
            "http://a.localhost/",
            "https://192.168.1.1:8443/hook",
            "http:127.0.0.1",
            "http://１２７.０.０.１/",
            "http://127。0。0。1/",
            "http://0/",
            "http://017700000001/",
            "http://[::]/",
            "http://%31%32%37.0.0.1/",
            "http:\\\\127.0.0.1\\",
        ] {
            let url: Url = private.parse().unwrap();
            assert!(PUBLIC.check(&url).is_err(), "{private}");
            assert_eq!(ANY.check(&url), Ok(()), "{private}");
        }
        for public in [
            "https://example.com/hook?x=1",
            "http://1.1.1.1:8080/",
            "https://[2606:4700::1111]/",
        ] {
            assert_eq!(PUBLIC.check(&public.parse().unwrap()), Ok(()), "{public}");
        }
        for refused in [
            "ftp://example.com/",
            "file:///etc/passwd",
            "https://user:word@example.com/",
            "http://example.com@127.0.0.1/",
            "http://example.com%40@127.0.0.1/",
            "data:,",
        ] {
            assert!(ANY.check(&refused.parse().unwrap()).is_err(), "{refused}");
        }
    }

    #[test]
    fn the_error_for_a_private_address_has_the_exception() {
        let url = "http://10.0.0.1/".parse().unwrap();
        let policy = PUBLIC.with_exception(", unless OPEN is set");
        assert_eq!(
            policy.check(&url).unwrap_err(),
            "must not be on this machine or a private network, unless OPEN is set"
        );
    }

    #[tokio::test]
    async fn host_names_are_checked_by_their_addresses() {
        let error = Resolver::new(PUBLIC).resolve("localhost").await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
        let addresses = Resolver::new(ANY).resolve("localhost").await.unwrap();
        assert!(addresses.iter().all(|address| address.ip().is_loopback()) && !addresses.is_empty());
    }
}
