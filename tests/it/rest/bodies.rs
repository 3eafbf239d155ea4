//! Request bodies: invalid JSON, values other than objects, oversized bodies, other media types, unusual JSON.

use reqwest::Method;
use serde_json::json;
use stockroom::kind::Kind;

use crate::support::actors::send;
use crate::support::gateway::Gateway;
use crate::support::raw_http::{exchange, exchange_half_closed, head};
use crate::support::response::Response;

on_both_databases![
    invalid_json_is_rejected,
    values_other_than_objects_are_rejected,
    deep_and_unusual_json_causes_no_failure,
    bodies_are_limited_to_one_mebibyte,
    other_media_types_are_rejected,
    content_codings_are_rejected,
    incomplete_bodies_are_rejected,
    bodies_are_ignored_where_none_is_expected,
];

/// Sends a body to every route that takes one.
async fn send_everywhere(gateway: &Gateway, body: &[u8]) -> Vec<Response> {
    let mut responses = Vec::new();
    for kind in Kind::ALL {
        let path = format!("{}/", kind.plural());
        responses.push(gateway.root.raw(Method::POST, &path, body.to_vec()).await);
    }
    for method in [Method::PUT, Method::PATCH] {
        responses.push(gateway.root.raw(method, "brands/1/", body.to_vec()).await);
    }
    for route in ["token/", "token/refresh/", "token/verify/", "logout/"] {
        responses.push(
            gateway
                .anon
                .raw(Method::POST, &format!("authentication/{route}"), body.to_vec())
                .await,
        );
    }
    responses
}

async fn invalid_json_is_rejected(gateway: Gateway) {
    gateway.root.make(Kind::Brand, json!({ "name": "LG" })).await;
    let bodies: [&[u8]; 24] = [
        b"",
        b" ",
        b"no",
        b"{",
        b"}",
        b"{}x",
        b"{} {}",
        b"{'name': 'x'}",
        b"{name: 1}",
        b"{\"name\": }",
        b"{\"name\" \"x\"}",
        b"{\"name\": \"x\",}",
        b"{\"name\": NaN}",
        b"{\"name\": 01}",
        b"{\"name\": +1}",
        b"{\"name\": .5}",
        b"{\"name\": \"\\x\"}",
        b"{\"name\": \"a\nb\"}",
        b"{\"name\": \"x}",
        b"\xef\xbb\xbf{\"name\": \"x\"}",
        b"{\"name\": \"\xff\xfe\"}",
        b"{\"\xc3\": 1}",
        b"\x00",
        b"// {}\n{}",
    ];
    for body in bodies {
        for response in send_everywhere(&gateway, body).await {
            let details = response.expect_error(400, "PARSE_ERROR");
            assert_eq!(details, json!({}), "{}", String::from_utf8_lossy(body));
        }
    }
    assert_eq!(gateway.viewer.get("brands/").await.texts("name"), ["LG"]);
}

async fn values_other_than_objects_are_rejected(gateway: Gateway) {
    gateway.root.make(Kind::Brand, json!({ "name": "LG" })).await;
    for body in [
        "null",
        "true",
        "1",
        "1e400",
        "\"{}\"",
        "[]",
        "[{\"name\": \"x\"}]",
        " [ ] ",
        "\"\\ud800\"",
    ] {
        for response in send_everywhere(&gateway, body.as_bytes()).await {
            assert_eq!(response.expect_error(400, "PARSE_ERROR"), json!({}), "{body}");
        }
    }
}

