//! The origin of links, the address of the client, allowed hosts, and compression.

use std::io::Read as _;

use reqwest::Method;
use serde_json::json;
use stockroom::kind::Kind;

use crate::support::actors::send;
use crate::support::gateway::Gateway;
use crate::support::raw_http::{exchange, head};
use crate::support::test_database::PASSWORD;

on_both_databases![
    links_use_the_host_header,
    the_public_address_takes_precedence,
    a_public_path_is_in_every_link,
    forwarded_headers_are_accepted_from_configured_proxies_only,
    failures_count_for_the_client_behind_a_proxy,
    only_allowed_hosts_are_served,
    large_responses_are_compressed,
];

/// The link to the brands in the index, for a request with these headers.
async fn brands_link(gateway: &Gateway, headers: &[(&str, &str)]) -> String {
    let request = gateway.anon.request(Method::GET, "");
    let request = headers
        .iter()
        .fold(request, |request, (name, value)| request.header(*name, *value));
    send(request).await.expect(200)["brands"]
        .as_str()
        .expect("a link")
        .to_owned()
}

async fn links_use_the_host_header(gateway: Gateway) {
    for host in [
        "stock.example.com",
        "stock.example.com:8080",
        "LOCALHOST",
        "[::1]:8000",
        "10.1.2.3",
        "my-host-1",
    ] {
        assert_eq!(
            brands_link(&gateway, &[("host", host)]).await,
            format!("http://{host}/api/v1/brands/")
        );
    }
    // A syntactically invalid host is refused, so it never appears in a link.
    let bound_link = format!("http://{}/api/v1/brands/", gateway.services.config.bind);
    for host in [
        "evil.example/path?",
        "a@b",
        "a b",
        "\"",
        "<script>",
        "x:99999",
        "[::1",
        "a,b",
        "",
        "a_b",
        "-a.example",
        "a..b",
        &"a".repeat(64),
        &"a.".repeat(150),
        "1.2.3.256",
        "x:+80",
        "x:",
    ] {
        let response = exchange(
            gateway.address,
            format!("GET /api/v1/ HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").as_bytes(),
        )
        .await;
        assert_eq!(response.status, 400, "{host}");
    }
    for hosts in ["", "host: a\r\nhost: a\r\n", "host: a\r\nhost: b\r\n"] {
        for path in ["/api/v1/", "/graphql", "/"] {
            let request = format!("GET {path} HTTP/1.1\r\n{hosts}connection: close\r\n\r\n");
            let response = exchange(gateway.address, request.as_bytes()).await;
            assert_eq!(
                (response.status, &*response.code()),
                (400, "INVALID_HOST"),
                "{hosts}"
            );
            assert!(
                response.head.contains("\r\nContent-Type: application/json\r\n"),
                "{}",
                response.head
            );
        }
    }
    // HTTP/1.0 requires no `Host` header; the links contain the address that the gateway listens on.
    let response = exchange(gateway.address, b"GET /api/v1/ HTTP/1.0\r\n\r\n").await;
    assert_eq!(response.status, 200);
    assert!(response.body.contains(&bound_link), "{}", response.body);
    // Every absolute URL has the same origin.
    let request = gateway
        .root
        .request(Method::POST, "brands/")
        .header("host", "stock.example.com");
    let new_brand = send(request.json(&json!({ "name": "LG" }))).await;
    assert_eq!(
        new_brand.header("location"),
        Some("http://stock.example.com/api/v1/brands/1/")
    );
    gateway.root.make(Kind::Brand, json!({ "name": "LG" })).await;
    let request = gateway
        .root
        .request(Method::GET, "brands/?page_size=1")
        .header("host", "stock.example.com");
    assert_eq!(
        send(request).await.json()["next"],
        "http://stock.example.com/api/v1/brands/?page_size=1&page=2"
    );
}

