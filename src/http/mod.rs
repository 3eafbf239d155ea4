//! What surrounds both faces: the router of routers, and the layers that every request passes.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate as _, SizeAbove};

use crate::app::App;
use crate::error::{Error, Malformed, Result};
use crate::rest::problem::{self, Problem, Refusal};
use crate::{graphql, origin, rest};

mod cors;
mod drain_body;
pub mod health;
mod io_timeouts;
mod observe;
pub mod pages;
mod server;

pub use server::serve;

/// Answers smaller than this, in bytes, are sent as they are: compressing a page of ten costs many times what making it
/// does.
const WORTH_COMPRESSING: u64 = 16 * 1024;

/// Everything that is answered, without the trimming of slashes that [`serve`] does before.
///
/// # Errors
/// When the settings of GraphQL name documents that are not there or not valid.
pub fn router(app: Arc<App>) -> Result<Router> {
    let routes = Router::new()
        .merge(rest::routes())
        .merge(graphql::routes(&app)?)
        .merge(health::routes())
        .route("/metrics", get(observe::metrics))
        .merge(pages::routes());
    Ok(surround(routes, app))
}

/// The layers that every request passes, around routes.
fn surround(routes: Router<Arc<App>>, app: Arc<App>) -> Router {
    let worth_it = SizeAbove::new(WORTH_COMPRESSING)
        .and(NotForContentType::const_new("text/event-stream"))
        .and(NotForContentType::const_new("font/"))
        .and(NotForContentType::IMAGES);
    let panics = Arc::clone(&app);
    routes
        .fallback(async || problem::not_found())
        // The pages, health and figures; the API's own routes say it themselves.
        .method_not_allowed_fallback(async |method: Method| match method {
            Method::OPTIONS => StatusCode::NO_CONTENT.into_response(),
            _ => Refusal::of_method().into_response(),
        })
        // Innermost first: a panic becomes an answer, which is compressed if it is large, if the host is ours at all.
        // What panicked is in the log already, by the hook of `telemetry`.
        .layer(CatchPanicLayer::custom(move |_| {
            panics.metrics.panicked();
            problem::internal()
        }))
        .layer(
            CompressionLayer::new()
                .quality(CompressionLevel::Fastest)
                .compress_when(worth_it),
        )
        .layer(middleware::from_fn_with_state(Arc::clone(&app), cors::share))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), check_host))
        .layer(middleware::map_response(harden))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), observe::observe))
        .with_state(app)
}

/// Answers only the hosts of `ALLOWED_HOSTS`, if there are any.
async fn check_host(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    // Who looks after the program calls it by its address.
    if app.config.allowed_hosts.is_empty() || health::is_health(request.uri().path()) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    if origin::named(&parts, &app.config).is_some_and(|host| origin::is_allowed(&app.config, host)) {
        return next.run(Request::from_parts(parts, body)).await;
    }
    Problem::from(Error::Malformed(Malformed::Host)).into_response()
}

/// What no answer of an API may be used for in a browser: guessed at, framed, run, kept in a cache of others. The pages
/// bring their own headers, which stay.
async fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    // What has a version may be asked for again with it; everything else, tokens above all, is for one reader once.
    let caching = if headers.contains_key(header::ETAG) {
        "private, no-cache"
    } else {
        "no-store"
    };
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, caching),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// The same address without the slash at its end: every route answers with and without it, without a redirect.
fn without_trailing_slash(uri: &Uri) -> Option<Uri> {
    let trimmed = uri.path().strip_suffix('/').filter(|path| !path.is_empty())?;
    let path_and_query = match uri.query() {
        Some(query) => format!("{trimmed}?{query}"),
        None => trimmed.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path_and_query.parse().ok()?);
    Uri::from_parts(parts).ok()
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
    use crate::webhooks::backlog::Backlog;

    #[tokio::test]
    async fn a_panic_is_a_500_in_the_envelope_and_a_figure() {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("test.db").display());
        let settings = Config::augment_args(clap::Command::new("test"))
            .mut_args(|arg| arg.env(None::<&str>))
            .try_get_matches_from(["test", "--database-url", &url])
            .unwrap();
        let config = Config::from_arg_matches(&settings).unwrap();
        let app = App::open(config, Clock::system()).await.unwrap();
        let routes = Router::new().route(
            "/panics",
            get(async || -> &'static str { panic!("words that nobody may read") }),
        );
        let surrounded = surround(routes, Arc::clone(&app));
        let request = Request::get("/panics").body(Body::empty()).unwrap();
        let answer = surrounded.oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(answer.headers().contains_key("x-request-id"));
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let envelope = json!({ "error": {
            "code": "SERVER_ERROR", "message": "Something went wrong on our side.", "details": {},
        } });
        assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), envelope);
        let figures = app.metrics.text(&app.db, Backlog::default()).unwrap();
        for line in [
            "stockroom_panics_total 1",
            "http_server_request_duration_seconds_count{http_request_method=\"GET\",http_route=\"/panics\",http_response_status_code=\"500\"} 1",
        ] {
            assert!(
                figures.lines().any(|found| found == line),
                "{line} is not in\n{figures}"
            );
        }
        app.db.close().await;
    }
}
