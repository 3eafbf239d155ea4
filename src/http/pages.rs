//! What a browser gets to see: the start page, `GraphiQL`, the REST reference, and the files that they are made of.
//!
//! All of it lies in the program (`build.rs` lists the files, `web/` makes them) and refers to no other host. The
//! policies below hold the pages to that: a browser refuses whatever they leave out.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{StatusCode, response::Builder};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// One embedded file.
struct File {
    /// Its path below `/web/`.
    name: &'static str,
    /// Its entity tag, quoted; weak, because it is the same for every encoding.
    tag: &'static str,
    body: &'static [u8],
    brotli: Option<&'static [u8]>,
}

/// In the order of their names. Only those of `web/static` where the pages were not built.
static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

const START: &str = include_str!("../../web/index.html");
const UNBUILT: &str = include_str!("../../web/unbuilt.html");

/// For pages without scripts.
const PLAIN: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
    form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// For `GraphiQL` and the REST reference: their editors write styles into the page and take pictures from style sheets.
const APPLICATION: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; \
    style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; \
    form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// For the files: a worker lives under the policy of its own script, which needs nothing but its parts.
const PART: &str = "default-src 'none'; script-src 'self'; frame-ancestors 'none'";

/// `/`, `/docs` and `/web/…`. `GraphiQL` shares its path with the GraphQL endpoint, which calls [`graphiql`].
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", get(async || page(StatusCode::OK, PLAIN, START)))
        .route("/docs", get(async || built("docs.html")))
        .route("/web/{*name}", get(part))
}

/// `GraphiQL`: the answer of `/graphql` to a browser.
pub fn graphiql() -> Response {
    let mut response = built("graphiql.html");
    response
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static("Accept"));
    response
}

fn built(name: &str) -> Response {
    match find(name) {
        Some(file) => page(StatusCode::OK, APPLICATION, file.body),
        None => page(StatusCode::NOT_FOUND, PLAIN, UNBUILT),
    }
}

fn find(name: &str) -> Option<&'static File> {
    FILES
        .binary_search_by(|file| file.name.cmp(name))
        .ok()
        .and_then(|at| FILES.get(at))
}

fn page(status: StatusCode, policy: &'static str, body: impl Into<Bytes>) -> Response {
    let response = guarded(status, policy)
        .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
        .header(header::CACHE_CONTROL, "no-cache")
        .header(header::X_FRAME_OPTIONS, "DENY")
        .header(
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        );
    finish(response, body.into())
}

/// A file of the pages, compressed beforehand where the browser takes it.
async fn part(Path(name): Path<String>, headers: HeaderMap) -> Response {
    // Those at the top are pages, which have their own addresses.
    let Some(file) = find(&name).filter(|file| file.name.contains('/')) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // A name with a hash in it never means anything else; the others are asked for anew.
    let lasting = file.name.starts_with("assets/");
    let response = guarded(StatusCode::OK, PART)
        .header(
            header::CACHE_CONTROL,
            if lasting {
                "public, max-age=31536000, immutable"
            } else {
                "no-cache"
            },
        )
        .header(
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        )
        .header(header::VARY, "Accept-Encoding")
        .header(header::ETAG, file.tag);
    if known(&headers, file.tag) {
        return finish(response.status(StatusCode::NOT_MODIFIED), Bytes::new());
    }
    let response = response.header(header::CONTENT_TYPE, content_type(file.name));
    match file.brotli.filter(|_| takes_brotli(&headers)) {
        Some(small) => finish(
            response.header(header::CONTENT_ENCODING, "br"),
            Bytes::from_static(small),
        ),
        None => finish(response, Bytes::from_static(file.body)),
    }
}

fn guarded(status: StatusCode, policy: &'static str) -> Builder {
    Response::builder()
        .status(status)
        .header(header::CONTENT_SECURITY_POLICY, policy)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::REFERRER_POLICY, "no-referrer")
}

fn finish(response: Builder, body: Bytes) -> Response {
    response
        .body(Body::from(body))
        .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("ttf") => "font/ttf",
        _ => "application/octet-stream",
    }
}