async fn a_public_path_is_in_every_link(gateway: Gateway) {
    let base = "https://shop.example/stock";
    let other = gateway.another(&["--public-url", base]).await;
    for name in ["One", "Two"] {
        let created = other.administrator.post("brands/", json!({ "name": name })).await;
        let id = created.expect(201)["id"].clone();
        created.expect_location(&format!("{base}/api/v1/brands/{id}/"));
    }
    let page = other
        .administrator
        .get("brands/?page_size=1&search=")
        .await
        .expect(200);
    assert_eq!(
        page["next"],
        format!("{base}/api/v1/brands/?page_size=1&search=&page=2")
    );
    assert_eq!(brands_link(&other, &[]).await, format!("{base}/api/v1/brands/"));
    let description = other.anon.get("openapi.json").await;
    assert_eq!(
        description.expect(200)["servers"][0]["url"],
        format!("{base}/api/v1")
    );
    assert!(!description.text.contains("localhost"));
    let page = other.anon.get("/").await;
    page.expect_text(200);
    assert!(page.text.contains(&format!("curl -s {base}/api/v1/products/")));
    for link in page.text.split("href=\"").skip(1) {
        assert!(
            link.starts_with("/stock/") || link.starts_with("#content"),
            "{link}"
        );
    }
    other.stop().await;
}

