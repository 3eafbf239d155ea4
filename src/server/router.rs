//! The router of all paths, and the layers that every request passes.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, Version, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http_server::header::list_values;
use http_server::origin;
use http_server::precondition::{ReadPreconditions, weaken_tag_if_compressed};
use http_server::security::add_security_headers;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate as _, SizeAbove};

use crate::config::Config;
use crate::error::{Error, Malformed, Result};
use crate::http::pages;
use crate::origin::public as public_url;
use crate::rest::error::{ErrorResponse, RestError};
use crate::services::Services;
use crate::{graphql, rest};

use super::{cors, health, observe};

/// The smallest response body to compress, in bytes. Compressing a page of ten rows takes several times as long as creating
/// it.
const MIN_COMPRESSED_BYTES: u64 = 16 * 1024;

/// Returns the router, which expects paths without a trailing slash.
///
/// # Errors
/// Fails if the GraphQL settings name documents that are missing or invalid.
pub(super) fn router(services: Arc<Services>) -> Result<Router> {
    let routes = Router::new()
        .merge(rest::routes())
        .merge(graphql::routes(&services)?)
        .merge(health::routes())
        .route("/metrics", get(observe::metrics))
        .merge(pages::routes(|services: &Arc<Services>, parts| {
            public_url(parts, &services.config)
        }));
    Ok(with_layers(routes, services))
}

fn with_layers(routes: Router<Arc<Services>>, services: Arc<Services>) -> Router {
    let compressible = SizeAbove::new(MIN_COMPRESSED_BYTES)
        .and(NotForContentType::const_new("text/event-stream"))
        .and(NotForContentType::const_new("font/"))
        .and(NotForContentType::IMAGES);
    let services_of_panics = Arc::clone(&services);
    routes
        .fallback(async || ErrorResponse::not_found().into_response())
        // For pages, probes and metrics. The routes of the APIs have their own fallbacks.
        .method_not_allowed_fallback(async |method: Method| match method {
            Method::OPTIONS => StatusCode::NO_CONTENT.into_response(),
            _ => ErrorResponse::method_not_allowed().into_response(),
        })
        // The innermost layer comes first. The panic itself has been logged by the panic hook.
        .layer(CatchPanicLayer::custom(move |_| {
            services_of_panics.metrics.count_panic();
            ErrorResponse::after_panic().into_response()
        }))
        .layer(
            CompressionLayer::new()
                .quality(CompressionLevel::Fastest)
                .compress_when(compressible),
        )
        .layer(middleware::from_fn_with_state(Arc::clone(&services), cors::cors))
        .layer(middleware::from_fn_with_state(Arc::clone(&services), guard))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&services),
            observe::observe,
        ))
        .with_state(services)
}

/// Checks every request, and adds headers to every response. This is one layer, because each layer boxes its future.
async fn guard(State(services): State<Arc<Services>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = if !has_known_transfer_coding(&parts) {
        ErrorResponse::unknown_transfer_coding().into_response()
    } else if !has_served_host(&parts, &services.config) {
        RestError::from(Error::Malformed(Malformed::Host)).into_response()
    } else {
        let preconditions = ReadPreconditions::of(&parts);
        let response = next.run(Request::from_parts(parts, body)).await;
        let failure = || ErrorResponse::from(&Error::VersionConflict).into_response();
        preconditions.apply(weaken_tag_if_compressed(response), failure)
    };
    add_security_headers(response.headers_mut());
    response
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

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::StatusCode;
    use clap::{Args as _, FromArgMatches as _};
    use http_body_util::BodyExt as _;
    use serde_json::{Value, json};
    use tower::ServiceExt as _;

    use super::*;
    use crate::clock::Clock;
    use crate::config::Config;

    #[tokio::test]
    async fn a_panic_becomes_a_500_and_is_counted() {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("test.db").display());
        let settings = Config::augment_args(clap::Command::new("test"))
            .mut_args(|arg| arg.env(None::<&str>))
            .try_get_matches_from(["test", "--database-url", &url])
            .unwrap();
        let config = Config::from_arg_matches(&settings).unwrap();
        let services = Services::open(config, Clock::system()).await.unwrap();
        let routes = Router::new().route(
            "/panics",
            get(async || -> &'static str { panic!("a message that must not be sent") }),
        );
        let router = with_layers(routes, Arc::clone(&services));
        let request = Request::get("/panics")
            .header("host", "localhost")
            .body(Body::empty())
            .unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(response.headers().contains_key("x-request-id"));
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let envelope = json!({ "error": {
            "code": "SERVER_ERROR", "message": "Something went wrong on our side.", "details": {},
        } });
        assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), envelope);
        let metrics = services.metrics.text(&services.db).unwrap();
        for line in [
            "stockroom_panics_total 1",
            "http_server_request_duration_seconds_count{http_request_method=\"GET\",http_route=\"/panics\",http_response_status_code=\"500\"} 1",
        ] {
            assert!(
                metrics.lines().any(|found| found == line),
                "{line} is not in\n{metrics}"
            );
        }
        services.db.close().await;
    }
}
