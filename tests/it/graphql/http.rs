//! GraphQL over HTTP: accepted requests and forms of responses.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::actors::send;
use crate::support::gateway::Gateway;
use crate::support::response::Response;

on_both_databases![
    get_executes_queries_only,
    mutations_require_a_preflight,
    invalid_bodies_are_rejected,
    accept_selects_the_media_type_of_the_response,
    statuses_depend_on_the_media_type_of_the_response,
    costs_are_reported_on_request,
    requests_without_a_token_can_only_log_in,
];

/// Sends a `GET` request with these parameters.
pub async fn get(gateway: &Gateway, parameters: &[(&str, &str)]) -> Response {
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    let request = gateway.viewer.request(Method::GET, &format!("/graphql?{query}"));
    send(request.header("accept", "application/json")).await
}

/// The code of the first error of a request that was not executed.
pub fn code(response: &Response) -> String {
    let body = response.json();
    assert!(body.get("data").is_none(), "{body}");
    body["errors"][0]["extensions"]["code"]
        .as_str()
        .unwrap_or_else(|| panic!("{body}"))
        .to_owned()
}

async fn get_executes_queries_only(gateway: Gateway) {
    let viewer = json!({ "data": { "viewer": { "user": { "username": "viewer" } } } });
    assert_eq!(
        get(&gateway, &[("query", "{ viewer { user { username } } }")])
            .await
            .expect(200),
        viewer
    );
    let document = "query A { __typename } query B($id: ID!) { brand(id: $id) { id } }";
    let parameters = [
        ("query", document),
        ("operationName", "B"),
        ("variables", r#"{"id":1}"#),
        ("extensions", "{}"),
    ];
    let found = get(&gateway, &parameters).await;
    assert_eq!(found.expect(200), json!({ "data": { "brand": null } }));
    assert_eq!(found.header("vary"), Some("Accept"));
    for parameters in [
        &[(
            "query",
            "mutation { deleteBrand(input: { id: 1 }) { deletedId } }",
        )][..],
        &[
            (
                "query",
                "query A { __typename } mutation B { deleteBrand(input: { id: 1 }) { deletedId } }",
            ),
            ("operationName", "B"),
        ],
    ] {
        let refused = get(&gateway, parameters).await;
        assert_eq!((refused.status, refused.header("allow")), (405, Some("POST")));
        assert_eq!(code(&refused), "METHOD_NOT_ALLOWED");
    }
    for parameters in [
        &[][..],
        &[("query", "")],
        &[("query", "{ __typename }"), ("variables", "x")],
        &[("query", "{ __typename }"), ("variables", "[1]")],
        &[("query", "{ __typename }"), ("extensions", "1")],
        &[("query", "subscription { stockChanged { id } }")],
    ] {
        assert_eq!(
            code(&get(&gateway, parameters).await),
            "BAD_USER_INPUT",
            "{parameters:?}"
        );
    }
}

async fn mutations_require_a_preflight(gateway: Gateway) {
    let brand = gateway
        .root
        .make(stockroom::kind::Kind::Brand, json!({ "name": "Here" }))
        .await;
    let body =
        json!({ "query": format!("mutation {{ deleteBrand(input: {{ id: {brand} }}) {{ deletedId }} }}") })
            .to_string();
    for media_type in [
        Some("text/plain"),
        Some("text/plain; charset=utf-8; application/json"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("application/jsonp"),
        Some("application/graphql"),
        Some("application/json; charset=utf-16"),
        None,
    ] {
        let request = gateway.root.request(Method::POST, "/graphql").body(body.clone());
        let request = match media_type {
            Some(media_type) => request.header("content-type", media_type),
            None => request,
        };
        let refused = send(request).await;
        assert_eq!(
            (refused.status, &*code(&refused)),
            (415, "UNSUPPORTED_MEDIA_TYPE"),
            "{media_type:?}"
        );
    }
    for method in [Method::PUT, Method::PATCH, Method::DELETE] {
        let request = gateway
            .root
            .request(method.clone(), "/graphql")
            .header("content-type", "application/json");
        let refused = send(request.body(body.clone())).await;
        assert_eq!(
            (refused.status, refused.header("allow")),
            (405, Some("GET, HEAD, POST, OPTIONS")),
            "{method}"
        );
    }
    assert_eq!(
        gateway.root.data("{ brands { totalCount } }", json!({})).await["brands"]["totalCount"],
        1
    );
    let accepted = gateway
        .root
        .request(Method::POST, "/graphql")
        .header("content-type", "Application/JSON;charset=\"UTF-8\"");
    assert_eq!(
        send(accepted.body(body)).await.expect(200),
        json!({ "data": { "deleteBrand": { "deletedId": "1" } } })
    );
}

async fn invalid_bodies_are_rejected(gateway: Gateway) {
    for body in [
        "",
        "x",
        "null",
        "1",
        "\"{ __typename }\"",
        "{",
        "{}",
        r#"{"query":null}"#,
        r#"{"query":1}"#,
        r#"{"query":["{ __typename }"]}"#,
        r#"[{"query":"{ __typename }"}]"#,
        "[]",
        r#"{"query":"{ __typename }","variables":[]}"#,
        r#"{"query":"{ __typename }","variables":"{}"}"#,
        r#"{"query":"{ __typename }","operationName":1}"#,
        r#"{"query":"{ __typename }","extensions":[]}"#,
        r#"{"query":"{ __typename }","extensions":{"persistedQuery":1}}"#,
        r#"{"query":"{ __typename }"} x"#,
        r#"{"query":"{ __typename }","query":"{ a: __typename }"}"#,
        "{\"query\":\"\\ud800\"}",
        r#"{"query":"{ __typename }\u0000"}"#,
    ] {
        let refused = gateway.viewer.raw(Method::POST, "/graphql", body).await;
        assert_eq!(code(&refused), "BAD_USER_INPUT", "{body}");
        assert!([200, 400].contains(&refused.status), "{body}");
    }
    let invalid = gateway
        .viewer
        .raw(Method::POST, "/graphql", b"{\"query\":\"\xff\"}".to_vec())
        .await;
    assert_eq!((invalid.status, &*code(&invalid)), (400, "BAD_USER_INPUT"));
    let deep = format!(
        "{{\"query\":\"{{ __typename }}\",\"variables\":{{\"a\":{}{}}}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert_eq!(
        gateway.viewer.raw(Method::POST, "/graphql", deep).await.status,
        400
    );
    let large = format!(
        "{{\"query\":\"{{ __typename }}\",\"x\":\"{}\"}}",
        "x".repeat(1024 * 1024)
    );
    let refused = gateway.viewer.raw(Method::POST, "/graphql", large).await;
    assert_eq!((refused.status, &*code(&refused)), (413, "PAYLOAD_TOO_LARGE"));
    // Unknown members are ignored, and null counts as absent.
    let body = r#"{"query":"{ __typename }","variables":null,"operationName":null,"extensions":{"other":1},"more":[1]}"#;
    let ignored = gateway.viewer.raw(Method::POST, "/graphql", body).await;
    assert_eq!(ignored.expect(200), json!({ "data": { "__typename": "Query" } }));
}

/// Sends a document with this `Accept` header.
async fn send_accepting(gateway: &Gateway, accept: Option<&str>, query: &str) -> Response {
    let request = gateway
        .viewer
        .request(Method::POST, "/graphql")
        .json(&json!({ "query": query }));
    send(match accept {
        Some(accept) => request.header("accept", accept),
        None => request,
    })
    .await
}

async fn accept_selects_the_media_type_of_the_response(gateway: Gateway) {
    const GRAPHQL: &str = "application/graphql-response+json; charset=utf-8";
    const JSON: &str = "application/json; charset=utf-8";
    for (accept, media_type) in [
        (None, JSON),
        (Some("*/*"), JSON),
        (Some("application/*"), JSON),
        (Some("application/json"), JSON),
        (Some("application/graphql-response+json"), GRAPHQL),
        (
            Some("application/graphql-response+json, application/json;q=0.9"),
            GRAPHQL,
        ),
        (
            Some("application/graphql-response+json;q=0.5, application/json"),
            JSON,
        ),
        (Some("text/html;q=0.1, application/json;q=0.2"), JSON),
    ] {
        let response = send_accepting(&gateway, accept, "{ __typename }").await;
        assert_eq!(
            (response.status, response.header("content-type")),
            (200, Some(media_type)),
            "{accept:?}"
        );
        assert_eq!(response.text, r#"{"data":{"__typename":"Query"}}"#, "{accept:?}");
    }
    let refused = send_accepting(&gateway, Some("image/png"), "{ __typename }").await;
    assert_eq!((refused.status, &*code(&refused)), (406, "NOT_ACCEPTABLE"));
}

async fn statuses_depend_on_the_media_type_of_the_response(gateway: Gateway) {
    let graphql = Some("application/graphql-response+json");
    for (query, status, status_as_json) in [
        ("{ __typename }", 200, 200),
        // A field failed, but the operation was executed.
        ("{ webhookEndpoints { totalCount } }", 200, 200),
        ("{ products(first: 101) { totalCount } }", 400, 200),
        ("{ nothing }", 400, 200),
        ("{", 400, 200),
        (
            "query($a: Int!) { __typename brands(first: $a) { totalCount } }",
            400,
            200,
        ),
    ] {
        assert_eq!(
            send_accepting(&gateway, graphql, query).await.status,
            status,
            "{query}"
        );
        assert_eq!(
            send_accepting(&gateway, None, query).await.status,
            status_as_json,
            "{query}"
        );
    }
    let request = gateway
        .anon
        .request(Method::POST, "/graphql")
        .header("accept", "application/graphql-response+json");
    let unauthenticated = send(request.json(&json!({ "query": "{ brands { totalCount } }" }))).await;
    assert_eq!(
        (unauthenticated.status, unauthenticated.header("www-authenticate")),
        (401, Some("Bearer"))
    );
    assert_eq!(code(&unauthenticated), "UNAUTHENTICATED");
    // An invalid token is rejected for any query.
    let bad = gateway.with_token("a.b.c").gql("{ __typename }", json!({})).await;
    assert_eq!((bad.status, &*code(&bad)), (401, "UNAUTHENTICATED"));
    let forbidden = gateway
        .viewer
        .gql(
            "mutation { createBrand(input: { name: \"x\" }) { brand { id } } }",
            json!({}),
        )
        .await;
    assert_eq!(forbidden.expect(200)["data"], json!({ "createBrand": null }));
    assert_eq!(forbidden.json()["errors"][0]["extensions"]["code"], "FORBIDDEN");
    assert_eq!(forbidden.json()["errors"][0]["path"], json!(["createBrand"]));
}

async fn costs_are_reported_on_request(gateway: Gateway) {
    let document =
        "{ categories(first: 20) { nodes { name products(first: 10) { nodes { title brand { name } } } } } }";
    let request = || {
        gateway
            .viewer
            .request(Method::POST, "/graphql")
            .json(&json!({ "query": document }))
    };
    assert!(send(request()).await.json().get("extensions").is_none());
    let with_cost = send(request().header("x-stockroom-cost", "1")).await.expect(200);
    // Twenty categories with a name, each with a list of ten products with a title and the name of the brand.
    let requested = 1 + 20 * (1 + 1 + 1 + 10 * (1 + 1 + 2));
    assert_eq!(
        with_cost["extensions"],
        json!({ "cost": { "requested": requested, "limit": 50_000, "depth": 6, "fields": 8 } })
    );
}

async fn requests_without_a_token_can_only_log_in(gateway: Gateway) {
    let input = json!({ "username": "viewer", "password": crate::support::test_database::PASSWORD });
    let tokens = gateway
        .anon
        .mutate(
            "login",
            "access refresh viewer { user { username } groups isSuperuser permissions }",
            input,
        )
        .await;
    assert_eq!(
        tokens["viewer"],
        json!({ "user": { "username": "viewer" }, "groups": [], "isSuperuser": false, "permissions": [] })
    );
    let actor = gateway.with_token(tokens["access"].as_str().unwrap());
    assert_eq!(
        actor.data("{ brands { totalCount } }", json!({})).await,
        json!({ "brands": { "totalCount": 0 } })
    );
    let refresh = json!({ "refresh": tokens["refresh"] });
    let refreshed = gateway
        .anon
        .mutate("refreshToken", "access refresh", refresh.clone())
        .await;
    assert!(
        refreshed["access"].is_string() && refreshed["refresh"].is_null(),
        "{refreshed}"
    );
    let is_valid = async |token: &Value| {
        let document = "mutation($token: String!) { verifyToken(input: { token: $token }) { isValid } }";
        gateway.anon.data(document, json!({ "token": token })).await["verifyToken"]["isValid"].clone()
    };
    assert_eq!(is_valid(&refreshed["access"]).await, true);
    gateway.anon.mutate("logout", "", refresh.clone()).await;
    for (field, selected, input) in [
        ("refreshToken", "access", refresh.clone()),
        ("logout", "", refresh),
    ] {
        let payload = gateway.anon.payload(field, selected, input).await;
        assert_eq!(
            payload["userErrors"][0]["code"], "INVALID_TOKEN",
            "{field}: {payload}"
        );
    }
    for token in [
        &tokens["access"],
        &refreshed["access"],
        &tokens["refresh"],
        &json!("a.b.c"),
    ] {
        assert_eq!(is_valid(token).await, false, "{token}");
    }
    for (name, password) in [
        ("viewer", "wrong"),
        ("nobody", crate::support::test_database::PASSWORD),
    ] {
        let input = json!({ "username": name, "password": password });
        let payload = gateway
            .anon
            .payload("login", "access viewer { isSuperuser }", input)
            .await;
        assert_eq!(payload["userErrors"][0]["code"], "INVALID_CREDENTIALS", "{name}");
        assert_eq!(
            (&payload["access"], &payload["viewer"]),
            (&Value::Null, &Value::Null)
        );
    }
    assert_eq!(
        gateway.anon.data("{ viewer { groups } }", json!({})).await,
        json!({ "viewer": null })
    );
    // If one field needs a token, no field is executed.
    let (code, _) = gateway
        .anon
        .refusal("{ viewer { groups } brands { totalCount } }", json!({}))
        .await;
    assert_eq!(code, "UNAUTHENTICATED");
}
