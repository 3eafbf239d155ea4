//! CORS and security headers: allowed origins, and restrictions on the use of responses.

use reqwest::Method;
use serde_json::json;

use crate::support::actors::send;
use crate::support::gateway::Gateway;
use crate::support::response::Response;
use crate::support::test_database::PASSWORD;

on_both_databases!(
    other_origins_are_not_allowed,
    listed_origins_are_allowed,
    a_wildcard_allows_every_origin,
    responses_have_security_headers,
);

const SHOP: &str = "https://shop.example.com";

/// The preflight request of a browser.
async fn preflight(gateway: &Gateway, origin: &str) -> Response {
    let request = gateway
        .anon
        .request(Method::OPTIONS, "products/")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type,idempotency-key,if-match,x-stockroom-cost,traceparent,x-requested-with",
        );
    send(request).await
}

async fn get(gateway: &Gateway, origin: &str) -> Response {
    send(
        gateway
            .viewer
            .request(Method::GET, "products/")
            .header("origin", origin),
    )
    .await
}

async fn other_origins_are_not_allowed(gateway: Gateway) {
    for response in [preflight(&gateway, SHOP).await, get(&gateway, SHOP).await] {
        assert!(response.status < 300);
        let is_cors_header = |name: &reqwest::header::HeaderName| name.as_str().starts_with("access-control");
        assert!(
            !response.headers.keys().any(is_cors_header),
            "{:?}",
            response.headers
        );
    }
}

async fn listed_origins_are_allowed(gateway: Gateway) {
    let list = format!("http://localhost:5173,{SHOP}");
    let gateway = gateway.restart_with(&["--cors-allowed-origins", &list]).await;
    for origin in [SHOP, "http://localhost:5173"] {
        let response = preflight(&gateway, origin).await;
        response.expect_body(204, "");
        assert_eq!(response.header("access-control-allow-origin"), Some(origin));
        assert_eq!(response.header("vary"), Some("origin"));
        assert_eq!(response.header("access-control-allow-credentials"), None);
        let methods = response.header("access-control-allow-methods").expect("methods");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            assert!(methods.split(", ").any(|allowed| allowed == method), "{methods}");
        }
        let headers = response.header("access-control-allow-headers").expect("headers");
        for header in [
            "authorization",
            "idempotency-key",
            "if-match",
            "x-stockroom-cost",
            "traceparent",
            "x-requested-with",
        ] {
            assert!(
                headers.split(',').any(|allowed| allowed.trim() == header),
                "{headers}"
            );
        }
        let response = get(&gateway, origin).await;
        assert_eq!(response.header("access-control-allow-origin"), Some(origin));
        let exposed = response.header("access-control-expose-headers").expect("headers");
        for header in [
            "retry-after",
            "etag",
            "location",
            "x-stockroom-cost",
            "idempotent-replayed",
        ] {
            assert!(exposed.split(',').any(|name| name.trim() == header), "{exposed}");
        }
    }
    // Scripts can read error responses, too.
    let refused = send(
        gateway
            .anon
            .request(Method::GET, "products/")
            .header("origin", SHOP),
    )
    .await;
    assert_eq!(
        (refused.status, refused.header("access-control-allow-origin")),
        (401, Some(SHOP))
    );
    for origin in [
        "https://shop.example.com.evil.org",
        "http://shop.example.com",
        "null",
        "https://shop.example.com:444",
    ] {
        for response in [preflight(&gateway, origin).await, get(&gateway, origin).await] {
            assert_eq!(response.header("access-control-allow-origin"), None, "{origin}");
            assert_eq!(response.header("vary"), Some("origin"));
        }
    }
    // An OPTIONS request that is not a preflight reaches the route.
    let options = send(
        gateway
            .anon
            .request(Method::OPTIONS, "products/")
            .header("origin", SHOP),
    )
    .await;
    assert_eq!(
        (options.status, options.header("allow")),
        (204, Some("GET, HEAD, POST, OPTIONS"))
    );
}

async fn a_wildcard_allows_every_origin(gateway: Gateway) {
    let gateway = gateway.restart_with(&["--cors-allowed-origins", "*"]).await;
    for response in [preflight(&gateway, "null").await, get(&gateway, SHOP).await] {
        assert_eq!(response.header("access-control-allow-origin"), Some("*"));
    }
}

async fn responses_have_security_headers(gateway: Gateway) {
    let product = gateway.manager.product("Tea", 1).await;
    let login = json!({ "username": "viewer", "password": PASSWORD });
    let tokens = gateway.anon.post("authentication/token/", login).await;
    let object = gateway.viewer.get(&format!("products/{product}/")).await;
    for (response, cache_control) in [
        (&tokens, "no-store"),
        (&object, "private, no-cache"),
        (&gateway.viewer.get("products/").await, "no-store"),
        (&gateway.anon.get("products/").await, "no-store"),
        (&gateway.anon.get("/nowhere").await, "no-store"),
        (&gateway.anon.get("/readyz").await, "no-store"),
    ] {
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(response.header("x-frame-options"), Some("DENY"));
        assert_eq!(response.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(
            response.header("content-security-policy"),
            Some("default-src 'none'; frame-ancestors 'none'")
        );
        assert_eq!(response.header("cache-control"), Some(cache_control));
        assert_eq!(response.header("server"), None);
    }
    // Pages have their own policies.
    let page = gateway.anon.get("/").await;
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("style-src 'self'"), "{policy}");
    assert_eq!(page.headers.get_all("content-security-policy").iter().count(), 1);
}
