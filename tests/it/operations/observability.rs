//! Logs, request ids and metrics.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::actors::send;
use crate::support::gateway::Gateway;
use crate::support::program::Program;
use crate::support::test_database::PASSWORD;

on_both_databases!(
    each_request_logs_one_line_without_secrets,
    requests_have_ids,
    metrics_count_requests,
    statements_are_counted_per_request,
);

async fn each_request_logs_one_line_without_secrets(gateway: Gateway) {
    let mut program = Program::serve(&gateway.database_url(), &[]).await;
    let manager = program.user("manager").await;
    let login = program
        .line(|line| line["route"] == "/api/v1/authentication/token")
        .await;
    assert_eq!(login["target"], "stockroom::request");
    assert_eq!((&login["status"], &login["user_id"]), (&json!(200), &json!(2)));

    let request = manager
        .request(Method::GET, "products/?search=a-secret-word&page=1")
        .header("x-request-id", "request-7");
    send(request).await.expect(200);
    let line = program.line(|line| line["route"] == "/api/v1/products").await;
    assert_eq!(line["request_id"], "request-7");
    assert_eq!((&line["method"], &line["status"]), (&json!("GET"), &json!(200)));
    assert_eq!(
        (&line["user_id"], &line["client"]),
        (&json!(2), &json!("127.0.0.1"))
    );
    assert!(line["statements"].as_u64().expect("a number") >= 2, "{line}");
    assert!(line["duration_us"].as_u64().expect("a number") > 0, "{line}");

    program.anon().get("/nowhere/a-secret-word").await.expect(404);
    let line = program.line(|line| line["target"] == "stockroom::request").await;
    assert_eq!((&line["route"], &line["status"]), (&json!(""), &json!(404)));
    assert_eq!(line["user_id"], Value::Null);
    manager
        .get("brands/99/")
        .await
        .expect_body(404, r#"{"detail":"Not found."}"#);
    let line = program.line(|line| line["target"] == "stockroom::request").await;
    assert_eq!(line["route"], "/api/v1/brands/{id}");
    manager
        .post("brands/", json!({ "name": "a-secret-word" }))
        .await
        .expect(201);

    program.terminate();
    assert!(program.wait_for_exit().await.success());
    let rest = program.remaining_log().await;
    let lines: Vec<_> = rest
        .iter()
        .filter(|line| line.contains("stockroom::request"))
        .collect();
    assert_eq!(lines.len(), 1, "{rest:#?}");
    let token = manager.token.expect("a token");
    for line in &rest {
        for secret in ["a-secret-word", PASSWORD, &token] {
            assert!(!line.contains(secret), "{line}");
        }
    }
}

async fn requests_have_ids(gateway: Gateway) {
    let send_with_id = |id: &'static str| {
        let request = gateway.viewer.request(Method::GET, "brands/");
        send(request.header("x-request-id", id))
    };
    assert_eq!(
        send_with_id("from-the-proxy.1").await.header("x-request-id"),
        Some("from-the-proxy.1")
    );
    let replaced = send_with_id("two words\" and a quote").await;
    let id = replaced.header("x-request-id").expect("an id");
    assert!(
        id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{id}"
    );
    // Responses with errors have ids as well, all different.
    let [one, other] = [
        gateway.anon.get("brands/").await,
        gateway.anon.get("/nowhere").await,
    ];
    assert_ne!(
        one.header("x-request-id").expect("an id"),
        other.header("x-request-id").expect("an id")
    );
}

async fn metrics_count_requests(gateway: Gateway) {
    let product = gateway.manager.product("Tea", 5).await;
    let outflow = |quantity: i64| json!({ "product": product, "quantity": quantity });
    gateway.manager.post("outflows/", outflow(2)).await.expect(201);
    gateway.manager.post("outflows/", outflow(1)).await.expect(201);
    gateway.manager.post("outflows/", outflow(99)).await.expect(422);
    for password in [PASSWORD, "wrong", "wrong"] {
        let login = json!({ "username": "viewer", "password": password });
        gateway.anon.post("authentication/token/", login).await;
    }
    gateway.anon.get("/nowhere/else").await.expect(404);

    let response = gateway.anon.get("/metrics").await;
    assert_eq!(
        response.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    let labels = |method: &str, route: &str, status: u16| {
        format!(
            "http_server_request_duration_seconds_count{{http_request_method=\"{method}\",http_route=\"{route}\",http_response_status_code=\"{status}\"}}"
        )
    };
    for (name, count) in [
        (labels("POST", "/api/v1/outflows", 201), 2),
        (labels("POST", "/api/v1/outflows", 422), 1),
        (labels("POST", "/api/v1/authentication/token", 401), 2),
        (labels("GET", "", 404), 1),
        ("stockroom_movements_total{kind=\"outflow\"}".to_owned(), 2),
        ("stockroom_movements_total{kind=\"inflow\"}".to_owned(), 0),
        ("stockroom_logins_total{outcome=\"success\"}".to_owned(), 1),
        ("stockroom_logins_total{outcome=\"failure\"}".to_owned(), 2),
        // The request for the metrics itself.
        (
            "http_server_active_requests{http_request_method=\"GET\"}".to_owned(),
            1,
        ),
        (
            "http_server_active_requests{http_request_method=\"POST\"}".to_owned(),
            0,
        ),
        ("stockroom_panics_total".to_owned(), 0),
    ] {
        let line = format!("{name} {count}");
        assert!(
            response.text.lines().any(|found| found == line),
            "{line}\nis not in\n{}",
            response.text
        );
    }
    let count: u64 = response
        .text
        .lines()
        .find_map(|line| line.strip_prefix("stockroom_db_statements_total "))
        .and_then(|count| count.parse().ok())
        .expect("a count");
    assert_eq!(count, gateway.services.db.statements());
}

async fn statements_are_counted_per_request(gateway: Gateway) {
    let mut program = Program::serve(&gateway.database_url(), &[]).await;
    let manager = program.user("manager").await;
    let product = manager.product("Tea", 5).await;
    let outflow = json!({ "product": product, "quantity": 1 });
    manager.post("outflows/", outflow.clone()).await.expect(201);
    // The expected number is that of the same request while no other request runs.
    let (counted, _) = {
        let warm = gateway.manager.post("outflows/", outflow.clone()).await;
        warm.expect(201);
        gateway
            .count_statements(gateway.manager.post("outflows/", outflow))
            .await
    };
    let line = program
        .line(|line| line["route"] == "/api/v1/outflows" && line["method"] == "POST")
        .await;
    assert_eq!(line["statements"].as_u64(), Some(counted), "{line}");
    // One statement for the user, and at least one for the movement.
    assert!(counted >= 2, "{counted}");
}
