//! Traces by OTLP: a span for each request, its operation and its statements, without values and secrets.

use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::trace::v1::Span;
use reqwest::Method;
use serde_json::json;

use crate::support::actors::send;
use crate::support::gateway::Gateway;
use crate::support::program::Program;
use crate::support::test_database::PASSWORD;
use crate::support::trace_collector::{Collector, attribute};
use crate::support::webhook_receiver::{Receiver, SECRET};

on_both_databases!(
    a_request_and_its_statements_form_one_trace,
    operations_are_named_without_their_variables,
    webhooks_are_traced,
    requests_are_not_delayed_by_an_unreachable_collector,
);

fn database(gateway: &Gateway) -> &'static str {
    if gateway.database_url().starts_with("sqlite") {
        "sqlite"
    } else {
        "postgresql"
    }
}

/// Asserts that the spans describe statements of this database system, without values.
#[track_caller]
fn assert_statements(spans: &[&Span], system: &str) {
    assert!(!spans.is_empty());
    for span in spans {
        assert_eq!(attribute(span, "db.system.name"), system);
        let text = attribute(span, "db.query.text");
        assert!(!text.is_empty() && !text.contains("a-secret-word"), "{text}");
        assert_eq!(attribute(span, "db.query.summary"), span.name);
        assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
    }
}

