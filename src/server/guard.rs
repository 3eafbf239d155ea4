//! The checks of every request before it reaches its route, and the headers of every response.

use std::panic::AssertUnwindSafe;

use axum::extract::{MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use http_server::header::list_values;
use http_server::origin;
use http_server::precondition::{ReadPreconditions, weaken_tag_if_compressed};
use http_server::security::add_security_headers;

use super::{cors, health};
use crate::config::Config;
use crate::error::{Error, Malformed};
use crate::rest;
use crate::rest::error::{ErrorResponse, RestError};
use crate::services::Services;

/// Checks every request, and adds headers to every response.
pub(super) async fn guard(services: &Services, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = if !has_known_transfer_coding(&parts) {
        ErrorResponse::unknown_transfer_coding().into_response()
    } else if !has_served_host(&parts, &services.config) {
        RestError::from(Error::Malformed(Malformed::Host)).into_response()
    } else {
        let preconditions = ReadPreconditions::of(&parts);
        let request = Request::from_parts(parts, body);
        let response = cors::cors(services, request, async |request| {
            respond(services, request, next).await
        });
        let failure = || ErrorResponse::from(&Error::VersionConflict).into_response();
        preconditions.apply(weaken_tag_if_compressed(response.await), failure)
    };
    add_security_headers(response.headers_mut());
    response
}

async fn respond(services: &Services, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    if route.is_some_and(|route| !rest::has_numeric_ids(route.as_str(), request.uri().path())) {
        return ErrorResponse::not_found().into_response();
    }
    // The panic itself has been logged by the panic hook.
    let response = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    response.unwrap_or_else(|_| {
        services.metrics.count_panic();
        ErrorResponse::after_panic().into_response()
    })
}

/// Whether the request has exactly one well-formed host, which is in `ALLOWED_HOSTS` unless that is empty.
fn has_served_host(parts: &Parts, config: &Config) -> bool {
    let host_headers = parts.headers.get_all(header::HOST).iter().count();
    let is_probe = health::is_probe(parts.uri.path());
    let hosts = &config.allowed_hosts;
    match origin::host(parts) {
        _ if host_headers > 1 => false,
        // Probes use the IP address as the host, or none. HTTP/1.0 does not require a host.
        None => host_headers == 0 && (is_probe || parts.version < Version::HTTP_11 && hosts.is_empty()),
        Some(host) if !origin::has_host_syntax(host) => false,
        Some(_) if is_probe || hosts.is_empty() => true,
        Some(_) => origin::forwarded_host(parts, &config.trusted_proxies)
            .is_some_and(|host| origin::is_listed(hosts, host)),
    }
}

/// Whether hyper decodes the transfer codings of the body. It would pass on the body undecoded for any coding other than
/// `chunked`.
fn has_known_transfer_coding(parts: &Parts) -> bool {
    let mut codings = list_values(&parts.headers, header::TRANSFER_ENCODING);
    codings.all(|coding| coding.eq_ignore_ascii_case("chunked"))
}