async fn deep_and_unusual_json_causes_no_failure(gateway: Gateway) {
    let post = async |body: String| gateway.root.raw(Method::POST, "brands/", body).await;
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let objects = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    // Unknown fields are ignored, whatever their values.
    post(format!(r#"{{"name": "Deep", "unknown": {deep}}}"#))
        .await
        .expect(201);
    post(format!(r#"{{"name": "Deep", "unknown": {objects}}}"#))
        .await
        .expect(201);
    let refusal = json!({ "name": [ "Not a valid string." ] });
    post(format!(r#"{{"name": {deep}}}"#))
        .await
        .expect_json(422, &refusal);
    post(format!(r#"{{"name": {objects}}}"#))
        .await
        .expect_json(422, &refusal);
    post("[".repeat(500_000)).await.expect_error(400, "PARSE_ERROR");
    post("{\"a\":".repeat(150_000))
        .await
        .expect_error(400, "PARSE_ERROR");
    post(deep.clone()).await.expect_error(400, "PARSE_ERROR");
    let product = format!(r#"{{"title": "x", "category": {deep}, "brand": {objects}}}"#);
    let response = gateway
        .root
        .raw(Method::POST, "products/", product)
        .await
        .expect(422);
    assert_eq!(
        response["category"],
        json!(["Incorrect type. Expected pk value, received list."])
    );
    assert_eq!(
        response["brand"],
        json!(["Incorrect type. Expected pk value, received dict."])
    );
    // The last of duplicate keys is used.
    let twice = post(r#"{"name": "First", "name": "Last", "name ": "Other"}"#.to_owned()).await;
    assert_eq!(twice.expect(201)["name"], "Last");
    // Keys can contain escapes.
    let escaped = post(r#"{"n\u0061me": "\u00c1gua \ud83d\udc11 \/ \" \\"}"#.to_owned()).await;
    assert_eq!(escaped.expect(201)["name"], "Água 🐑 / \" \\");
    // A body with many keys is accepted.
    let many: String = (0..60_000).map(|key| format!(r#""k{key}":{key},"#)).collect();
    post(format!(r#"{{{many}"name": "Many"}}"#)).await.expect(201);
}

async fn bodies_are_limited_to_one_mebibyte(gateway: Gateway) {
    const LIMIT: usize = 1024 * 1024;
    let padded = |length: usize| format!(r#"{{"name": "Padded"{}}}"#, " ".repeat(length - 18));
    assert_eq!(padded(LIMIT).len(), LIMIT);
    gateway
        .root
        .raw(Method::POST, "brands/", padded(LIMIT))
        .await
        .expect(201);
    let response = gateway.root.raw(Method::POST, "brands/", padded(LIMIT + 1)).await;
    assert_eq!(response.expect_error(413, "PAYLOAD_TOO_LARGE"), json!({}));
    gateway
        .root
        .raw(Method::PATCH, "brands/1/", padded(LIMIT + 1))
        .await
        .expect_error(413, "PAYLOAD_TOO_LARGE");
    gateway
        .anon
        .raw(Method::POST, "authentication/token/", padded(LIMIT + 1))
        .await
        .expect_error(413, "PAYLOAD_TOO_LARGE");
    // The permission is checked before the size.
    gateway
        .viewer
        .raw(Method::POST, "brands/", padded(LIMIT + 1))
        .await
        .expect(403);

    // The length of a chunked body is not known in advance.
    let token = format!("authorization: Bearer {}", gateway.root.token.as_deref().unwrap());
    let chunked = |body: &str| {
        let mut request = head(
            "POST /api/v1/brands/",
            &[
                &token,
                "content-type: application/json",
                "transfer-encoding: chunked",
            ],
        );
        for piece in body.as_bytes().chunks(60_000) {
            request += &format!("{:x}\r\n{}\r\n", piece.len(), std::str::from_utf8(piece).unwrap());
        }
        request + "0\r\n\r\n"
    };
    assert_eq!(
        exchange(gateway.address, chunked(&padded(LIMIT)).as_bytes())
            .await
            .status,
        201
    );
    let response = exchange(gateway.address, chunked(&padded(LIMIT + 1)).as_bytes()).await;
    assert_eq!((response.status, &*response.code()), (413, "PAYLOAD_TOO_LARGE"));
    // A body with an excessive `Content-Length` is rejected without waiting for it.
    let announced = head(
        "POST /api/v1/brands/",
        &[
            &token,
            "content-type: application/json",
            "content-length: 99999999999",
            "expect: 100-continue",
        ],
    );
    let response = exchange(gateway.address, announced.as_bytes()).await;
    assert_eq!((response.status, &*response.code()), (413, "PAYLOAD_TOO_LARGE"));
    assert_eq!(gateway.viewer.get("brands/").await.json()["count"], 2);
}

async fn other_media_types_are_rejected(gateway: Gateway) {
    let body = r#"{"name": "LG"}"#;
    let post = async |media_type: &str| {
        send(
            gateway
                .root
                .request(Method::POST, "brands/")
                .header("content-type", media_type)
                .body(body),
        )
        .await
    };
    for media_type in [
        "application/json",
        "APPLICATION/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
        "application/json; charset=utf8",
        "application/json; charset=Utf_8",
        "application/json ; x=y",
    ] {
        post(media_type).await.expect(201);
    }
    send(gateway.root.request(Method::POST, "brands/").body(body))
        .await
        .expect(201);
    for media_type in [
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/jsonp",
        "application/json, text/plain",
        "application/json; charset=latin1",
        "application/vnd.api+json",
        "json",
        "",
        ";",
    ] {
        assert_eq!(
            post(media_type).await.expect_error(415, "UNSUPPORTED_MEDIA_TYPE"),
            json!({}),
            "{media_type}"
        );
        let request = gateway
            .anon
            .request(Method::POST, "authentication/token/")
            .header("content-type", media_type);
        send(request.body("{}"))
            .await
            .expect_error(415, "UNSUPPORTED_MEDIA_TYPE");
    }
}

async fn content_codings_are_rejected(gateway: Gateway) {
    for header in ["gzip", "BR", "identity, gzip", "unknown"] {
        let request = gateway
            .root
            .request(Method::POST, "brands/")
            .header("content-type", "application/json")
            .header("content-encoding", header)
            .body(r#"{"name": "LG"}"#);
        let response = send(request).await;
        response.expect_error(415, "UNSUPPORTED_MEDIA_TYPE");
        assert_eq!(response.header("accept-encoding"), Some("identity"));
        let request = gateway
            .root
            .request(Method::POST, "/graphql")
            .header("content-type", "application/json; charset=UTF_8")
            .header("content-encoding", header)
            .body(r#"{"query": "{ viewer { username } }"}"#);
        let response = send(request).await;
        assert_eq!(
            (response.status, response.header("accept-encoding")),
            (415, Some("identity"))
        );
    }
    let request = gateway
        .root
        .request(Method::POST, "brands/")
        .header("content-type", "application/json")
        .header("content-encoding", "Identity")
        .body(r#"{"name": "LG"}"#);
    send(request).await.expect(201);
    // Of the transfer codings, only `chunked` is supported.
    for (line, status) in [
        ("transfer-encoding: gzip, chunked", 501),
        ("transfer-encoding: chunked", 201),
    ] {
        let token = format!("authorization: Bearer {}", gateway.root.token.as_deref().unwrap());
        let request = head(
            "POST /api/v1/brands/",
            &[&token, "content-type: application/json", line],
        ) + "10\r\n{\"name\": \"Sony\"}\r\n0\r\n\r\n";
        let response = exchange(gateway.address, request.as_bytes()).await;
        assert_eq!(response.status, status, "{response:?}");
    }
}

async fn incomplete_bodies_are_rejected(gateway: Gateway) {
    let token = format!("authorization: Bearer {}", gateway.root.token.as_deref().unwrap());
    let incomplete = head(
        "POST /api/v1/brands/",
        &[&token, "content-type: application/json", "content-length: 100"],
    );
    let response = exchange_half_closed(
        gateway.address,
        format!("{incomplete}{{\"name\": \"Half\"").as_bytes(),
    )
    .await;
    assert_eq!(response.status, 400);
    let incomplete = head(
        "POST /api/v1/brands/",
        &[
            &token,
            "content-type: application/json",
            "transfer-encoding: chunked",
        ],
    );
    for broken in ["5\r\n{\"na", "zz\r\n{}\r\n0\r\n\r\n", "ffffffffffffffffff\r\n{}"] {
        let response =
            exchange_half_closed(gateway.address, format!("{incomplete}{broken}").as_bytes()).await;
        assert_eq!(response.status, 400, "{broken}");
    }
    assert_eq!(gateway.viewer.get("brands/").await.json()["count"], 0);
}

async fn bodies_are_ignored_where_none_is_expected(gateway: Gateway) {
    let brand = gateway.root.make(Kind::Brand, json!({ "name": "LG" })).await;
    let path = format!("brands/{brand}/");
    for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
        let request = gateway
            .root
            .request(method, &path)
            .header("content-type", "text/plain");
        assert!(send(request.body("no JSON")).await.status < 300);
    }
    let request = gateway
        .root
        .request(Method::DELETE, &path)
        .header("content-type", "text/plain");
    send(request.body("no JSON")).await.expect_body(204, "");
    // An oversized body is not read.
    let brand = gateway.root.make(Kind::Brand, json!({ "name": "LG" })).await;
    let request = gateway.root.request(Method::DELETE, &format!("brands/{brand}/"));
    send(request.body("x".repeat(2_000_000)))
        .await
        .expect_body(204, "");
}
