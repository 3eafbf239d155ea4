//! Error responses: their exact bodies, and the documented order of the checks: path, method, token, permission,
//! existence, body, values.

use reqwest::Method;
use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::actors::send;
use crate::support::gateway::Gateway;
use crate::support::raw_http::{exchange, head};
use crate::support::response::{BAD_TOKEN, FORBIDDEN, NO_TOKEN, NOT_FOUND};
use crate::support::samples::{MOVEMENTS, Sample, list};

on_both_databases![
    unknown_paths_are_not_found,
    ids_without_an_object_are_not_found,
    unsupported_methods_are_rejected,
    checks_are_made_in_the_documented_order,
    a_trailing_slash_is_optional,
    head_returns_the_headers_of_get,
    an_internal_error_exposes_no_details,
    an_unavailable_database_causes_503,
    invalid_http_is_rejected,
];

async fn unknown_paths_are_not_found(gateway: Gateway) {
    let paths = [
        "/api",
        "/api/",
        "/api/v2/brands/",
        "/api/v1/brand/",
        "/api/v1/Brands/",
        "/api/v1/brands/abc/",
        "/api/v1/brands/1/products/",
        "/api/v1/brands/-1/",
        "/api/v1/brands/1.0/",
        "/api/v1/brands/0x1/",
        "/api/v1/brands/%C3%A1/",
        "/api/v1/brands/%ff/",
        "/api/v1/brands/1%00/",
        "/api/v1/brands//",
        "/api/v1//brands/",
        "/api/v1/brands/1//",
        "/api/v1/brands/%20/",
        "/api/v1/users/",
        "/api/v1/authentication/",
        "/api/v1/authentication/token/1/",
        "/api/v1/authentication/tokens/",
        "/api/v1/openapi.yaml",
        "/api/v1/index.html",
        "/nothing",
        "/api/v1/brands/1'%20OR%201=1/",
    ];
    for path in paths {
        for actor in [&gateway.anon, &gateway.root, &gateway.with_token("no.good.token")] {
            for method in [Method::GET, Method::POST, Method::DELETE, Method::PUT] {
                send(actor.request(method, path).body("no JSON"))
                    .await
                    .expect_body(404, NOT_FOUND);
            }
        }
    }
}

async fn ids_without_an_object_are_not_found(gateway: Gateway) {
    for kind in Kind::ALL {
        for id in [
            "0",
            "1",
            "999999",
            "2147483648",
            "9223372036854775807",
            "9223372036854775808",
            &"9".repeat(100),
            &"0".repeat(50),
        ] {
            let path = format!("{}/{id}/", kind.plural());
            gateway.viewer.get(&path).await.expect_body(404, NOT_FOUND);
            gateway.root.delete(&path).await.expect_body(404, NOT_FOUND);
            if !MOVEMENTS.contains(&kind) {
                gateway
                    .root
                    .patch(&path, json!({}))
                    .await
                    .expect_body(404, NOT_FOUND);
                gateway
                    .root
                    .put(&path, json!({ "name": "" }))
                    .await
                    .expect_body(404, NOT_FOUND);
            }
        }
    }
    // Leading zeros of an id are ignored.
    let brand = gateway.root.make(Kind::Brand, json!({ "name": "LG" })).await;
    assert_eq!(
        gateway
            .viewer
            .get(&format!("brands/000{brand}/"))
            .await
            .expect(200)["id"],
        brand
    );
}

async fn unsupported_methods_are_rejected(gateway: Gateway) {
    let mut routes = vec![(String::new(), "GET, HEAD, OPTIONS")];
    for route in ["token", "token/refresh", "token/verify", "logout"] {
        routes.push((format!("authentication/{route}/"), "POST, OPTIONS"));
    }
    for kind in Kind::ALL {
        routes.push((list(kind), "GET, HEAD, POST, OPTIONS"));
        let methods = if MOVEMENTS.contains(&kind) {
            "GET, HEAD, DELETE, OPTIONS"
        } else {
            "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"
        };
        routes.push((format!("{}/1/", kind.plural()), methods));
    }
    for (path, allowed) in routes {
        for method in [
            "GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PURGE", "QUERY", "get",
        ] {
            if allowed.split(", ").any(|allowed_method| allowed_method == method) {
                continue;
            }
            // The method is checked before the token, so the response is the same for every user.
            for actor in [
                &gateway.anon,
                &gateway.viewer,
                &gateway.with_token("no.good.token"),
            ] {
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                let response = send(actor.request(method.clone(), &path).body("no JSON")).await;
                assert_eq!(
                    response.expect_error(405, "METHOD_NOT_ALLOWED"),
                    json!({}),
                    "{method} {path}"
                );
                assert_eq!(response.header("allow"), Some(allowed), "{method} {path}");
            }
        }
        let options = send(gateway.anon.request(Method::OPTIONS, &path)).await;
        assert_eq!(
            (options.status, options.header("allow")),
            (204, Some(allowed)),
            "{path}"
        );
        assert_eq!(options.text, "");
    }
}

