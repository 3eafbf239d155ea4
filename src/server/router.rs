//! The router of all paths, and the layers that every request passes.

use std::sync::Arc;

use axum::Router;
use axum::http::{Method, StatusCode};
use axum::middleware;
use axum::response::IntoResponse as _;
use axum::routing::get;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate as _, SizeAbove};

use super::{health, observe};
use crate::error::Result;
use crate::http::pages;
use crate::origin::public as public_url;
use crate::rest::error::ErrorResponse;
use crate::services::Services;
use crate::{graphql, rest};

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
    routes
        .fallback(async || ErrorResponse::not_found().into_response())
        // For pages, probes and metrics. The routes of the APIs have their own fallbacks.
        .method_not_allowed_fallback(async |method: Method| match method {
            Method::OPTIONS => StatusCode::NO_CONTENT.into_response(),
            _ => ErrorResponse::method_not_allowed().into_response(),
        })
        // Only two layers, because each one allocates and moves the request. The innermost comes first.
        .layer(
            CompressionLayer::new()
                .quality(CompressionLevel::Fastest)
                .compress_when(compressible),
        )
        .layer(middleware::from_fn_with_state(
            Arc::clone(&services),
            observe::observe,
        ))
        .with_state(services)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::Request;
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
