//! Automatic persisted queries, trusted documents and introspection.

use async_graphql::value;
use sha2::{Digest as _, Sha256};

use graphql_server::{DocumentRef, ErrorCode, GraphQlRequest, Settings};

use crate::fixture::{Fixture, engine, json, request, settings};

#[tokio::test]
async fn an_operation_is_chosen_by_its_name() {
    let fixture = Fixture::new();
    let text = "query A{top(first:1){id}} query B{top(first:2){id}}";
    let named = |name: &str| GraphQlRequest {
        operation_name: Some(name.to_owned()),
        ..request(text, value!({}))
    };
    let response = fixture
        .engine
        .execute(fixture.prepare_request(named("B")).unwrap())
        .await;
    assert_eq!(json(&response)["data"]["top"].as_array().unwrap().len(), 2);
    let error = fixture.prepare_request(named("C")).err().unwrap();
    assert!(error.errors()[0].message.contains("\"C\""));
}

#[tokio::test]
async fn automatic_persisted_queries() {
    let fixture = Fixture::new();
    let text = "{viewer}";
    let hash: String = Sha256::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let by_hash = |text: Option<&str>, hash: &str| GraphQlRequest {
        document: DocumentRef {
            text: text.map(str::to_owned),
            hash: Some(hash.to_owned()),
            id: None,
        },
        ..GraphQlRequest::default()
    };
    let unknown = fixture.prepare_request(by_hash(None, &hash)).err().unwrap();
    assert_eq!(unknown.code(), ErrorCode::PersistedQueryNotFound);
    assert_eq!(unknown.errors()[0].message, "PersistedQueryNotFound");
    for wrong in [
        by_hash(Some("{a:viewer}"), &hash),
        by_hash(Some(text), "12"),
        by_hash(None, &"zz".repeat(32)),
    ] {
        assert_eq!(
            fixture.prepare_request(wrong).err().unwrap().code(),
            ErrorCode::BadUserInput
        );
    }
    assert!(fixture.prepare_request(by_hash(None, &hash)).is_err());
    assert!(fixture.prepare_request(by_hash(Some(text), &hash)).is_ok());
    assert!(fixture.prepare_request(by_hash(None, &hash)).is_ok());
    assert!(
        fixture
            .prepare_request(by_hash(None, &hash.to_uppercase()))
            .is_ok()
    );
}

#[tokio::test]
async fn only_trusted_documents_are_executed() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("documents.json");
    std::fs::write(&file, r#"{"abc123": "query Viewer { viewer }"}"#).unwrap();
    let settings = Settings {
        trusted_documents: Some(file.clone()),
        trusted_documents_only: true,
        ..settings()
    };
    let fixture = Fixture::with(settings.clone());
    let by = |text: Option<&str>, hash: Option<&str>, id: Option<&str>| {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        GraphQlRequest {
            document: DocumentRef {
                text: owned(text),
                hash: owned(hash),
                id: owned(id),
            },
            ..GraphQlRequest::default()
        }
    };
    assert!(fixture.prepare_request(by(None, Some("abc123"), None)).is_ok());
    assert!(fixture.prepare_request(by(None, None, Some("abc123"))).is_ok());
    assert!(
        fixture
            .prepare_request(by(None, None, Some("sha256:abc123")))
            .is_ok()
    );
    assert!(
        fixture
            .prepare_request(by(Some("query Viewer { viewer }"), None, None))
            .is_ok()
    );
    for other in [
        by(Some("{viewer}"), None, None),
        by(Some("{viewer}"), Some("abc124"), None),
        by(None, None, None),
    ] {
        assert_eq!(
            fixture.prepare_request(other).err().unwrap().code(),
            ErrorCode::PersistedQueryNotFound
        );
    }
    std::fs::write(&file, r#"{"abc123": "{nothing}"}"#).unwrap();
    assert!(engine(settings.clone()).is_err(), "a document that is not valid");
    std::fs::write(&file, "[]").unwrap();
    assert!(engine(settings).is_err(), "not an object");
}

#[tokio::test]
async fn introspection_can_be_disabled() {
    let fixture = Fixture::with(Settings {
        introspection: false,
        ..settings()
    });
    for text in [
        "{__schema{queryType{name}}}",
        "{...F} fragment F on Query{__type(name:\"Thing\"){name}}",
    ] {
        let error = fixture.prepare(text).err().unwrap();
        assert!(error.errors()[0].message.contains("introspection"), "{text}");
    }
    assert_eq!(
        fixture.run("{__typename}", value!({})).await["data"]["__typename"],
        "Query"
    );
}

#[tokio::test]
async fn federation_is_not_shown() {
    let fixture = Fixture::new();
    let text = "query($shown:Boolean!){ viewer __schema @include(if:$shown){ types{name} queryType{fields{name}} } }";
    let response = fixture.run(text, value!({ "shown": true })).await;
    let schema = response["data"]["__schema"].to_string();
    assert!(schema.contains("\"Thing\""), "{response}");
    for name in ["_Any", "_entities", "_Service", "_service"] {
        assert!(!schema.contains(name), "{name}");
    }
    assert!(fixture.prepare("{_service{sdl}}").is_err());
}

#[tokio::test]
async fn typename_is_validated_like_other_fields() {
    let fixture = Fixture::new();
    for (text, data) in [
        (
            "query($x:Boolean!=false){ __typename @skip(if:$x) }",
            r#"{"__typename":"Query"}"#,
        ),
        (
            "query($x:Boolean!=true){ viewer thing(id:2){ id __typename @skip(if:$x) } }",
            r#"{"viewer":null,"thing":{"id":"2"}}"#,
        ),
        (
            "mutation($x:Boolean!=true){ __typename @include(if:$x) }",
            r#"{"__typename":"Mutation"}"#,
        ),
        (
            "query($x:Boolean!=true){ ...F } fragment F on Query{ a:__typename @include(if:$x) @skip(if:false) }",
            r#"{"a":"Query"}"#,
        ),
        (
            "{ items{ ...on Thing{ __typename @skip(if:true) } __typename } }",
            r#"{"items":[{"__typename":"Thing"},{"__typename":"Place"}]}"#,
        ),
    ] {
        let response = fixture.run(text, value!({})).await;
        assert!(response.get("errors").is_none(), "{text}: {response}");
        assert_eq!(response["data"].to_string(), data, "{text}");
    }
    for (text, expected) in [
        ("{ __typename @unknown }", "unknown"),
        ("{ __typename @deprecated }", "deprecated"),
        ("{ __typename @skip }", "if"),
        ("{ __typename @skip(if:$x) }", "x"),
        ("{ __typename @skip(if:true) @skip(if:true) }", "skip"),
        ("{ __typename(x:1) }", "Unknown argument \"x\""),
        ("{ thing(id:2){ __typename(id:2) } }", "Unknown argument \"id\""),
        ("{ a:__typename{ id } }", "must not have a selection"),
        (
            "{ ...F } fragment F on Query{ __typename{ a } }",
            "must not have a selection",
        ),
        ("query($x:Boolean!){ viewer __typename @skip(if:false) }", "x"),
    ] {
        let error = fixture.prepare(text).err().unwrap_or_else(|| panic!("{text}"));
        assert_eq!(error.code(), ErrorCode::BadUserInput, "{text}");
        let message = &error.errors()[0].message;
        assert!(message.contains(expected), "{text}: {message}");
        assert!(!error.errors()[0].locations.is_empty(), "{text}");
    }
}