async fn checks_are_made_in_the_documented_order(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let send_as = async |token: Option<&str>, method: &str, path: &str, media_type: &str, body: &str| {
        let actor = match token {
            None => gateway.anon.clone(),
            Some("bad") => gateway.with_token("no.good.token"),
            Some("viewer") => gateway.viewer.clone(),
            Some(_) => gateway.root.clone(),
        };
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        send(
            actor
                .request(method, path)
                .header("content-type", media_type)
                .body(body.to_owned()),
        )
        .await
    };
    let path = sample.path(Kind::Product);
    // The first request has all errors; each later request corrects one of them.
    send_as(None, "PURGE", "nothing/1/", "text/plain", "x")
        .await
        .expect_body(404, NOT_FOUND);
    send_as(None, "PURGE", "products/999/", "text/plain", "x")
        .await
        .expect_error(405, "METHOD_NOT_ALLOWED");
    send_as(None, "PATCH", "products/999/", "text/plain", "x")
        .await
        .expect_body(401, NO_TOKEN);
    send_as(Some("bad"), "PATCH", "products/999/", "text/plain", "x")
        .await
        .expect_body(401, BAD_TOKEN);
    send_as(Some("viewer"), "PATCH", "products/999/", "text/plain", "x")
        .await
        .expect_body(403, FORBIDDEN);
    send_as(Some("root"), "PATCH", "products/999/", "text/plain", "x")
        .await
        .expect_body(404, NOT_FOUND);
    send_as(Some("root"), "PATCH", &path, "text/plain", "x")
        .await
        .expect_error(415, "UNSUPPORTED_MEDIA_TYPE");
    send_as(Some("root"), "PATCH", &path, "application/json", "x")
        .await
        .expect_error(400, "PARSE_ERROR");
    let invalid = send_as(
        Some("root"),
        "PATCH",
        &path,
        "application/json",
        r#"{"title": ""}"#,
    )
    .await;
    invalid.expect_json(422, &json!({ "title": [ "This field may not be blank." ] }));
    send_as(
        Some("root"),
        "PATCH",
        &path,
        "application/json",
        r#"{"title": "Right"}"#,
    )
    .await
    .expect(200);
    // Query parameters are checked after the token.
    gateway
        .anon
        .get("products/?page=abc")
        .await
        .expect_body(401, NO_TOKEN);
    // The permission is checked before the objects that refer to this one.
    gateway.manager.delete(&path).await.expect_body(403, FORBIDDEN);
}

async fn a_trailing_slash_is_optional(gateway: Gateway) {
    for kind in Kind::ALL {
        let sample = Sample::create(&gateway.root).await;
        let one = gateway.viewer.get(&sample.path(kind)).await.expect(200);
        for slash in ["", "/"] {
            let (all, path) = (kind.plural(), format!("{}/{}", kind.plural(), sample.id(kind)));
            gateway
                .viewer
                .get(&format!("{path}{slash}"))
                .await
                .expect_json(200, &one);
            assert_eq!(
                gateway
                    .viewer
                    .get(&format!("{all}{slash}?page_size=1"))
                    .await
                    .ids()
                    .len(),
                1
            );
            let created = gateway
                .root
                .post(&format!("{all}{slash}"), sample.body(kind))
                .await;
            let created_path = format!("{all}/{}", created.expect(201)["id"]);
            // Links end with a slash, whether or not the path of the request does.
            let location = format!("http://{}/api/v1/{created_path}/", gateway.address);
            assert_eq!(created.header("location"), Some(&*location));
            if !MOVEMENTS.contains(&kind) {
                gateway
                    .root
                    .patch(&format!("{created_path}{slash}"), json!({}))
                    .await
                    .expect(200);
                gateway
                    .root
                    .put(&format!("{created_path}{slash}"), json!({}))
                    .await
                    .expect(200);
            }
            gateway
                .root
                .delete(&format!("{created_path}{slash}"))
                .await
                .expect_body(204, "");
        }
    }
    for slash in ["", "/"] {
        gateway.anon.get(&format!("/api/v1{slash}")).await.expect(200);
        for route in ["token", "token/refresh", "token/verify", "logout"] {
            gateway
                .anon
                .post(&format!("authentication/{route}{slash}"), json!({}))
                .await
                .expect(422);
        }
        gateway
            .anon
            .get(&format!("/livez{slash}"))
            .await
            .expect_body(200, "ok");
    }
    let index = gateway.anon.get("").await;
    let urls = Kind::ALL.map(|kind| {
        format!(
            r#""{0}":"http://{1}/api/v1/{0}/""#,
            kind.plural(),
            gateway.address
        )
    });
    index.expect_body(200, &format!("{{{}}}", urls.join(",")));
}

