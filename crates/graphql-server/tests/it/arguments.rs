//! The host's checks of arguments, before anything is executed.

use std::sync::atomic::Ordering;

use async_graphql::{Value, value};
use graphql_server::{ErrorCode, MAX_ERRORS};

use crate::fixture::{Fixture, request};

/// The code of the request error, and the position of each of its errors; `None` if the request is accepted.
fn request_error(
    fixture: &Fixture,
    text: &str,
    variables: Value,
) -> Option<(ErrorCode, Vec<(usize, usize)>)> {
    let error = fixture.prepare_request(request(text, variables)).err()?;
    let positions = error.errors().iter().map(|error| {
        let position = error.locations[0];
        (position.line, position.column)
    });
    Some((error.code(), positions.collect()))
}

#[test]
fn arguments_are_checked_in_all_places() {
    let fixture = Fixture::new();
    let limit = |column: usize| Some((ErrorCode::LimitExceeded, vec![(1, column)]));
    for (text, variables, expected) in [
        ("{ things(first:50){totalCount} }", value!({}), None),
        ("{ things(first:51){totalCount} }", value!({}), limit(3)),
        (
            "{ thing(id:1){ other{ things(first:51){totalCount} } } }",
            value!({}),
            limit(23),
        ),
        ("query($n:Int){ things(first:$n){totalCount} }", value!({}), None),
        (
            "query($n:Int){ things(first:$n){totalCount} }",
            value!({"n": 51.0}),
            limit(16),
        ),
        (
            "query($n:Int=51){ things(first:$n){totalCount} }",
            value!({}),
            limit(19),
        ),
        (
            "query($n:Int=51){ things(first:$n){totalCount} }",
            value!({"n": null}),
            None,
        ),
        (
            "{ ...F } fragment F on Query{ things(first:51){totalCount} }",
            value!({}),
            limit(31),
        ),
        (
            "{ ...on Query{ things(first:51){totalCount} } }",
            value!({}),
            limit(16),
        ),
        (
            "{ items{ ...on Thing{ things(first:51){totalCount} } } }",
            value!({}),
            limit(23),
        ),
        (
            "subscription{ things{ things(first:51){totalCount} } }",
            value!({}),
            limit(23),
        ),
        (
            "{ things(first:51) @skip(if:true){totalCount} viewer }",
            value!({}),
            None,
        ),
        (
            "{ viewer ...F @include(if:false) } fragment F on Query{ things(first:51){totalCount} }",
            value!({}),
            None,
        ),
        (
            "query($x:Boolean=true){ viewer things(first:51) @skip(if:$x){totalCount} }",
            value!({}),
            None,
        ),
        (
            "query($x:Boolean=true){ viewer things(first:51) @skip(if:$x){totalCount} }",
            value!({"x": false}),
            limit(32),
        ),
        (
            "query($x:Boolean!){ viewer ...F @skip(if:$x) ...F } fragment F on Query{ things(first:51){totalCount} }",
            value!({"x": true}),
            limit(74),
        ),
    ] {
        // The second time, the document is cached.
        for _ in 0..2 {
            assert_eq!(
                request_error(&fixture, text, variables.clone()),
                expected,
                "{text} {variables}"
            );
        }
    }
}

#[test]
fn all_errors_are_reported_up_to_a_limit() {
    let fixture = Fixture::new();
    let two = "{ a:things(first:51){totalCount} viewer b:things(first:99){totalCount} }";
    let (_, positions) = request_error(&fixture, two, value!({})).unwrap();
    assert_eq!(positions, [(1, 3), (1, 41)]);
    let many: String = (0..40)
        .map(|alias| format!("a{alias}:things(first:51){{totalCount}} "))
        .collect();
    let (_, positions) = request_error(&fixture, &format!("{{ {many} }}"), value!({})).unwrap();
    assert_eq!(positions.len(), MAX_ERRORS);
}

#[test]
fn arguments_without_variables_are_checked_once() {
    let fixture = Fixture::new();
    let checks = |text: &str| {
        let before = fixture.engine.host().checked_fields.load(Ordering::Relaxed);
        assert_eq!(request_error(&fixture, text, value!({"n": 1})), None);
        fixture.engine.host().checked_fields.load(Ordering::Relaxed) - before
    };
    let (literal, variable) = (
        "{ things(first:1){totalCount} }",
        "query($n:Int){ things(first:$n){totalCount} }",
    );
    assert_eq!((checks(literal), checks(literal)), (1, 0));
    assert_eq!((checks(variable), checks(variable)), (1, 1));
    // A field without arguments has nothing to check.
    assert_eq!(checks("{ things{totalCount} }"), 0);
}
