//! Request errors, and the arguments that resolvers receive.

use async_graphql::value;
use futures_util::stream::StreamExt as _;
use graphql_server::ErrorCode;

use crate::fixture::{Fixture, json, request};
use crate::host::Caller;

#[tokio::test]
async fn absent_variables_are_not_passed_as_null() {
    let fixture = Fixture::new();
    for (text, variables, expected) in [
        ("mutation($n:String){change(name:$n)}", value!({}), "nothing"),
        (
            "mutation($n:String){change(name:$n)}",
            value!({"n": null}),
            "null",
        ),
        ("mutation($n:String){change(name:$n)}", value!({"n": "x"}), "x"),
        ("mutation($n:String=\"d\"){change(name:$n)}", value!({}), "d"),
        (
            "mutation($n:String=\"d\"){change(name:$n)}",
            value!({"n": null}),
            "null",
        ),
        (
            "mutation($n:String){change(input:{id:1,name:$n})}",
            value!({}),
            "nothing",
        ),
        (
            "mutation($n:String){change(input:{id:1,name:$n})}",
            value!({"n": null}),
            "null",
        ),
        (
            "mutation($n:String){change(input:{id:1,inner:{id:2,name:$n}})}",
            value!({}),
            "nothing",
        ),
        (
            "mutation($n:String){...F} fragment F on Mutation{change(input:{id:1,name:$n})}",
            value!({}),
            "nothing",
        ),
        (
            "mutation($i:Change){change(input:$i)}",
            value!({"i": {"id": 1}}),
            "nothing",
        ),
        (
            "mutation($i:Change){change(input:$i)}",
            value!({"i": {"id": 1, "name": null}}),
            "null",
        ),
        (
            "mutation($i:Change){change(input:$i, name:\"y\")}",
            value!({}),
            "y",
        ),
    ] {
        // The second run uses the cached document, which must be unchanged.
        for _ in 0..2 {
            let response = fixture.run(text, variables.clone()).await;
            assert_eq!(
                response["data"]["change"], expected,
                "{text} {variables}: {response}"
            );
        }
    }
    let included =
        "query($yes:Boolean!=true,$no:Boolean!=false){viewer @include(if:$yes) a:viewer @include(if:$no)}";
    assert_eq!(
        fixture.run(included, value!({})).await,
        serde_json::json!({"data": {"viewer": null}})
    );
}

#[tokio::test]
async fn a_request_error_has_no_data() {
    let fixture = Fixture::new();
    for (text, variables) in [
        ("{", value!({})),
        ("{nothing}", value!({})),
        ("query($n:Int!){thing(id:$n){id}}", value!({})),
        ("query($n:ID!){thing(id:$n){id}}", value!({"n": null})),
        ("query A{viewer} query B{viewer}", value!({})),
        ("{thing}", value!({})),
    ] {
        let response = fixture.run(text, variables).await;
        assert!(response.get("data").is_none(), "{response}");
        assert_eq!(
            response["errors"][0]["extensions"]["code"], "BAD_USER_INPUT",
            "{response}"
        );
    }
    let response = fixture.run("{panics}", value!({})).await;
    assert_eq!(response["errors"][0]["extensions"]["code"], "SERVER_ERROR");
    assert!(!response.to_string().contains("tests"), "{response}");
}

#[tokio::test(start_paused = true)]
async fn execution_ends_after_the_time_limit() {
    let fixture = Fixture::new();
    let response = fixture.run("{never}", value!({})).await;
    assert_eq!(
        response["errors"][0]["extensions"]["code"], "TIMEOUT",
        "{response}"
    );
}

#[tokio::test]
async fn only_public_fields_need_no_login() {
    let fixture = Fixture::new();
    let run = |text: &str| fixture.prepare_as(Caller::Anonymous, request(text, value!({})));
    for text in [
        "{viewer}",
        "{__typename}",
        "{__schema{queryType{name}}}",
        "mutation{login}",
        "{...on Query{viewer}}",
    ] {
        assert!(run(text).is_ok(), "{text}");
    }
    for text in [
        "{top{id}}",
        "{viewer top{id}}",
        "{viewer ...F} fragment F on Query{top{id}}",
        "subscription{count(to:1)}",
        "mutation{change}",
    ] {
        assert_eq!(
            run(text).err().unwrap().code(),
            ErrorCode::Unauthenticated,
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_subscription_can_select_its_field_in_a_fragment() {
    let fixture = Fixture::new();
    for text in [
        "subscription{count(to:2)}",
        "subscription{...F} fragment F on Events{count(to:2)}",
        "subscription{...on Events{count(to:2)}}",
    ] {
        let events: Vec<_> = fixture
            .engine
            .subscribe(fixture.prepare(text).unwrap())
            .map(|response| json(&response))
            .collect()
            .await;
        assert_eq!(
            events,
            [
                serde_json::json!({"data": {"count": 1}}),
                serde_json::json!({"data": {"count": 2}})
            ],
            "{text}"
        );
    }
}
