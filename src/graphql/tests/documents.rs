//! Which document is meant, and which are served at all.

use async_graphql::value;
use sha2::{Digest as _, Sha256};

use super::super::document_store::Wanted;
use super::super::engine::{Engine, GraphQlRequest, Settings};
use super::{Bench, Events, Mutation, Query, asking, json};

#[tokio::test]
async fn an_operation_is_chosen_by_its_name() {
    let bench = Bench::new().await;
    let text = "query A{top(first:1){id}} query B{top(first:2){id}}";
    let named = |name: &str| GraphQlRequest {
        operation_name: Some(name.to_owned()),
        ..asking(text, value!({}))
    };
    let answer = bench.engine.execute(bench.ask(named("B")).unwrap()).await;
    assert_eq!(json(&answer)["data"]["top"].as_array().unwrap().len(), 2);
    let refusal = bench.ask(named("C")).err().unwrap();
    assert!(refusal.errors[0].message.contains("\"C\""));
}

#[tokio::test]
async fn documents_go_by_their_hashes() {
    let bench = Bench::new().await;
    let text = "{viewer}";
    let hash: String = Sha256::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let wanted = |text: Option<&str>, hash: &str| GraphQlRequest {
        wanted: Wanted {
            text: text.map(str::to_owned),
            hash: Some(hash.to_owned()),
            id: None,
        },
        ..GraphQlRequest::default()
    };
    let unknown = bench.ask(wanted(None, &hash)).err().unwrap();
    assert_eq!(unknown.code, "PERSISTED_QUERY_NOT_FOUND");
    assert_eq!(unknown.errors[0].message, "PersistedQueryNotFound");
    for wrong in [
        wanted(Some("{a:viewer}"), &hash),
        wanted(Some(text), "12"),
        wanted(None, &"zz".repeat(32)),
    ] {
        assert_eq!(bench.ask(wrong).err().unwrap().code, "BAD_USER_INPUT");
    }
    assert!(bench.ask(wanted(None, &hash)).is_err());
    assert!(bench.ask(wanted(Some(text), &hash)).is_ok());
    assert!(bench.ask(wanted(None, &hash)).is_ok());
    assert!(bench.ask(wanted(None, &hash.to_uppercase())).is_ok());
}

#[tokio::test]
async fn only_trusted_documents_may_be_all_there_are() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("documents.json");
    std::fs::write(&file, r#"{"abc123": "query Known { viewer }"}"#).unwrap();
    let settings = Settings {
        introspection: true,
        documents: Some(&file),
        documents_only: true,
        is_of_scalar: |_, _| true,
    };
    let bench = Bench::with(settings).await;
    let wanted = |wanted| GraphQlRequest {
        wanted,
        ..GraphQlRequest::default()
    };
    let by = |text: Option<&str>, hash: Option<&str>, id: Option<&str>| {
        let own = |text: Option<&str>| text.map(str::to_owned);
        wanted(Wanted {
            text: own(text),
            hash: own(hash),
            id: own(id),
        })
    };
    assert!(bench.ask(by(None, Some("abc123"), None)).is_ok());
    assert!(bench.ask(by(None, None, Some("abc123"))).is_ok());
    assert!(bench.ask(by(None, None, Some("sha256:abc123"))).is_ok());
    assert!(bench.ask(by(Some("query Known { viewer }"), None, None)).is_ok());
    for other in [
        by(Some("{viewer}"), None, None),
        by(Some("{viewer}"), Some("abc124"), None),
        by(None, None, None),
    ] {
        assert_eq!(bench.ask(other).err().unwrap().code, "PERSISTED_QUERY_NOT_FOUND");
    }
    std::fs::write(&file, r#"{"abc123": "{nothing}"}"#).unwrap();
    let build = || async_graphql::Schema::build(Query, Mutation, Events);
    assert!(
        Engine::new(build, settings).is_err(),
        "a document that is not valid"
    );
    std::fs::write(&file, "[]").unwrap();
    assert!(Engine::new(build, settings).is_err(), "not an object");
}

#[tokio::test]
async fn introspection_may_be_switched_off() {
    let bench = Bench::with(Settings {
        introspection: false,
        documents: None,
        documents_only: false,
        is_of_scalar: |_, _| true,
    })
    .await;
    for text in [
        "{__schema{queryType{name}}}",
        "{...F} fragment F on Query{__type(name:\"Thing\"){name}}",
    ] {
        let refusal = bench.prepare(text).err().unwrap();
        assert!(refusal.errors[0].message.contains("introspection"), "{text}");
    }
    assert_eq!(
        bench.run("{__typename}", value!({})).await["data"]["__typename"],
        "Query"
    );
}