async fn the_public_address_takes_precedence(gateway: Gateway) {
    for (configured, expected) in [
        (
            "https://stock.example.com",
            "https://stock.example.com/api/v1/brands/",
        ),
        (
            "https://stock.example.com/",
            "https://stock.example.com/api/v1/brands/",
        ),
        ("http://localhost:8000", "http://localhost:8000/api/v1/brands/"),
        (
            "https://example.com/stock/",
            "https://example.com/stock/api/v1/brands/",
        ),
    ] {
        let other = gateway
            .another(&["--public-url", configured, "--trusted-proxies", "127.0.0.1"])
            .await;
        let headers = [
            ("host", "evil.example"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-proto", "http"),
        ];
        assert_eq!(brands_link(&other, &headers).await, expected);
        other.stop().await;
    }
}

async fn forwarded_headers_are_accepted_from_configured_proxies_only(gateway: Gateway) {
    let forwarded = [
        ("host", "inner:8000"),
        ("x-forwarded-host", "stock.example.com"),
        ("x-forwarded-proto", "https"),
    ];
    assert_eq!(
        brands_link(&gateway, &forwarded).await,
        "http://inner:8000/api/v1/brands/"
    );
    let gateway = gateway.restart_with(&["--trusted-proxies", "10.0.0.0/8"]).await;
    assert_eq!(
        brands_link(&gateway, &forwarded).await,
        "http://inner:8000/api/v1/brands/"
    );
    let gateway = gateway
        .restart_with(&["--trusted-proxies", "10.0.0.0/8,127.0.0.1"])
        .await;
    assert_eq!(
        brands_link(&gateway, &forwarded).await,
        "https://stock.example.com/api/v1/brands/"
    );
    // The last value is used, which the proxy nearest to the gateway has appended.
    let several_values = [
        ("host", "inner"),
        ("x-forwarded-host", "evil.example, stock.example.com"),
        ("x-forwarded-proto", "http, https"),
    ];
    assert_eq!(
        brands_link(&gateway, &several_values).await,
        "https://stock.example.com/api/v1/brands/"
    );
    let invalid = [("host", "inner"), ("x-forwarded-proto", "javascript")];
    assert_eq!(
        brands_link(&gateway, &invalid).await,
        "http://inner/api/v1/brands/"
    );
}

async fn failures_count_for_the_client_behind_a_proxy(gateway: Gateway) {
    let log_in = async |gateway: &Gateway, forwarded: &str, password: &str| {
        let request = gateway
            .anon
            .request(Method::POST, "authentication/token/")
            .header("x-forwarded-for", forwarded);
        send(request.json(&json!({ "username": "viewer", "password": password })))
            .await
            .status
    };
    // Without a trusted proxy, the header is ignored.
    for number in 0..10 {
        assert_eq!(
            log_in(&gateway, &format!("192.0.2.{number}"), "wrongpassword").await,
            401
        );
    }
    assert_eq!(log_in(&gateway, "192.0.2.99", PASSWORD).await, 429);

    let gateway = gateway
        .restart_with(&["--trusted-proxies", "127.0.0.1,10.0.0.0/8"])
        .await;
    for number in 0..10 {
        // Values sent by the client precede those appended by the proxies.
        let forwarded = format!("198.51.100.{number}, 192.0.2.7, 10.1.1.1");
        assert_eq!(log_in(&gateway, &forwarded, "wrongpassword").await, 401);
    }
    assert_eq!(log_in(&gateway, "192.0.2.7", PASSWORD).await, 429);
    assert_eq!(log_in(&gateway, "192.0.2.8", PASSWORD).await, 200);
}

async fn only_allowed_hosts_are_served(gateway: Gateway) {
    let gateway = gateway
        .restart_with(&["--allowed-hosts", "stock.example.com,.example.org,localhost"])
        .await;
    for host in [
        "stock.example.com",
        "STOCK.example.com:8080",
        "example.org",
        "a.b.example.org",
        "localhost:8000",
    ] {
        let request = gateway.anon.request(Method::GET, "").header("host", host);
        send(request).await.expect(200);
    }
    for host in [
        "evil.example",
        "xexample.org",
        "stock.example.com.evil.example",
        "example.com",
        "127.0.0.1",
    ] {
        let request = gateway
            .viewer
            .request(Method::GET, "brands/")
            .header("host", host);
        send(request).await.expect_error(400, "INVALID_HOST");
        // Health checks and metrics scrapers use the IP address, so their paths are served for every host.
        let health = gateway.anon.request(Method::GET, "/livez").header("host", host);
        send(health).await.expect_text(200);
    }
}

async fn large_responses_are_compressed(gateway: Gateway) {
    gateway.root.make(Kind::Brand, json!({ "name": "Small" })).await;
    let long = "A description that says the same again and again. ".repeat(400);
    gateway
        .root
        .make(Kind::Brand, json!({ "name": "Large", "description": long }))
        .await;
    let plain = gateway.viewer.get("brands/2/").await;
    assert_eq!(plain.header("content-encoding"), None);

    let token = format!(
        "authorization: Bearer {}",
        gateway.viewer.token.as_deref().unwrap()
    );
    let get_compressed = async |path: &str, accept: &str| {
        let request = gateway
            .viewer
            .request(Method::GET, path)
            .header("accept-encoding", accept);
        let response = request.send().await.unwrap();
        let encoding = response
            .headers()
            .get("content-encoding")
            .map(|value| value.to_str().unwrap().to_owned());
        let vary = response
            .headers()
            .get("vary")
            .map(|value| value.to_str().unwrap().to_ascii_lowercase());
        (encoding, vary, response.bytes().await.unwrap())
    };
    let (encoding, vary, body) = get_compressed("brands/2/", "gzip").await;
    assert_eq!(encoding.as_deref(), Some("gzip"));
    assert!(vary.is_some_and(|vary| vary.contains("accept-encoding")));
    assert!(body.len() < plain.text.len() / 5);
    let mut text = String::new();
    flate2::read::GzDecoder::new(&body[..])
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, plain.text);
    assert_eq!(get_compressed("brands/2/", "br").await.0.as_deref(), Some("br"));
    assert_eq!(get_compressed("brands/2/", "identity").await.0, None);
    assert_eq!(get_compressed("brands/1/", "gzip, br").await.0, None);
    let uncompressed = exchange(
        gateway.address,
        head("GET /api/v1/brands/2/", &[&token]).as_bytes(),
    )
    .await;
    assert_eq!(uncompressed.body, plain.text);
}
