//! Lists: filters, orders, pages and relations.

use std::sync::atomic::Ordering;

use graphql_tables::PageArguments;
use serde_json::json;
use table_query::PageRequest;

use crate::Library;

#[tokio::test(flavor = "multi_thread")]
async fn filters_match_rows() {
    let library = Library::new().await;
    for (filter, expected) in [
        (r#"{id: {in: ["1", "x", "3"]}}"#, &[1, 3][..]),
        (r#"{id: {eq: "x"}}"#, &[]),
        (r#"{id: {notIn: ["1", "2"]}}"#, &[3, 4]),
        (r#"{title: {startsWith: "SAND"}}"#, &[2, 4]),
        (r#"{title: {contains: "ÁGUA"}}"#, &[1]),
        (r#"{title: {eq: "sand"}}"#, &[]),
        ("{title: {isNull: true}}", &[3]),
        ("{pages: {gt: 100, lte: 500}}", &[2, 3]),
        (r#"{price: {gte: "10", lt: 20}}"#, &[3, 4]),
        (r#"{createdAt: {from: "2024-01-02", to: "2024-01-03"}}"#, &[2, 3]),
        (r#"{createdAt: {lte: "2024-01-01T13:00:00+01:00"}}"#, &[1]),
        (r#"{author: {name: {eq: "Ann"}}}"#, &[1, 3]),
        ("{isLong: true}", &[3, 4]),
        ("{isLong: false}", &[1, 2]),
        ("{or: []}", &[]),
        (
            r#"{or: [{id: {eq: "1"}}, {isLong: true}], not: {id: {eq: "4"}}}"#,
            &[1, 3],
        ),
        ("{and: [{isLong: true}, {title: {isNull: false}}]}", &[4]),
    ] {
        assert_eq!(library.ids(filter).await, expected, "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_that_cannot_be_compared_are_errors_of_the_field() {
    let library = Library::new().await;
    for price in [r#""x""#, "12345678901234567890"] {
        let response = library
            .execute(&format!(
                "{{ books(filter: {{price: {{eq: {price}}}}}) {{ totalCount }} }}"
            ))
            .await;
        assert_eq!(response["data"], json!({ "books": null }));
        assert_eq!(
            response["errors"][0]["message"],
            "filter: A decimal is a number. Send it as a string from 10,000,000,000,000 on."
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_has_a_page_and_a_count() {
    let library = Library::new().await;
    let response = library
        .execute(
            "{ books(first: 2, orderBy: [{field: PAGES, direction: DESC}, {field: ID}]) {
                totalCount pageInfo { hasPreviousPage hasNextPage startCursor endCursor }
                edges { cursor node { id price createdAt } } } }",
        )
        .await;
    assert_eq!(
        response["data"]["books"],
        json!({
            "totalCount": 4,
            "pageInfo": { "hasPreviousPage": false, "hasNextPage": true, "startCursor": "book 4", "endCursor": "book 3" },
            "edges": [
                { "cursor": "book 4", "node": { "id": "4", "price": "10.00", "createdAt": "2024-01-04T12:00:00Z" } },
                { "cursor": "book 3", "node": { "id": "3", "price": "15.25", "createdAt": "2024-01-03T12:00:00Z" } },
            ],
        })
    );
    for (arguments, message) in [
        ("first: 21", "first: the page is too large"),
        ("last: -1", "last: It must be 0 or more."),
        ("first: 1, last: 1", "last: Give first or last, not both."),
        ("first: 1, offset: -1", "offset: It must be 0 or more."),
    ] {
        let response = library
            .execute(&format!("{{ books({arguments}) {{ totalCount }} }}"))
            .await;
        assert_eq!(response["errors"][0]["message"], message);
    }
}

#[test]
fn arguments_become_a_page() {
    let page = PageArguments {
        last: Some(2),
        before: Some("x".to_owned()),
        offset: Some(5),
        ..PageArguments::default()
    };
    let PageRequest {
        size,
        is_backward,
        skip,
        after,
        before,
    } = page.into_request(3_u64).unwrap();
    assert_eq!((size, is_backward, skip), (2, true, 5));
    assert_eq!((after, before.as_deref()), (None, Some("x")));
    let default = PageArguments::default().into_request(100_u64).unwrap();
    assert_eq!((default.size, default.is_backward), (10, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn relations_are_loaded_once_and_a_missing_row_is_an_error_of_its_field() {
    let library = Library::new().await;
    let before = library.statements.0.load(Ordering::SeqCst);
    let response = library
        .execute("{ books(last: 3) { nodes { id author { name } editor { name } } } }")
        .await;
    // The books, their authors and their editors.
    assert_eq!(library.statements.0.load(Ordering::SeqCst) - before, 3);
    let name = |name: &str| json!({ "name": name });
    assert_eq!(
        response["data"]["books"]["nodes"],
        json!([
            { "id": "3", "author": name("Ann"), "editor": null },
            { "id": "2", "author": name("Bob"), "editor": null },
            { "id": "1", "author": name("Ann"), "editor": name("Bob") },
        ])
    );
    let response = library
        .execute(r#"{ books(filter: {id: {eq: "4"}}, first: 1) { nodes { id author { name } editor { name } } } }"#)
        .await;
    assert_eq!(
        response["data"]["books"]["nodes"],
        json!([{ "id": "4", "author": null, "editor": name("Ann") }])
    );
    assert_eq!(response["errors"][0]["message"], "the author is missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn siblings_share_the_list_of_a_field() {
    let library = Library::new().await;
    let response = library
        .execute("{ books(first: 2) { nodes { a: relationKey b: relationKey } } }")
        .await;
    let [first, second] = [0, 1].map(|book| &response["data"]["books"]["nodes"][book]);
    assert!(first["a"].is_string());
    assert_eq!(first["a"], second["a"]);
    assert_ne!(first["a"], first["b"]);
}