async fn head_returns_the_headers_of_get(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let mut paths = vec![
        String::new(),
        "brands/?page=9".to_owned(),
        "nothing/".to_owned(),
        "brands/99/".to_owned(),
    ];
    for kind in Kind::ALL {
        paths.extend([list(kind), sample.path(kind)]);
    }
    for path in paths {
        let get = gateway.viewer.get(&path).await;
        let head = send(gateway.viewer.request(Method::HEAD, &path)).await;
        assert_eq!((head.status, &*head.text), (get.status, ""), "{path}");
        for header in ["content-type", "content-length", "etag", "x-content-type-options"] {
            assert_eq!(head.header(header), get.header(header), "{header} of {path}");
        }
    }
    let head = send(gateway.anon.request(Method::HEAD, "brands/")).await;
    assert_eq!(
        (head.status, head.header("www-authenticate")),
        (401, Some("Bearer"))
    );
}

async fn an_internal_error_exposes_no_details(gateway: Gateway) {
    gateway.root.make(Kind::Supplier, json!({ "name": "LG" })).await;
    gateway.sql("ALTER TABLE supplier RENAME TO gone").await.unwrap();
    let body =
        r#"{"error":{"code":"SERVER_ERROR","message":"Something went wrong on our side.","details":{}}}"#;
    gateway.viewer.get("suppliers/").await.expect_body(500, body);
    gateway.viewer.get("suppliers/1/").await.expect_body(500, body);
    gateway
        .root
        .post("suppliers/", json!({ "name": "LG" }))
        .await
        .expect_body(500, body);
    gateway.root.delete("suppliers/1/").await.expect_body(500, body);
    // Later requests succeed.
    gateway.viewer.get("brands/").await.expect(200);
}

async fn an_unavailable_database_causes_503(gateway: Gateway) {
    gateway.services.db.close().await;
    let response = gateway.root.post("brands/", json!({ "name": "LG" })).await;
    assert_eq!(response.expect_error(503, "UNAVAILABLE"), json!({}));
    assert!(response.header("retry-after").is_some());
    gateway.anon.get("/livez").await.expect_body(200, "ok");
}

async fn invalid_http_is_rejected(gateway: Gateway) {
    let long = format!("x-long: {}", "x".repeat(200_000));
    for bytes in [
        b"no http at all\r\n\r\n".to_vec(),
        b"GET /api/v1/ HTTP/9.9\r\n\r\n".to_vec(),
        b"GET /api/v1/\0 HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
        b"GET /api/v1/ HTTP/1.1\r\nbad header\r\n\r\n".to_vec(),
        b"POST /api/v1/brands/ HTTP/1.1\r\nhost: x\r\ncontent-length: many\r\n\r\n".to_vec(),
        b"POST /api/v1/brands/ HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx"
            .to_vec(),
        head("GET /api/v1/", &[&long]).into_bytes(),
        format!("GET /api/v1/?{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(200_000)).into_bytes(),
    ] {
        let response = exchange(gateway.address, &bytes).await;
        assert!(matches!(response.status, 400 | 414 | 431), "{response:?}");
    }
    // A token of 30,000 characters is refused like any other invalid token.
    let long = format!("authorization: Bearer {}", "x".repeat(30_000));
    let response = exchange(gateway.address, head("GET /api/v1/brands/", &[&long]).as_bytes()).await;
    assert_eq!((response.status, &*response.body), (401, BAD_TOKEN));
    // The gateway still serves valid requests.
    assert_eq!(
        gateway.viewer.get("brands/").await.expect(200)["count"],
        Value::from(0)
    );
}
