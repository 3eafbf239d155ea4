//! How a request selects its document (by text, by hash, or by the id of a trusted document) and its operation.

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::graphql::http::{code, get};
use crate::support::gateway::Gateway;

on_both_databases![
    operations_are_selected_by_name,
    persisted_queries_are_found_by_hash,
    only_trusted_documents_run_when_configured,
    introspection_can_be_switched_off,
];

async fn operations_are_selected_by_name(gateway: Gateway) {
    let document = "query A { a: __typename } query B { b: __typename }";
    let send_with_name = async |name: Value| {
        let body = json!({ "query": document, "operationName": name });
        gateway
            .viewer
            .raw(Method::POST, "/graphql", body.to_string())
            .await
    };
    assert_eq!(
        send_with_name(json!("B")).await.expect(200),
        json!({ "data": { "b": "Query" } })
    );
    for name in [json!("C"), Value::Null, json!(""), json!("x".repeat(10_000))] {
        let refused = send_with_name(name).await;
        assert_eq!(code(&refused), "BAD_USER_INPUT");
        assert!(refused.text.len() < 1_000, "{}", refused.text.len());
    }
    for document in [
        "query A { __typename } query A { __typename }",
        "query A { __typename } { __typename }",
        "fragment F on Query { __typename }",
    ] {
        assert_eq!(
            gateway.viewer.refusal(document, json!({})).await.0,
            "BAD_USER_INPUT",
            "{document}"
        );
    }
}

fn hash(text: &str) -> String {
    Sha256::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

async fn persisted_queries_are_found_by_hash(gateway: Gateway) {
    let text = "query Persisted { __typename }";
    let send = async |text: Option<&str>, hash: &str| {
        let body = json!({ "query": text, "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } } });
        gateway
            .viewer
            .raw(Method::POST, "/graphql", body.to_string())
            .await
    };
    let unknown = send(None, &hash(text)).await;
    assert_eq!(
        (&*code(&unknown), &unknown.json()["errors"][0]["message"]),
        ("PERSISTED_QUERY_NOT_FOUND", &json!("PersistedQueryNotFound"))
    );
    assert_eq!(
        code(&send(Some(text), &hash("{ other }")).await),
        "BAD_USER_INPUT"
    );
    assert_eq!(code(&send(None, &hash(text)).await), "PERSISTED_QUERY_NOT_FOUND");
    let data = json!({ "data": { "__typename": "Query" } });
    assert_eq!(send(Some(text), &hash(text)).await.expect(200), data);
    assert_eq!(send(None, &hash(text)).await.expect(200), data);
    let extensions = format!(
        r#"{{"persistedQuery":{{"version":1,"sha256Hash":"{}"}}}}"#,
        hash(text)
    );
    assert_eq!(
        get(&gateway, &[("extensions", &extensions)]).await.expect(200),
        data
    );
    // An invalid document is not stored.
    assert_eq!(
        code(&send(Some("{ nothing }"), &hash("{ nothing }")).await),
        "BAD_USER_INPUT"
    );
    assert_eq!(
        code(&send(None, &hash("{ nothing }")).await),
        "PERSISTED_QUERY_NOT_FOUND"
    );
    let newer_version = r#"{"persistedQuery":{"version":2,"sha256Hash":"00"}}"#;
    assert_eq!(
        code(&get(&gateway, &[("extensions", newer_version)]).await),
        "BAD_USER_INPUT"
    );
}

async fn only_trusted_documents_run_when_configured(gateway: Gateway) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("persisted-documents.json");
    let text = "query Known($id: ID!) { brand(id: $id) { __typename name } }";
    std::fs::write(
        &file,
        json!({ hash(text): text, "short": "{ __typename }" }).to_string(),
    )
    .unwrap();
    let path = file.to_str().unwrap();
    let gateway = gateway
        .restart_with(&["--graphql-documents", path, "--graphql-documents-only", "true"])
        .await;
    gateway
        .root
        .make(stockroom::kind::Kind::Brand, json!({ "name": "Known" }))
        .await;
    let variables = json!({ "id": 1 });
    for request in [
        json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash(text) } }, "variables": variables }),
        json!({ "documentId": hash(text), "variables": variables }),
        json!({ "documentId": format!("sha256:{}", hash(text)), "variables": variables }),
        json!({ "query": text, "variables": variables }),
    ] {
        let response = gateway
            .viewer
            .raw(Method::POST, "/graphql", request.to_string())
            .await;
        assert_eq!(
            response.expect(200),
            json!({ "data": { "brand": { "__typename": "Brand", "name": "Known" } } })
        );
    }
    for request in [
        json!({ "query": "{ __typename } " }),
        json!({ "query": format!("{text} "), "variables": variables }),
        json!({ "documentId": "unknown" }),
        json!({ "query": "{ viewer { groups } }", "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash("{ viewer { groups } }") } } }),
    ] {
        let response = gateway
            .viewer
            .raw(Method::POST, "/graphql", request.to_string())
            .await;
        assert_eq!(code(&response), "PERSISTED_QUERY_NOT_FOUND", "{request}");
    }
}

async fn introspection_can_be_switched_off(gateway: Gateway) {
    let schema = "{ __schema { queryType { name } } }";
    let data = gateway.anon.data(schema, json!({})).await;
    assert_eq!(data["__schema"]["queryType"]["name"], "Query");
    let gateway = gateway.restart_with(&["--graphql-introspection", "false"]).await;
    for document in [
        schema,
        "{ a: __type(name: \"Brand\") { name } }",
        "{ ...F } fragment F on Query { ...on Query { __schema { description } } }",
    ] {
        let (code, message) = gateway.root.refusal(document, json!({})).await;
        assert!(
            code == "BAD_USER_INPUT" && message.contains("introspection"),
            "{document}: {code} {message}"
        );
    }
    assert_eq!(
        gateway
            .root
            .data("{ __typename brands { __typename } }", json!({}))
            .await["brands"]["__typename"],
        "BrandConnection"
    );
}