async fn a_request_and_its_statements_form_one_trace(gateway: Gateway) {
    let collector = Collector::start().await;
    let endpoint = collector.endpoint();
    let settings = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint)];
    let mut program = Program::serve(&gateway.database_url(), &settings).await;
    let manager = program.user("manager").await;
    let token = manager.token.clone().expect("a token");
    manager.product("A-SECRET-WORD", 1).await;
    let request = manager
        .request(Method::GET, "products/?search=a-secret-word")
        .header(
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        )
        .header("x-request-id", "request-7");
    send(request).await.expect(200);
    let line = program.line(|line| line["request_id"] == "request-7").await;
    assert_eq!(line["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    let brand = json!({ "name": "a-secret-word" });
    manager.post("brands/", brand.clone()).await.expect(201);
    program.anon().post("brands/", brand).await.expect(401);
    // A request is not traced if its `traceparent` is not sampled.
    let untraced = manager.request(Method::GET, "suppliers/").header(
        "traceparent",
        "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
    );
    send(untraced).await.expect(200);
    // Pending spans are exported at shutdown.
    program.terminate();
    assert!(program.wait_for_exit().await.success());

    let collected = collector.collected();
    assert!(collected.paths.iter().all(|path| path == "/v1/traces") && !collected.paths.is_empty());
    let name = ("service.name".to_owned(), "stockroom".to_owned());
    assert!(collected.resource.contains(&name), "{:?}", collected.resource);
    let reads = collected.named("GET /api/v1/products");
    assert_eq!(reads.len(), 1);
    let read = reads[0];
    assert_eq!(
        read.trace_id,
        0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128.to_be_bytes()
    );
    assert_eq!(read.parent_span_id, 0xb7ad_6b71_6920_3331_u64.to_be_bytes());
    for (name, expected) in [
        ("http.request.method", "GET"),
        ("http.route", "/api/v1/products"),
        ("http.response.status_code", "200"),
        ("stockroom.request_id", "request-7"),
        ("error.type", ""),
    ] {
        assert_eq!(attribute(read, name), expected, "{name}");
    }
    assert_statements(&collected.children(read), database(&gateway));
    let names: Vec<&str> = collected.children(read).iter().map(|span| &*span.name).collect();
    assert!(names.contains(&"SELECT product"), "{names:?}");

    let writes = collected.named("POST /api/v1/brands");
    assert_eq!(writes.len(), 3);
    let write = writes
        .iter()
        .find(|span| attribute(span, "http.response.status_code") == "201")
        .expect("the span of the created brand");
    assert!(write.parent_span_id.is_empty());
    let statements = collected.children(write);
    assert_statements(&statements, database(&gateway));
    assert!(
        statements.iter().any(|span| span.name == "INSERT brand"),
        "{statements:?}"
    );
    assert_eq!(collected.named("GET /api/v1/suppliers").len(), 0);
    for secret in ["a-secret-word", PASSWORD, &*token] {
        assert!(!collected.contains(secret), "{secret}");
    }
}

async fn operations_are_named_without_their_variables(gateway: Gateway) {
    let collector = Collector::start().await;
    let flags = [
        "--otel-exporter-otlp-traces-endpoint",
        &format!("{}/own/path", collector.endpoint()),
    ];
    let gateway = gateway.restart_with(&flags).await;
    let query = "query Find($search: String) { products(first: 3, search: $search) { nodes { title brand { name } } } }";
    let response = gateway
        .viewer
        .gql(query, json!({ "search": "a-secret-word" }))
        .await;
    assert_eq!(response.json()["errors"], json!(null), "{}", response.text);
    gateway
        .viewer
        .gql(
            "mutation Make { createBrand(input: {name: \"x\"}) { brand { id } } }",
            json!({}),
        )
        .await;
    let system = database(&gateway);
    gateway.stop().await;

    let collected = collector.collected();
    assert!(
        collected.paths.iter().all(|path| path == "/own/path"),
        "{:?}",
        collected.paths
    );
    let found = collected.named("query Find");
    assert_eq!(found.len(), 1);
    assert_eq!(attribute(found[0], "graphql.operation.name"), "Find");
    assert_eq!(attribute(found[0], "graphql.operation.type"), "query");
    assert_statements(&collected.children(found[0]), system);
    let requests = collected.named("POST /graphql");
    assert!(
        requests
            .iter()
            .any(|request| request.span_id == found[0].parent_span_id)
    );
    let refused = collected.named("mutation Make");
    assert_eq!(refused.len(), 1);
    assert_eq!(attribute(refused[0], "error.type"), "FORBIDDEN");
    assert!(!collected.contains("a-secret-word"));
}

async fn webhooks_are_traced(gateway: Gateway) {
    let (collector, receiver) = (Collector::start().await, Receiver::start().await);
    let (endpoint, url) = (collector.endpoint(), receiver.url());
    let settings = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
        ("OTEL_SERVICE_NAME", "shop"),
        ("WEBHOOK_ENABLED", "true"),
        ("WEBHOOK_URL", &*url),
        ("WEBHOOK_SECRET", SECRET),
        ("WEBHOOK_ALLOW_PRIVATE", "true"),
    ];
    let program = Program::serve(&gateway.database_url(), &settings).await;
    let manager = program.user("manager").await;
    let product = manager.product("Tea", 100).await;
    let outflow = json!({ "product": product, "quantity": 1 });
    manager.post("outflows/", outflow).await.expect(201);
    let message = receiver.wait_for(1).await[0].id().to_owned();
    let collected = collector
        .until(|collected| !collected.named("POST").is_empty())
        .await;
    let span = collected.named("POST")[0];
    assert_eq!(attribute(span, "stockroom.webhook.id"), message);
    assert_eq!(attribute(span, "stockroom.webhook.event"), "outflow.created");
    assert_eq!(attribute(span, "http.response.status_code"), "204");
    assert_eq!(attribute(span, "server.address"), "127.0.0.1");
    assert!(
        collected
            .resource
            .contains(&("service.name".to_owned(), "shop".to_owned()))
    );
    for secret in [SECRET, "/hook?from"] {
        assert!(!collected.contains(secret), "{secret}");
    }
}

async fn requests_are_not_delayed_by_an_unreachable_collector(gateway: Gateway) {
    // The collector accepts connections and never responds.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let endpoint = format!("http://{}", silent.local_addr().expect("an address"));
    let settings = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
        ("RUST_LOG", "warn,stockroom::cli=info"),
    ];
    let mut program = Program::serve(&gateway.database_url(), &settings).await;
    let manager = program.user("manager").await;
    let before = program.memory();
    let begin = Instant::now();
    let mut longest = Duration::ZERO;
    for _ in 0..1_000 {
        let begin = Instant::now();
        manager.get("brands/").await.expect(200);
        longest = longest.max(begin.elapsed());
    }
    let growth = program.memory().saturating_sub(before);
    println!(
        "the longest of 1,000 took {longest:?}, all {:?}, memory grew by {growth}",
        begin.elapsed()
    );
    assert!(longest < Duration::from_secs(2), "{longest:?}");
    assert!(growth < 64 * 1024 * 1024, "{growth}");
    let begin = Instant::now();
    program.terminate();
    assert!(program.wait_for_exit().await.success());
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
}
