//! Files that are embedded in the program: pages for browsers, and their scripts and styles.

use axum::body::{Body, Bytes};
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::http::{StatusCode, response::Builder};
use axum::response::{IntoResponse as _, Response};

use crate::header::list_values;
use crate::precondition::if_none_match_holds;

/// One embedded file.
#[derive(Debug)]
pub struct File {
    /// The path, by which [`find`] looks it up.
    pub name: &'static str,
    /// The entity tag, quoted. It is weak, because all encodings share it.
    pub tag: &'static str,
    pub body: &'static [u8],
    /// The body compressed with brotli, if that is smaller.
    pub brotli: Option<&'static [u8]>,
}

/// Finds a file in a list that is sorted by name.
pub fn find(files: &'static [File], name: &str) -> Option<&'static File> {
    files
        .binary_search_by(|file| file.name.cmp(name))
        .ok()
        .and_then(|index| files.get(index))
}

/// Adapts a page to the public URL of the server, which has no trailing slash: the path of the URL is prepended to attributes
/// and texts that begin with `/`, and the URL replaces `example_url`.
pub fn adapt_to_public_url(html: &str, example_url: &str, base_url: &str) -> String {
    let base_url = base_url
        .replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;");
    let path = base_url
        .split_once("://")
        .and_then(|(_, rest)| rest.find('/').and_then(|start| rest.get(start..)))
        .unwrap_or_default();
    html.replace("=\"/", &format!("=\"{path}/"))
        .replace(">/", &format!(">{path}/"))
        .replace(example_url, &base_url)
}

/// A page with a content security policy. No other page can frame it.
pub fn page(status: StatusCode, policy: &'static str, body: impl Into<Bytes>) -> Response {
    let response = response_with_policy(status, policy)
        .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
        .header(header::CACHE_CONTROL, "no-cache")
        .header(header::X_FRAME_OPTIONS, "DENY")
        .header(
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        );
    finish(response, body.into())
}

/// A script, style, font or image with a content security policy, compressed with brotli if the browser accepts it.
/// `is_immutable` must be true only for a file whose name has a hash of its content.
pub fn asset(file: &File, is_immutable: bool, policy: &'static str, headers: &HeaderMap) -> Response {
    let response = response_with_policy(StatusCode::OK, policy)
        .header(
            header::CACHE_CONTROL,
            if is_immutable {
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
    if !if_none_match_holds(headers, Some(file.tag)) {
        return finish(response.status(StatusCode::NOT_MODIFIED), Bytes::new());
    }
    let response = response.header(header::CONTENT_TYPE, content_type(file.name));
    match file.brotli.filter(|_| accepts_brotli(headers)) {
        Some(compressed) => finish(
            response.header(header::CONTENT_ENCODING, "br"),
            Bytes::from_static(compressed),
        ),
        None => finish(response, Bytes::from_static(file.body)),
    }
}

fn response_with_policy(status: StatusCode, policy: &'static str) -> Builder {
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

fn accepts_brotli(headers: &HeaderMap) -> bool {
    list_values(headers, header::ACCEPT_ENCODING).any(|coding| {
        let (name, quality) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let is_refused = quality
            .trim()
            .strip_prefix("q=")
            .and_then(|q| q.trim().parse().ok())
            == Some(0.0_f32);
        name.trim().eq_ignore_ascii_case("br") && !is_refused
    })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_page_is_adapted_to_the_public_url() {
        let html = "<a href=\"/\">/</a> <img src=\"/web/a.svg\" /> <code>/docs</code> curl http://here/docs";
        for (base_url, expected) in [
            (
                "http://localhost:8000",
                html.replace("http://here", "http://localhost:8000"),
            ),
            (
                "https://shop.example/stock",
                "<a href=\"/stock/\">/stock/</a> <img src=\"/stock/web/a.svg\" /> <code>/stock/docs</code> \
                 curl https://shop.example/stock/docs"
                    .to_owned(),
            ),
            (
                "https://shop.example/a&b",
                "<a href=\"/a&amp;b/\">/a&amp;b/</a> <img src=\"/a&amp;b/web/a.svg\" /> \
                 <code>/a&amp;b/docs</code> curl https://shop.example/a&amp;b/docs"
                    .to_owned(),
            ),
        ] {
            assert_eq!(
                adapt_to_public_url(html, "http://here", base_url),
                expected,
                "{base_url}"
            );
        }
    }

    static FILES: &[File] = &[
        File {
            name: "a.js",
            tag: "W/\"1\"",
            body: b"let a = 1;",
            brotli: Some(b"small"),
        },
        File {
            name: "b.css",
            tag: "W/\"2\"",
            body: b"p {}",
            brotli: None,
        },
    ];

    #[test]
    fn assets_follow_the_headers_of_the_request() {
        let headers =
            |name: HeaderName, value| HeaderMap::from_iter([(name, HeaderValue::from_static(value))]);
        let send = |name, headers| asset(find(FILES, name).unwrap(), true, "default-src 'none'", &headers);
        assert!(find(FILES, "c.js").is_none());

        let response = send("a.js", headers(header::ACCEPT_ENCODING, "br"));
        assert_eq!(response.headers()[header::CONTENT_ENCODING], "br");
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "text/javascript; charset=utf-8"
        );
        assert_eq!(
            response.headers()[header::CONTENT_SECURITY_POLICY],
            "default-src 'none'"
        );
        let plain = send("b.css", headers(header::ACCEPT_ENCODING, "br"));
        assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
        assert_eq!(
            plain.headers()[header::CACHE_CONTROL],
            "public, max-age=31536000, immutable"
        );

        let unchanged = send("a.js", headers(header::IF_NONE_MATCH, "\"1\""));
        assert_eq!(unchanged.status(), StatusCode::NOT_MODIFIED);
        let changed = send("a.js", headers(header::IF_NONE_MATCH, "\"2\""));
        assert_eq!(changed.status(), StatusCode::OK);
    }

    #[test]
    fn brotli_is_sent_if_accepted() {
        for (value, accepted) in [
            ("gzip, deflate, br, zstd", true),
            ("gzip;q=0.8, BR;q=0.5", true),
            ("br;q=0", false),
            ("br; q=0.000, gzip", false),
            ("gzip", false),
            ("brotli", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]);
            assert_eq!(accepts_brotli(&headers), accepted, "{value}");
        }
    }
}
