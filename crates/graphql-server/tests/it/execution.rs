//! Merged selections, null propagation and the order of keys.

use async_graphql::{Value, value};
use futures_util::StreamExt as _;

use crate::fixture::{Fixture, json};

/// Runs documents and compares their data as text, which includes the order of keys.
async fn check_data(fixture: &Fixture, cases: &[(&str, Value, &str)]) {
    for (text, variables, data) in cases {
        // The second run uses the cached document.
        for _ in 0..2 {
            let response = fixture.run(text, variables.clone()).await;
            assert_eq!(
                response["data"].to_string(),
                *data,
                "{text} {variables}: {response}"
            );
        }
    }
}

#[tokio::test]
async fn selections_with_the_same_key_are_merged() {
    let fixture = Fixture::new();
    let x = |x: bool| value!({ "x": x });
    let conditional = "query($x:Boolean!){ a:thing(id:2){id} a:thing(id:2) @include(if:$x){even} }";
    let spread = "query($x:Boolean!){ ...F @skip(if:$x) ...F } fragment F on Query{ thing(id:2){id} }";
    check_data(
        &fixture,
        &[
            (
                "{ a:thing(id:2){id} b:viewer a:thing(id:2){even} }",
                value!({}),
                r#"{"a":{"id":"2","even":2},"b":null}"#,
            ),
            (
                "{ thing(id:2){ other{id} tags other{even:id} ...F } } fragment F on Thing{ other{same{id}} }",
                value!({}),
                r#"{"thing":{"other":{"id":"3","even":"3","same":{"id":"3"}},"tags":["a"]}}"#,
            ),
            (
                "{ ...F ...F ...on Query{ thing(id:2){even} } } fragment F on Query{ thing(id:2){id} }",
                value!({}),
                r#"{"thing":{"id":"2","even":2}}"#,
            ),
            (
                "{ things(first:2){ nodes{id} nodes{same{id}} } }",
                value!({}),
                r#"{"things":{"nodes":[{"id":"0","same":{"id":"0"}},{"id":"1","same":{"id":"1"}}]}}"#,
            ),
            (conditional, x(true), r#"{"a":{"id":"2","even":2}}"#),
            (conditional, x(false), r#"{"a":{"id":"2"}}"#),
            (spread, x(true), r#"{"thing":{"id":"2"}}"#),
            (spread, x(false), r#"{"thing":{"id":"2"}}"#),
            (
                "{ items{ ...on Thing{same{id}} ...on Place{name same{even}} id ...on Item{viewer:id @skip(if:true) id} \
                 ...on Thing{same{tags}} __typename } }",
                value!({}),
                r#"{"items":[{"same":{"id":"1","tags":["a"]},"id":"1","__typename":"Thing"},{"name":"here","same":{"even":0},"id":"0","__typename":"Place"}]}"#,
            ),
            (
                "query($n:ID){ a:thing(id:$n){id} a:thing(id:$n){even} }",
                value!({}),
                r#"{"a":null}"#,
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_mutation_runs_once_for_each_key() {
    let fixture = Fixture::new();
    let prepared = fixture
        .prepare("mutation{ a:count b:count a:count ...F } fragment F on Mutation{ b:count }")
        .unwrap();
    let response = json(&fixture.engine.execute(prepared).await);
    assert_eq!(response.to_string(), r#"{"data":{"a":1,"b":2}}"#);
}

#[tokio::test]
async fn an_object_without_selected_fields_is_empty() {
    let fixture = Fixture::new();
    let x = |x: bool| value!({ "x": x });
    let inside = "query($x:Boolean!){ thing(id:2){ id @include(if:$x) ...F @include(if:$x) } } fragment F on Thing{ even }";
    let above = "query($x:Boolean!){ ...on Query @include(if:$x){ viewer } }";
    check_data(
        &fixture,
        &[
            (inside, x(true), r#"{"thing":{"id":"2","even":2}}"#),
            (inside, x(false), r#"{"thing":{}}"#),
            (above, x(true), r#"{"viewer":null}"#),
            (above, x(false), "{}"),
            ("{ viewer @skip(if:true) }", value!({}), "{}"),
            (
                "{ thing(id:2){ tags @include(if:false) } }",
                value!({}),
                r#"{"thing":{}}"#,
            ),
            (
                "{ thing{ tags @include(if:false) } }",
                value!({}),
                r#"{"thing":null}"#,
            ),
            (
                "{ items{ ...on Place{name} } }",
                value!({}),
                r#"{"items":[{},{"name":"here"}]}"#,
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn selections_with_the_same_key_must_not_differ() {
    let fixture = Fixture::new();
    for text in [
        "{ a:thing(id:1){id} a:viewer }",
        "{ thing(id:1){id} thing(id:2){id} }",
        "{ thing(id:1){id} ...on Query{ thing(id:2){id} } }",
        "{ thing(id:1){id} thing{id} }",
        "{ thing(id:1){a:id} thing(id:1){a:even} }",
        "{ thing(id:1){same{a:id}} ...F } fragment F on Query{ thing(id:1){same{a:even}} }",
        "{ items{ id ...on Thing{ id:even } } }",
        // No object has both fields, but a client could not read the value without its type.
        "{ items{ ...on Thing{ a:even } ...on Place{ a:name } } }",
        "{ items{ ...on Thing{ a:even } ...on Place{ a:id } } }",
        "{ items{ ...on Thing{ same{a:id} } ...on Place{ same{a:even} } } }",
        "query($x:Boolean!){ a:thing(id:1) @skip(if:$x){id} a:thing(id:2) @include(if:$x){id} }",
    ] {
        let response = fixture.run(text, value!({ "x": true })).await;
        assert!(response.get("data").is_none(), "{text}: {response}");
        assert_eq!(
            response["errors"][0]["extensions"]["code"], "BAD_USER_INPUT",
            "{response}"
        );
        assert!(!response["errors"][0]["locations"].is_null(), "{response}");
    }
    let differs =
        "{ a:thing(id:1){id} items{ ...on Thing{ a:even b:same{id} } ...on Place{ b:same{even} } } }";
    assert!(
        fixture.run(differs, value!({})).await["data"]["items"][0].is_null(),
        "the document is valid, but `even` fails for the first object"
    );
}

#[tokio::test]
async fn failures_propagate_to_the_nearest_nullable_parent() {
    let fixture = Fixture::new();
    for (text, data, errors) in [
        (
            "{ thing(id:1){ id even } viewer }",
            r#"{"thing":null,"viewer":null}"#,
            1,
        ),
        (
            "{ thing(id:1){ even } viewer }",
            r#"{"thing":null,"viewer":null}"#,
            1,
        ),
        (
            "{ thing(id:2){ id other{ id even } tags } }",
            r#"{"thing":{"id":"2","other":null,"tags":["a"]}}"#,
            1,
        ),
        (
            "{ thing(id:1){ same{ same{ id even } } } viewer }",
            r#"{"thing":null,"viewer":null}"#,
            1,
        ),
        (
            "{ thing(id:1){ id p:nullableEven tags } }",
            r#"{"thing":{"id":"1","p":null,"tags":["a"]}}"#,
            1,
        ),
        (
            "{ thing(id:1){ nullableEven } }",
            r#"{"thing":{"nullableEven":null}}"#,
            1,
        ),
        (
            "{ thing(id:1){ a:nullableEven b:nullableEven } }",
            r#"{"thing":{"a":null,"b":null}}"#,
            2,
        ),
        (
            "{ thing(id:1){ same{ a:nullableEven } b:nullableEven } }",
            r#"{"thing":{"same":{"a":null},"b":null}}"#,
            2,
        ),
        (
            "{ things(first:3){ totalCount nodes{ id even } } }",
            r#"{"things":null}"#,
            1,
        ),
        (
            "{ things(first:5){ nodes{ even } } viewer }",
            r#"{"things":null,"viewer":null}"#,
            2,
        ),
        (
            "{ things(first:2){ nodes{ nullableEven id } } }",
            r#"{"things":{"nodes":[{"nullableEven":0,"id":"0"},{"nullableEven":null,"id":"1"}]}}"#,
            1,
        ),
        (
            "{ top(first:2){ other{ even id } } }",
            r#"{"top":[{"other":null},{"other":{"even":2,"id":"2"}}]}"#,
            1,
        ),
        ("{ top(first:2){ even } viewer }", "null", 1),
        (
            "{ items{ ...on Thing{ id nullableEven } } }",
            r#"{"items":[{"id":"1","nullableEven":null},{}]}"#,
            1,
        ),
        // The order of keys is that of the object's own type.
        (
            "{ items{ ...on Place{ b:id a:id } ...on Thing{ nullableEven a:id b:id } } }",
            r#"{"items":[{"nullableEven":null,"a":"1","b":"1"},{"b":"0","a":"0"}]}"#,
            1,
        ),
        (
            "{ items{ ...P ...T id } } fragment P on Place{ id name } fragment T on Thing{ x:nullableEven ...on Item{ y:id } }",
            r#"{"items":[{"x":null,"y":"1","id":"1"},{"id":"0","name":"here"}]}"#,
            1,
        ),
        ("{ items{ ...on Place{ name } ...on Thing{ even } } }", "null", 1),
        (
            "{ ...F } fragment F on Query{ x:thing(id:1){ ...G } } fragment G on Thing{ even }",
            r#"{"x":null}"#,
            1,
        ),
        (
            "{ x:thing(id:1){ id } x:thing(id:1){ even } viewer }",
            r#"{"x":null,"viewer":null}"#,
            1,
        ),
    ] {
        let response = fixture.run(text, value!({})).await;
        assert_eq!(response["data"].to_string(), data, "{text}: {response}");
        assert_eq!(
            response["errors"].as_array().unwrap().len(),
            errors,
            "{text}: {response}"
        );
        assert_eq!(
            response["errors"][0]["message"], "It is odd.",
            "{text}: {response}"
        );
        assert!(response["errors"][0]["path"].is_array(), "{text}: {response}");
    }
}

#[tokio::test]
async fn failures_propagate_in_events() {
    let fixture = Fixture::new();
    for (text, expected) in [
        (
            "subscription{ things{ even } }",
            [r#"{"things":{"even":0}}"#, "null"],
        ),
        (
            "subscription{ ...on Events{ t:things{ id } } t:things{ nullableEven } }",
            [
                r#"{"t":{"id":"0","nullableEven":0}}"#,
                r#"{"t":{"id":"1","nullableEven":null}}"#,
            ],
        ),
        (
            "subscription{ things{ other{ even } } }",
            [
                r#"{"things":{"other":null}}"#,
                r#"{"things":{"other":{"even":2}}}"#,
            ],
        ),
    ] {
        let events = fixture.engine.subscribe(fixture.prepare(text).unwrap());
        let events: Vec<String> = events
            .map(|response| json(&response)["data"].to_string())
            .collect()
            .await;
        assert_eq!(events, expected, "{text}");
    }
}

#[tokio::test]
async fn concurrent_fields_are_in_the_order_of_the_document() {
    let fixture = Fixture::new();
    for (text, data) in [
        (
            "{ concurrent{ slow quick:slow(yields:0) __typename medium:slow(yields:1) } }",
            r#"{"concurrent":{"slow":3,"quick":0,"__typename":"ConcurrentFields","medium":1}}"#,
        ),
        (
            "{ concurrent{ slow fails a:slow(yields:0) } viewer }",
            r#"{"concurrent":{"slow":3,"fails":null,"a":0},"viewer":null}"#,
        ),
        (
            "{ concurrent{ a:fails ...F } } fragment F on ConcurrentFields{ slow b:fails c:slow(yields:0) }",
            r#"{"concurrent":{"a":null,"slow":3,"b":null,"c":0}}"#,
        ),
        (
            "{ concurrent{ slow failsNonNull b:slow(yields:0) } viewer }",
            r#"{"concurrent":null,"viewer":null}"#,
        ),
    ] {
        let response = fixture.run(text, value!({})).await;
        assert_eq!(response["data"].to_string(), data, "{text}: {response}");
    }
}
