//! The HTTP handler of this crate, and the engine behind the handler of async-graphql-axum.

use std::sync::atomic::Ordering;

use async_graphql_axum::GraphQL;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use axum::response::Response;
use graphql_server::{Settings, router};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::fixture::{engine, settings};
use crate::host::TOKEN;

const GRAPHQL_JSON: &str = "application/graphql-response+json";

fn routes(settings: Settings) -> Router {
    let engine = engine(settings).unwrap();
    Router::new()
        .merge(router("/graphql", engine.clone()))
        .route_service("/axum", GraphQL::new(engine))
}

/// A POST request that accepts the media type of the GraphQL-over-HTTP specification.
fn post(path: &str, query: &str) -> Request<Body> {
    Request::post(path)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, GRAPHQL_JSON)
        .body(Body::from(json!({ "query": query }).to_string()))
        .unwrap()
}

fn with_login(mut request: Request<Body>) -> Request<Body> {
    let token = std::str::from_utf8(TOKEN).unwrap().parse().unwrap();
    request.headers_mut().insert(header::AUTHORIZATION, token);
    request
}

async fn send(routes: &Router, request: Request<Body>) -> Response {
    routes.clone().oneshot(request).await.unwrap()
}

async fn text(response: Response) -> String {
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

async fn body(response: Response) -> Value {
    serde_json::from_str(&text(response).await).unwrap()
}

fn header_of(response: &Response, name: header::HeaderName) -> &str {
    response.headers()[name].to_str().unwrap()
}

#[tokio::test]
async fn a_mutation_with_a_key_has_one_field() {
    let engine = engine(settings()).unwrap();
    let routes: Router = router("/graphql", engine.clone());
    let with_key = |query: &str, key: &str| {
        let mut request = with_login(post("/graphql", query));
        request
            .headers_mut()
            .insert("idempotency-key", key.parse().unwrap());
        request
    };
    let host = engine.host();
    let counts = || {
        (
            host.keyed_started.load(Ordering::Relaxed),
            host.keyed_finished.load(Ordering::Relaxed),
        )
    };
    for (query, status, expected) in [
        ("mutation{change}", StatusCode::OK, (1, 1)),
        ("mutation{__typename change}", StatusCode::OK, (2, 2)),
        ("mutation{change login}", StatusCode::BAD_REQUEST, (2, 2)),
        ("mutation{a:change b:change}", StatusCode::BAD_REQUEST, (2, 2)),
        // The key is ignored for queries and public mutations.
        ("mutation{login}", StatusCode::OK, (2, 2)),
        ("{viewer}", StatusCode::OK, (2, 2)),
    ] {
        let response = send(&routes, with_key(query, "new")).await;
        assert_eq!((response.status(), counts()), (status, expected), "{query}");
    }
    let response = send(&routes, with_key("mutation{change}", "used")).await;
    assert_eq!(text(response).await, "stored");
    assert_eq!(counts(), (3, 2));
    let mut stream = with_key("mutation{change}", "new");
    let events = "text/event-stream".parse().unwrap();
    stream.headers_mut().insert(header::ACCEPT, events);
    let response = send(&routes, stream).await;
    assert_eq!(
        (response.status(), counts()),
        (StatusCode::NOT_ACCEPTABLE, (3, 2))
    );
}

#[tokio::test]
async fn statuses_follow_the_media_type() {
    let routes = routes(settings());
    for (query, status) in [
        ("{viewer}", StatusCode::OK),
        ("{nothing}", StatusCode::BAD_REQUEST),
        ("{top{id}}", StatusCode::UNAUTHORIZED),
        ("subscription{count(to:1)}", StatusCode::UNAUTHORIZED),
        ("{panics}", StatusCode::UNAUTHORIZED),
    ] {
        let response = send(&routes, post("/graphql", query)).await;
        assert_eq!(response.status(), status, "{query}");
        assert_eq!(
            header_of(&response, header::CONTENT_TYPE),
            "application/graphql-response+json; charset=utf-8"
        );
        let mut plain = post("/graphql", query);
        plain
            .headers_mut()
            .insert(header::ACCEPT, "application/json".parse().unwrap());
        assert_eq!(send(&routes, plain).await.status(), StatusCode::OK, "{query}");
    }
    let response = send(&routes, with_login(post("/graphql", "{panics}"))).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let response = send(&routes, with_login(post("/graphql", "{top(first:1){id}}"))).await;
    assert_eq!(
        body(response).await,
        json!({ "data": { "top": [{ "id": "0" }] } })
    );
}

#[tokio::test]
async fn invalid_credentials_are_refused_even_for_public_fields() {
    let routes = routes(settings());
    let mut request = post("/graphql", "{viewer}");
    request
        .headers_mut()
        .insert(header::AUTHORIZATION, "Bearer bad".parse().unwrap());
    let response = send(&routes, request).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(header_of(&response, header::WWW_AUTHENTICATE), "Bearer");
}

#[tokio::test]
async fn requests_that_need_no_preflight_change_nothing() {
    let routes = routes(settings());
    let get = Request::get("/graphql?query=mutation%7Blogin%7D");
    let response = send(&routes, get.body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(header_of(&response, header::ALLOW), "POST");
    for media_type in [
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
    ] {
        let mut request = post("/graphql", "mutation{login}");
        request
            .headers_mut()
            .insert(header::CONTENT_TYPE, media_type.parse().unwrap());
        let response = send(&routes, request).await;
        assert_eq!(
            response.status(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "{media_type}"
        );
    }
    let put = Request::builder().method(Method::PUT).uri("/graphql");
    let response = send(&routes, put.body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(header_of(&response, header::ALLOW), "GET, HEAD, POST, OPTIONS");
}

#[tokio::test]
async fn bodies_are_bounded() {
    let mut settings = settings();
    settings.limits.body_bytes = 100;
    let response = send(&routes(settings), post("/graphql", &"#".repeat(100))).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(
        body(response).await["errors"][0]["extensions"]["code"],
        "PAYLOAD_TOO_LARGE"
    );
}

#[tokio::test]
async fn costs_are_sent_on_request() {
    let settings = Settings {
        cost_header: Some("x-cost".parse().unwrap()),
        ..settings()
    };
    let routes = routes(settings);
    let response = send(&routes, post("/graphql", "{viewer}")).await;
    assert_eq!(body(response).await, json!({ "data": { "viewer": null } }));
    let mut request = post("/graphql", "{viewer}");
    request.headers_mut().insert("x-cost", "1".parse().unwrap());
    assert_eq!(
        body(send(&routes, request).await).await["extensions"],
        json!({ "cost": { "requested": 1, "limit": 50_000, "depth": 1, "fields": 1 } })
    );
}

#[tokio::test]
async fn subscriptions_are_streams_of_events() {
    let routes = routes(settings());
    let mut request = with_login(post("/graphql", "subscription{count(to:2)}"));
    request
        .headers_mut()
        .insert(header::ACCEPT, "text/event-stream".parse().unwrap());
    let response = send(&routes, request).await;
    assert_eq!(
        text(response).await,
        ":\n\nevent: next\ndata: {\"data\":{\"count\":1}}\n\nevent: next\ndata: {\"data\":{\"count\":2}}\n\n\
         event: complete\ndata:\n\n"
    );
}

#[tokio::test]
async fn all_checks_of_the_engine_apply_in_another_integration() {
    let routes = routes(settings());
    for (query, code) in [
        ("{nothing}", "BAD_USER_INPUT"),
        ("{top{id}}", "UNAUTHENTICATED"),
        (
            "{things(first:100){nodes{things(first:100){nodes{things(first:100){nodes{id}}}}}}}",
            "UNAUTHENTICATED",
        ),
        ("{thing(from:[[1,\"x\"]]){id}}", "BAD_USER_INPUT"),
        ("subscription{count(to:1)}", "UNAUTHENTICATED"),
    ] {
        let response = body(send(&routes, post("/axum", query)).await).await;
        assert_eq!(response["errors"][0]["extensions"]["code"], code, "{response}");
    }
    let response = body(
        send(
            &routes,
            post("/axum", "{a:viewer ...F} fragment F on Query{a:viewer}"),
        )
        .await,
    )
    .await;
    assert_eq!(response, json!({ "data": { "a": null } }));
    // The HTTP handling is that of async-graphql-axum, which executes a mutation sent by GET.
    let get = Request::get("/axum?query=mutation%7Blogin%7D");
    let response = send(&routes, get.body(Body::empty()).unwrap()).await;
    assert_eq!(body(response).await, json!({ "data": { "login": null } }));
}
