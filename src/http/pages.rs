//! Pages for browsers: the start page, `GraphiQL`, the REST reference, and their scripts and styles.
//!
//! All files are embedded in the program: `web/` builds them and `build.rs` lists them. They refer to no other host, which the
//! content security policies below enforce.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http_server::embedded::{self, File, adapt_to_public_url, find, page};

/// The embedded files, sorted by name. If `web/` was not built, these are only the files of `web/static`.
static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

const START_PAGE: &str = include_str!("../../web/index.html");
const NOT_BUILT_PAGE: &str = include_str!("../../web/unbuilt.html");

/// The URL of the server in the sources of pages and in the OpenAPI description. The public URL replaces it.
pub(crate) const EXAMPLE_URL: &str = "http://localhost:8000";

/// The policy of pages without scripts.
const STATIC_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
    form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// The policy of `GraphiQL` and the REST reference, whose editors use inline styles and images from `data:` URLs.
const APPLICATION_POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; \
    style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; \
    form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// The policy of scripts and styles. It matters for worker scripts, which run under their own policy.
const ASSET_POLICY: &str = "default-src 'none'; script-src 'self'; frame-ancestors 'none'";

/// The routes `/`, `/docs` and `/web/…`. `GraphiQL` is served by the GraphQL endpoint, which calls [`graphiql`]. `base_url`
/// returns the public URL of the server.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(base_url: fn(&S, &Parts) -> String) -> Router<S> {
    Router::new()
        .route(
            "/",
            get(async move |State(state): State<S>, parts: Parts| start_page(&base_url(&state, &parts))),
        )
        .route(
            "/docs",
            get(async move |State(state): State<S>, parts: Parts| {
                built_page("docs.html", &base_url(&state, &parts))
            }),
        )
        .route("/web/{*name}", get(asset))
}

fn start_page(base_url: &str) -> Response {
    page(
        StatusCode::OK,
        STATIC_POLICY,
        adapt_to_public_url(START_PAGE, EXAMPLE_URL, base_url),
    )
}

/// The response of `/graphql` to a browser.
pub(crate) fn graphiql(base_url: &str) -> Response {
    let mut response = built_page("graphiql.html", base_url);
    response
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static("Accept"));
    response
}

fn built_page(name: &str, base_url: &str) -> Response {
    let html = find(FILES, name).and_then(|file| std::str::from_utf8(file.body).ok());
    let (status, policy, html) = match html {
        Some(html) => (StatusCode::OK, APPLICATION_POLICY, html),
        None => (StatusCode::NOT_FOUND, STATIC_POLICY, NOT_BUILT_PAGE),
    };
    page(status, policy, adapt_to_public_url(html, EXAMPLE_URL, base_url))
}

/// A script, style, font or image.
async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    // Files at the top level are pages, which have their own paths.
    match find(FILES, &name).filter(|file| file.name.contains('/')) {
        // Files in `assets` have a hash in their name, so they can be cached without revalidation.
        Some(file) => embedded::asset(file, file.name.starts_with("assets/"), ASSET_POLICY, &headers),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::{HeaderName, Method, Request};
    use tower::ServiceExt as _;

    use super::*;

    const BASE_URL: &str = "http://localhost:8000";

    async fn send(method: Method, path: &str, headers: &[(HeaderName, &str)]) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        routes::<()>(|(), _| BASE_URL.to_owned())
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap()
    }

    async fn text(response: Response) -> String {
        String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap()
    }

    fn header_of<'a>(response: &'a Response, name: &HeaderName) -> &'a str {
        response
            .headers()
            .get(name)
            .unwrap_or_else(|| panic!("{name} is missing"))
            .to_str()
            .unwrap()
    }

    #[tokio::test]
    async fn pages_cannot_be_framed_and_refer_to_no_other_host() {
        let pages = [
            send(Method::GET, "/", &[]).await,
            send(Method::GET, "/docs", &[]).await,
            graphiql(BASE_URL),
        ];
        for page in pages {
            assert_eq!(
                header_of(&page, &header::CONTENT_TYPE),
                "text/html; charset=utf-8"
            );
            assert_eq!(header_of(&page, &header::X_FRAME_OPTIONS), "DENY");
            assert_eq!(header_of(&page, &header::X_CONTENT_TYPE_OPTIONS), "nosniff");
            assert_eq!(header_of(&page, &header::REFERRER_POLICY), "no-referrer");
            let policy = header_of(&page, &header::CONTENT_SECURITY_POLICY).to_owned();
            assert!(policy.starts_with("default-src 'none'; "), "{policy}");
            assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
            let body = text(page).await;
            assert!(!body.contains("\"//"), "{body}");
            for (at, _) in body.match_indices("://") {
                let allowed = ["://nodejs.org/", "://localhost:8000/"];
                assert!(allowed.iter().any(|url| body[at..].starts_with(url)), "{body}");
            }
        }
    }

    #[tokio::test]
    async fn head_has_no_body() {
        let response = send(Method::HEAD, "/", &[]).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            header_of(&response, &header::CONTENT_LENGTH),
            text(send(Method::GET, "/", &[]).await).await.len().to_string()
        );
        assert_eq!(text(response).await, "");
    }

    #[tokio::test]
    async fn files_that_pages_refer_to_exist() {
        for page in [
            send(Method::GET, "/", &[]).await,
            send(Method::GET, "/docs", &[]).await,
            graphiql(BASE_URL),
        ] {
            let body = text(page).await;
            let names: Vec<_> = body.split('"').filter(|part| part.starts_with("/web/")).collect();
            assert!(names.len() >= 2, "{body}");
            for name in names {
                let response = send(Method::GET, name, &[]).await;
                assert_eq!(response.status(), StatusCode::OK, "{name}");
                assert_ne!(
                    header_of(&response, &header::CONTENT_TYPE),
                    "application/octet-stream",
                    "{name}"
                );
            }
        }
    }

    #[tokio::test]
    async fn files_are_cached_by_tag_and_by_name() {
        for file in FILES.iter().filter(|file| file.name.contains('/')) {
            let path = format!("/web/{}", file.name);
            let response = send(Method::GET, &path, &[]).await;
            let is_immutable = header_of(&response, &header::CACHE_CONTROL).ends_with("immutable");
            assert_eq!(is_immutable, file.name.starts_with("assets/"), "{path}");
            let tag = header_of(&response, &header::ETAG).to_owned();
            let again = send(
                Method::GET,
                &path,
                &[(header::IF_NONE_MATCH, &format!("\"other\", {tag}"))],
            )
            .await;
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{path}");
            let changed = send(Method::GET, &path, &[(header::IF_NONE_MATCH, "\"other\"")]).await;
            assert_eq!(changed.status(), StatusCode::OK, "{path}");
        }
    }

    #[tokio::test]
    async fn only_the_files_are_served() {
        for path in [
            "/web/",
            "/web/none.js",
            "/web/docs.html",
            "/web/index.html",
            "/web/static/../index.html",
            "/web/%2e%2e/Cargo.toml",
        ] {
            assert_eq!(
                send(Method::GET, path, &[]).await.status(),
                StatusCode::NOT_FOUND,
                "{path}"
            );
        }
        assert_eq!(
            send(Method::POST, "/docs", &[]).await.status(),
            StatusCode::METHOD_NOT_ALLOWED
        );
    }

    #[test]
    fn a_missing_page_explains_how_to_build_it() {
        let response = built_page("none.html", BASE_URL);
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert!(NOT_BUILT_PAGE.contains("cargo build"));
    }
}
