//! The engine as async-graphql's `Executor`.

use std::sync::Arc;

use async_graphql::{Data, Executor, Request, Value, Variables, value};
use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};

use crate::fixture::Fixture;
use crate::host::{Caller, TestHost};
use graphql_server::Engine;

async fn execute(engine: &Engine<TestHost>, request: Request) -> serde_json::Value {
    let response = Executor::execute(engine, request).await;
    serde_json::to_value(response).unwrap()
}

#[tokio::test]
async fn the_context_is_the_caller() {
    let engine = Fixture::new().engine;
    let anonymous = execute(&engine, Request::new("{top(first:1){id}}")).await;
    assert_eq!(anonymous["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    let user = Request::new("{top(first:1){id}}").data(Caller::User);
    let expected = serde_json::json!({ "data": { "top": [{ "id": "0" }] } });
    assert_eq!(execute(&engine, user).await, expected);
}

#[tokio::test]
async fn variables_and_names_are_passed_on() {
    let engine = Fixture::new().engine;
    let request = Request::new("query A{viewer} mutation B($n:String){login(name:$n)}")
        .operation_name("B")
        .variables(Variables::from_value(value!({ "n": "ann" })));
    let response = execute(&engine, request).await;
    assert_eq!(response, serde_json::json!({ "data": { "login": "ann" } }));
}

#[tokio::test]
async fn automatic_persisted_queries() {
    let engine = Fixture::new().engine;
    let hash: String = Sha256::digest("{viewer}")
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let request = |text: &str| {
        let mut request = Request::new(text);
        let persisted = value!({ "version": 1, "sha256Hash": hash.clone() });
        request.extensions.insert("persistedQuery".to_owned(), persisted);
        request
    };
    let unknown = execute(&engine, request("")).await;
    assert_eq!(unknown["errors"][0]["message"], "PersistedQueryNotFound");
    for text in ["{viewer}", ""] {
        let response = execute(&engine, request(text)).await;
        assert_eq!(
            response,
            serde_json::json!({ "data": { "viewer": null } }),
            "{text}"
        );
    }
}

#[tokio::test]
async fn streams_take_the_caller_from_the_session() {
    let engine = Fixture::new().engine;
    let mut session = Data::default();
    session.insert(Caller::User);
    let session = Some(Arc::new(session));
    for (text, expected) in [
        (
            "subscription{count(to:2)}",
            vec![value!({ "count": 1 }), value!({ "count": 2 })],
        ),
        ("{top(first:1){even}}", vec![value!({ "top": [{ "even": 0 }] })]),
        ("{nothing}", vec![Value::Null]),
    ] {
        let responses = engine.execute_stream(Request::new(text), session.clone());
        let data: Vec<Value> = responses.map(|response| response.data).collect().await;
        assert_eq!(data, expected, "{text}");
    }
    let responses = engine.execute_stream(Request::new("subscription{count(to:2)}"), None);
    let errors: Vec<usize> = responses.map(|response| response.errors.len()).collect().await;
    assert_eq!(errors, [1]);
    let single = execute(
        &engine,
        Request::new("subscription{count(to:2)}").data(Caller::User),
    )
    .await;
    assert_eq!(single["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
}
