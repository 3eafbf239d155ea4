//! Documents that would overload the server, and the largest documents that are executed.

use std::time::{Duration, Instant};

use async_graphql::value;

use graphql_server::{ErrorCode, Limits, MAX_ERRORS};

use crate::fixture::{Fixture, request};

const LIMITS: Limits = Limits::DEFAULT;

/// Asserts that a document is refused within a second. Returns the first message and the code of the error.
fn assert_refused(fixture: &Fixture, text: &str) -> (String, ErrorCode) {
    let start = Instant::now();
    let Err(error) = fixture.prepare(text) else {
        panic!("not refused: {}", text.chars().take(100).collect::<String>());
    };
    let elapsed = start.elapsed();
    // A release build takes milliseconds. The bound is generous, since unbounded work would take years.
    assert!(
        elapsed < Duration::from_secs(1),
        "{elapsed:?} to refuse {} bytes",
        text.len()
    );
    assert!((1..=MAX_ERRORS).contains(&error.errors().len()));
    (error.errors()[0].message.clone(), error.code())
}

/// A chain of fragments, each of which spreads the next one `times` times.
fn fragments(count: usize, times: usize) -> String {
    let mut text = "{...F0}".to_owned();
    for index in 0..count {
        let spreads = format!("...F{} ", index + 1).repeat(times);
        text.push_str(&format!(" fragment F{index} on Query{{{spreads}}}"));
    }
    text + &format!(" fragment F{count} on Query{{viewer}}")
}

#[tokio::test]
async fn hostile_documents_are_rejected_quickly() {
    let fixture = Fixture::new();
    let fields = "viewer ".repeat(1_900);
    let spreads = "...{...F}".repeat(400);
    for (text, expected) in [
        (
            format!("{{thing(from:{}{})}}", "[".repeat(2_500), "]".repeat(2_500)),
            "nested",
        ),
        (format!("{{thing(from:{}", "[".repeat(2_500)), "nested"),
        (
            format!("{{thing(from:[\"\"\"x\" {}", "[".repeat(2_500)),
            "is not closed",
        ),
        (
            format!("{}viewer{}", "{thing".repeat(2_500), "}".repeat(2_500)),
            "nested",
        ),
        (
            format!(
                "query($a:{}Int{}){{viewer}}",
                "[".repeat(2_500),
                "]".repeat(2_500)
            ),
            "nested",
        ),
        (format!("{{thing(from:{})}}", "{a:".repeat(2_500)), "nested"),
        (format!("{{{}viewer", "...on Query{".repeat(2_500)), "nested"),
        (fragments(24, 2), "fields"),
        (fragments(28, 9), "fields"),
        (fragments(24, 2).replace("{viewer}", "{...Missing}"), "fields"),
        ("{viewer ...Missing}".to_owned(), "Missing"),
        (fragments(140, 1), "levels deep"),
        (
            "{...A} fragment A on Query{...B} fragment B on Query{...A}".to_owned(),
            "contains itself",
        ),
        ("{viewer} fragment A on Query{...A}".to_owned(), "contains itself"),
        (
            "{a:thing{...T}} fragment T on Thing{other{...T}}".to_owned(),
            "contains itself",
        ),
        (format!("{{{spreads}}} fragment F on Query{{{fields}}}"), "fields"),
        (
            format!("{{viewer}} fragment U on Query{{{spreads}}} fragment F on Query{{{fields}}}"),
            "fields",
        ),
        (
            format!("{{thing{}{{id}}{}}}", "{other".repeat(25), "}".repeat(25)),
            "deep",
        ),
        (
            "{things(first:100){nodes{things(first:100){nodes{things(first:100){nodes{id}}}}}}}".to_owned(),
            "costs",
        ),
        (
            format!("{{{}}}", "a:viewer ".repeat(LIMITS.aliases + 1)),
            "aliases",
        ),
        (
            format!("{{viewer {}}}", "@include(if:true)".repeat(LIMITS.directives + 1)),
            "directives",
        ),
        (format!("{{viewer({})}}", "a:1 ".repeat(40)), "arguments"),
        (format!("{{{}}}", "nothing ".repeat(3_000)), "no field"),
        (format!("query({}){{viewer}}", "$a:Int".repeat(300)), "variables"),
        (format!("{{viewer}}{}", "query Q{viewer}".repeat(200)), "Syntax"),
        (format!("{{{}", "a ".repeat(9_000)), "tokens"),
        (
            format!("{{viewer #{}\n}}", "x".repeat(LIMITS.document_bytes)),
            "bytes",
        ),
        (format!("{{viewer(a:\"{}\")}}", "x".repeat(10_000)), "argument"),
        ("{viewer".to_owned(), "Syntax error in line 1"),
        (String::new(), "Syntax error"),
        ("query($a:Nope=1){viewer}".to_owned(), "Nope"),
        (
            "subscription{count(to:1) b:count(to:2)}".to_owned(),
            "exactly one",
        ),
        (
            "subscription{...on Events{count(to:1)}...F} fragment F on Events{b:count(to:2)}".to_owned(),
            "exactly one",
        ),
    ] {
        let (message, code) = assert_refused(&fixture, &text);
        assert!(
            message.contains(expected),
            "{message}: {}",
            text.chars().take(80).collect::<String>()
        );
        assert!(message.chars().count() <= 301);
        assert!([ErrorCode::BadUserInput, ErrorCode::LimitExceeded].contains(&code));
    }
}

