//! The client's address and the requested host, directly or behind reverse proxies.
//!
//! Any client can send `X-Forwarded-*` headers, so they are used only if the peer is a trusted proxy. The client is then
//! the last address in `X-Forwarded-For` that is not a trusted proxy.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::header;
use axum::http::request::Parts;
use ipnet::IpNet;

use crate::header::list_values;

/// Returns the address of the client.
pub fn client(parts: &Parts, proxies: &[IpNet]) -> IpAddr {
    let peer = peer(parts);
    if !is_proxy(proxies, peer) {
        return peer;
    }
    let mut client = peer;
    for hop in list_values(&parts.headers, "x-forwarded-for").rev() {
        let Some(address) = hop_address(hop) else { break };
        client = address;
        if !is_proxy(proxies, address) {
            break;
        }
    }
    client
}

/// Returns the URL by which the client reached the server: scheme and host. `fallback` replaces a missing or malformed
/// host.
pub fn public_url(parts: &Parts, proxies: &[IpNet], fallback: SocketAddr) -> String {
    let is_proxied = is_proxy(proxies, peer(parts));
    let forwarded = |name| {
        list_values(&parts.headers, name)
            .next_back()
            .filter(|_| is_proxied)
    };
    let scheme = match forwarded("x-forwarded-proto") {
        Some(proto) if proto.eq_ignore_ascii_case("https") => "https",
        _ => "http",
    };
    match forwarded_host(parts, proxies).filter(|host| has_host_syntax(host)) {
        Some(host) => format!("{scheme}://{host}"),
        None => format!("{scheme}://{fallback}"),
    }
}

/// Returns the host that the client sent, which a trusted proxy passes on in `X-Forwarded-Host`.
pub fn forwarded_host<'p>(parts: &'p Parts, proxies: &[IpNet]) -> Option<&'p str> {
    let is_proxied = is_proxy(proxies, peer(parts));
    list_values(&parts.headers, "x-forwarded-host")
        .next_back()
        .filter(|host| is_proxied && has_host_syntax(host))
        .or_else(|| host(parts))
}

/// Returns the host in the request's URI or `Host` header.
pub fn host(parts: &Parts) -> Option<&str> {
    match parts.uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => parts.headers.get(header::HOST)?.to_str().ok(),
    }
}

/// Whether a host, with any port, matches a list. In the list, `.example.com` matches the domain and its subdomains, and `*`
/// any host. An empty list matches every host.
pub fn is_listed(hosts: &[String], host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    hosts.is_empty()
        || hosts.iter().any(|allowed| {
            let allowed = allowed.trim();
            let in_domain = allowed.strip_prefix('.').is_some_and(|domain| {
                name.eq_ignore_ascii_case(domain)
                    || name.to_ascii_lowercase().ends_with(&allowed.to_ascii_lowercase())
            });
            allowed == "*" || in_domain || name.eq_ignore_ascii_case(allowed)
        })
}

fn peer(parts: &Parts) -> IpAddr {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| {
        peer.ip().to_canonical()
    })
}

fn is_proxy(proxies: &[IpNet], address: IpAddr) -> bool {
    proxies.iter().any(|network| network.contains(&address))
}

/// Parses an address with or without a port.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let address = hop
        .parse::<IpAddr>()
        .ok()
        .or_else(|| hop.parse::<SocketAddr>().ok().map(|hop| hop.ip()));
    address
        .or_else(|| hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok())
        .map(|address| address.to_canonical())
}

/// Whether this is an RFC 1123 host name or an IP address, with an optional port, and thus safe in a link.
pub fn has_host_syntax(host: &str) -> bool {
    let (is_host, port) = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) => (address.parse::<Ipv6Addr>().is_ok(), port),
            None => return false,
        },
        None => {
            let (name, port) = host.split_at(host.find(':').unwrap_or(host.len()));
            (is_host_name(name), port)
        }
    };
    is_host
        && match port.strip_prefix(':') {
            Some(digits) => digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok(),
            None => port.is_empty(),
        }
}

/// Maximum length of a host name in characters.
const MAX_HOST_NAME: usize = 253;
/// Maximum length of a label in characters.
const MAX_LABEL: usize = 63;

fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=MAX_LABEL).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // A name whose last label is numeric must be an IPv4 address.
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_numeric = last.bytes().all(|byte| byte.is_ascii_digit());
    name.len() <= MAX_HOST_NAME
        && name.split('.').all(is_label)
        && (!is_numeric || name.parse::<Ipv4Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::extract::ConnectInfo;
    use axum::http::Request;
    use axum::http::request::Parts;

    use super::{client, has_host_syntax, hop_address, is_listed, public_url};

    fn parts(peer: &str, headers: &[(&str, &str)]) -> Parts {
        let peer: SocketAddr = peer.parse().unwrap();
        let mut request = Request::get("/").extension(ConnectInfo(peer));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn forwarded_headers_are_used_only_if_a_trusted_proxy_sent_them() {
        let proxies = ["10.0.0.0/8".parse().unwrap()];
        let headers = [
            ("host", "inside:8000"),
            ("x-forwarded-for", "1.2.3.4, 5.6.7.8, 10.1.1.1"),
            ("x-forwarded-host", "shop.example.com"),
            ("x-forwarded-proto", "HTTPS"),
        ];
        let fallback = "127.0.0.1:80".parse().unwrap();
        for (peer, address, url) in [
            ("10.9.9.9:1", "5.6.7.8", "https://shop.example.com"),
            ("[::ffff:10.9.9.9]:1", "5.6.7.8", "https://shop.example.com"),
            ("11.9.9.9:1", "11.9.9.9", "http://inside:8000"),
        ] {
            let parts = parts(peer, &headers);
            assert_eq!(client(&parts, &proxies).to_string(), address, "{peer}");
            assert_eq!(public_url(&parts, &proxies, fallback), url, "{peer}");
        }
        let parts = parts("10.9.9.9:1", &[("host", "a b")]);
        assert_eq!(public_url(&parts, &proxies, fallback), "http://127.0.0.1:80");
    }

    #[test]
    fn hosts_are_matched_with_a_list() {
        let list = |hosts: &[&str]| hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>();
        assert!(is_listed(&[], "any") && is_listed(&list(&["*"]), "any"));
        let hosts = list(&["shop.example.com", " .example.org"]);
        for host in [
            "shop.example.com",
            "SHOP.example.com:80",
            "example.org",
            "a.Example.org:1",
        ] {
            assert!(is_listed(&hosts, host), "{host}");
        }
        for host in [
            "example.com",
            "b.shop.example.com",
            "badexample.org",
            "shop.example.com:x",
        ] {
            assert!(!is_listed(&hosts, host), "{host}");
        }
    }

    fn name(length: usize) -> String {
        let mut name = "a.".repeat(length / 2);
        name.push_str(if length.is_multiple_of(2) { "" } else { "b" });
        name
    }

    #[test]
    fn host_names_have_limits() {
        assert!(has_host_syntax(&name(253)) && has_host_syntax(&format!("{}:65535", name(253))));
        assert!(!has_host_syntax(&name(255)));
        assert!(has_host_syntax(&"a".repeat(63)) && !has_host_syntax(&"a".repeat(64)));
        for host in [
            "-a",
            "a-",
            "a..b",
            ".a",
            "a.",
            "a_b",
            "1.2.3",
            "1.2.3.256",
            "12345",
            "a.1",
            "x:+80",
            "[1.2.3.4]",
            "[::1%25eth0]",
            "münchen.example",
        ] {
            assert!(!has_host_syntax(host), "{host}");
        }
        for host in [
            "xn--mnchen-3ya.example",
            "3com.com",
            "a--b",
            "1.2.3.4",
            "A.Example:0",
        ] {
            assert!(has_host_syntax(host), "{host}");
        }
    }

    #[test]
    fn hosts_have_a_name_or_address_and_an_optional_port() {
        for host in [
            "localhost",
            "localhost:8000",
            "stock.example.com",
            "127.0.0.1:80",
            "[::1]:8000",
            "[::1]",
        ] {
            assert!(has_host_syntax(host), "{host}");
        }
        for host in [
            "",
            ":80",
            "a b",
            "evil.com/path",
            "a@b",
            "x:99999",
            "x:",
            "[::1",
            "[zz]",
            "a\"b",
            "a:b:c",
        ] {
            assert!(!has_host_syntax(host), "{host}");
        }
    }

    #[test]
    fn hops_are_parsed_with_and_without_a_port() {
        for (hop, address) in [
            ("10.0.0.1", "10.0.0.1"),
            ("10.0.0.1:99", "10.0.0.1"),
            ("[::1]:9", "::1"),
            ("[::1]", "::1"),
        ] {
            assert_eq!(
                hop_address(hop).map(|hop| hop.to_string()).as_deref(),
                Some(address)
            );
        }
        assert_eq!(hop_address("unknown"), None);
    }
}
