//! The client's address and the server's public URL, according to `TRUSTED_PROXIES`, `PUBLIC_URL` and `BIND`.

use std::net::IpAddr;

use axum::http::request::Parts;
use http_server::origin;

use crate::config::Config;

/// Returns the address of the client.
pub(crate) fn client(parts: &Parts, config: &Config) -> IpAddr {
    origin::client(parts, &config.trusted_proxies)
}

/// Returns the URL of the server without a trailing slash: `PUBLIC_URL`, or else the host of the request.
pub(crate) fn public(parts: &Parts, config: &Config) -> String {
    match &config.public_url {
        Some(url) => url.as_str().trim_end_matches('/').to_owned(),
        None => origin::public_url(parts, &config.trusted_proxies, config.bind),
    }
}