/// The parts of a header that may come in several lines and with commas.
fn parts(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

/// Whether the browser has this version already.
fn known(headers: &HeaderMap, tag: &str) -> bool {
    let strong = |tag: &str| tag.trim_start_matches("W/").to_owned();
    parts(headers, header::IF_NONE_MATCH).any(|known| known == "*" || strong(known) == strong(tag))
}

fn takes_brotli(headers: &HeaderMap) -> bool {
    parts(headers, header::ACCEPT_ENCODING).any(|coding| {
        let (name, quality) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let refused = quality
            .trim()
            .strip_prefix("q=")
            .and_then(|q| q.trim().parse().ok())
            == Some(0.0_f32);
        name.trim().eq_ignore_ascii_case("br") && !refused
    })
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::http::{Method, Request};
    use tower::ServiceExt;

    use super::*;

    async fn ask(method: Method, path: &str, headers: &[(HeaderName, &str)]) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        routes::<()>()
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
    async fn pages_may_not_be_framed_or_reach_elsewhere() {
        let pages = [
            ask(Method::GET, "/", &[]).await,
            ask(Method::GET, "/docs", &[]).await,
            graphiql(),
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
                assert!(body[at..].starts_with("://nodejs.org/"), "{body}");
            }
        }
    }

    #[tokio::test]
    async fn head_answers_without_a_body() {
        let response = ask(Method::HEAD, "/", &[]).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            header_of(&response, &header::CONTENT_LENGTH),
            START.len().to_string()
        );
        assert_eq!(text(response).await, "");
    }

    #[tokio::test]
    async fn what_a_page_names_is_there() {
        for page in [
            ask(Method::GET, "/", &[]).await,
            ask(Method::GET, "/docs", &[]).await,
            graphiql(),
        ] {
            let body = text(page).await;
            let names: Vec<_> = body.split('"').filter(|part| part.starts_with("/web/")).collect();
            assert!(names.len() >= 2, "{body}");
            for name in names {
                let response = ask(Method::GET, name, &[]).await;
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
    async fn files_are_kept_by_their_tag_and_by_their_name() {
        for file in FILES.iter().filter(|file| file.name.contains('/')) {
            let path = format!("/web/{}", file.name);
            let response = ask(Method::GET, &path, &[]).await;
            let lasting = header_of(&response, &header::CACHE_CONTROL).ends_with("immutable");
            assert_eq!(lasting, file.name.starts_with("assets/"), "{path}");
            let tag = header_of(&response, &header::ETAG).to_owned();
            let again = ask(
                Method::GET,
                &path,
                &[(header::IF_NONE_MATCH, &format!("\"other\", {tag}"))],
            )
            .await;
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{path}");
            let changed = ask(Method::GET, &path, &[(header::IF_NONE_MATCH, "\"other\"")]).await;
            assert_eq!(changed.status(), StatusCode::OK, "{path}");
        }
    }

    #[tokio::test]
    async fn nothing_but_the_files_is_served() {
        for path in [
            "/web/",
            "/web/none.js",
            "/web/docs.html",
            "/web/index.html",
            "/web/static/../index.html",
            "/web/%2e%2e/Cargo.toml",
        ] {
            assert_eq!(
                ask(Method::GET, path, &[]).await.status(),
                StatusCode::NOT_FOUND,
                "{path}"
            );
        }
        assert_eq!(
            ask(Method::POST, "/docs", &[]).await.status(),
            StatusCode::METHOD_NOT_ALLOWED
        );
    }

    #[test]
    fn brotli_is_sent_to_those_who_take_it() {
        for (value, taken) in [
            ("gzip, deflate, br, zstd", true),
            ("gzip;q=0.8, BR;q=0.5", true),
            ("br;q=0", false),
            ("br; q=0.000, gzip", false),
            ("gzip", false),
            ("brotli", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]);
            assert_eq!(takes_brotli(&headers), taken, "{value}");
        }
    }

    #[test]
    fn a_page_that_was_not_built_says_what_to_do() {
        let response = built("none.html");
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert!(UNBUILT.contains("cargo build"));
    }
}