#[tokio::test]
async fn the_deepest_documents_fit_the_stack() {
    let fixture = Fixture::new();
    let deepest = format!("{{thing(id:1){}{{id}}{}}}", "{other".repeat(17), "}".repeat(17));
    let response = fixture.run(&deepest, value!({})).await;
    assert!(response["errors"].is_null(), "{response}");
    let inline = format!("{{thing(id:1){{{}id{}}}}}", "...{".repeat(28), "}".repeat(28));
    assert_eq!(fixture.run(&inline, value!({})).await["data"]["thing"]["id"], "1");
    let chain = fragments(28, 1);
    assert!(fixture.run(&chain, value!({})).await["errors"].is_null());
    let list = format!("{{thing(from:{}1{}){{id}}}}", "[".repeat(40), "]".repeat(40));
    assert!(!fixture.run(&list, value!({})).await["errors"].is_null());
    let brackets =
        "{thing(from:\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"){id}}";
    assert!(assert_refused(&fixture, brackets).0.contains("from"));
}

#[tokio::test]
async fn the_cost_depends_on_the_lengths_of_lists() {
    let fixture = Fixture::new();
    let cost_of = |text: &str, variables| {
        fixture
            .prepare_request(request(text, variables))
            .map(|prepared| prepared.cost)
    };
    for (text, variables, cost, rows, depth) in [
        ("{viewer}", value!({}), 1, 1, 1),
        ("{things{nodes{id}totalCount}}", value!({}), 1 + 10 * 3, 10, 3),
        (
            "{things(first:50){nodes{id other{id}}}}",
            value!({}),
            1 + 50 * 4,
            50,
            4,
        ),
        ("{things(last:2){nodes{tags}}}", value!({}), 1 + 2 * 2, 20, 3),
        (
            "query($n:Int){things(first:$n){nodes{id}}}",
            value!({"n": 30}),
            1 + 30 * 2,
            30,
            3,
        ),
        (
            "query($n:Int=20){things(first:$n){nodes{id}}}",
            value!({}),
            1 + 20 * 2,
            20,
            3,
        ),
        (
            "query($n:Int){things(first:$n){nodes{id}}}",
            value!({}),
            1 + 10 * 2,
            10,
            3,
        ),
        ("{top{id}}", value!({}), 1 + 4, 4, 2),
        ("{top(first:0){id}}", value!({}), 1, 0, 2),
        (
            "{...F...F} fragment F on Query{things(first:5){nodes{id}}}",
            value!({}),
            22,
            5,
            3,
        ),
        (
            "{things(first:1000000000){nodes{id}}}",
            value!({}),
            1 + 100 * 2,
            100,
            3,
        ),
        ("{things(first:-1){nodes{id}}}", value!({}), 1, 0, 3),
    ] {
        let actual = cost_of(text, variables).unwrap();
        assert_eq!(
            (actual.cost, actual.rows, actual.depth),
            (cost, rows, depth),
            "{text}"
        );
    }
    let nested = "query($n:Int){things(first:100){nodes{things(first:100){nodes{tags things(first:$n){totalCount}}}}}}";
    assert!(cost_of(nested, value!({"n": 0})).is_err(), "costs");
    let rows =
        "query($n:Int){things(first:100){nodes{things(first:100){nodes{things(first:$n){totalCount}}}}}}";
    let error = cost_of(rows, value!({"n": 4})).unwrap_err();
    assert!(
        error
            .errors()
            .iter()
            .any(|error| error.message.contains(&LIMITS.rows.to_string()))
    );
}

#[tokio::test]
async fn introspection_has_no_cost_and_is_bounded() {
    let fixture = Fixture::new();
    let nested = |depth: usize| {
        let lists = (0..depth).fold("name".to_owned(), |inner, _| format!("fields{{type{{{inner}}}}}"));
        format!("{{__schema{{types{{{lists}}}}}}}")
    };
    let prepared = fixture.prepare(&nested(3)).unwrap();
    assert_eq!((prepared.cost.cost, prepared.cost.rows), (0, 0));
    assert!(prepared.cost.introspection > 1_000);
    let (message, code) = assert_refused(&fixture, &nested(5));
    assert!(message.starts_with("The introspection could have"), "{message}");
    assert_eq!(code, ErrorCode::LimitExceeded);
}
