//! Documents with subtle errors are rejected as the specification requires, before any field is executed.

use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;

on_both_databases![
    invalid_documents_are_rejected,
    invalid_requests_execute_nothing,
    null_is_rejected_for_arguments_with_defaults,
];

async fn invalid_documents_are_rejected(gateway: Gateway) {
    gateway.root.make(Kind::Brand, json!({ "name": "Here" })).await;
    for (document, variables) in [
        ("{ products(first: \"1\") { totalCount } }", json!({})),
        ("{ products(first: 1.0) { totalCount } }", json!({})),
        ("{ products(first: 2147483648) { totalCount } }", json!({})),
        (
            "{ products(filter: { quantity: { gt: 2147483648 } }) { totalCount } }",
            json!({}),
        ),
        (
            "{ products(filter: { quantity: { gt: 1 }, quantity: { gt: 2 } }) { totalCount } }",
            json!({}),
        ),
        ("{ products(filter: { nothing: 1 }) { totalCount } }", json!({})),
        (
            "{ products(filter: { createdAt: { gt: \"tomorrow\" } }) { totalCount } }",
            json!({}),
        ),
        (
            "{ products(orderBy: { field: \"ID\" }) { totalCount } }",
            json!({}),
        ),
        (
            "{ products(orderBy: { field: NOTHING }) { totalCount } }",
            json!({}),
        ),
        ("{ products(orderBy: [null]) { totalCount } }", json!({})),
        ("{ products(orderBy: {}) { totalCount } }", json!({})),
        ("{ brand(id: 1, id: 2) { id } }", json!({})),
        ("{ brand(id: null) { id } }", json!({})),
        ("{ brand { id } }", json!({})),
        ("{ brand(id: 1) }", json!({})),
        ("{ brand(id: 1) { id { id } } }", json!({})),
        ("{ brand(id: 1) {} }", json!({})),
        ("{ brand(id: 1) @skip { id } }", json!({})),
        ("{ brand(id: 1) @unknown { id } }", json!({})),
        (
            "{ brand(id: 1) @skip(if: true) @skip(if: false) { id } }",
            json!({}),
        ),
        ("{ brand(id: 1) { ...on Product { id } } }", json!({})),
        ("{ brand(id: 1) { ...F } }", json!({})),
        ("{ brand(id: 1) { id } } fragment F on Brand { id }", json!({})),
        (
            "query($a: String) { products(first: $a) { totalCount } }",
            json!({}),
        ),
        (
            "query($a: [Int!]) { products(first: $a) { totalCount } }",
            json!({ "a": [1] }),
        ),
        ("query($a: ID) { brand(id: $a) { id } }", json!({ "a": 1 })),
        (
            "query($a: Boolean) { brand(id: 1) @skip(if: $a) { id } }",
            json!({ "a": true }),
        ),
        ("query($a: Brand) { brand(id: 1) { id } }", json!({})),
        (
            "query($a: Int, $a: Int) { products(first: $a) { totalCount } }",
            json!({}),
        ),
        ("query($a: Int) { brand(id: 1) { id } }", json!({})),
        ("{ products(first: $a) { totalCount } }", json!({})),
        (
            "query($a: Int!) { products(first: $a) { totalCount } }",
            json!({ "a": null }),
        ),
        (
            "query($a: Int) { products(first: $a) { totalCount } }",
            json!({ "a": 2_147_483_648_i64 }),
        ),
        (
            "query($a: OrderDirection!) { products(orderBy: { field: ID, direction: $a }) { totalCount } }",
            json!({ "a": "UP" }),
        ),
        ("subscription { __typename }", json!({})),
        (
            "subscription { stockChanged { id } productLowStock { id } }",
            json!({}),
        ),
        ("type A { a: Int }", json!({})),
        ("{ brand(id: 1) { name: id } brand(id: 1) { name } }", json!({})),
    ] {
        let (code, message) = gateway.viewer.expect_error(document, variables).await;
        assert_eq!(code, "BAD_USER_INPUT", "{document}");
        assert!(!message.is_empty() && message.chars().count() <= 301, "{message}");
    }
}

async fn invalid_requests_execute_nothing(gateway: Gateway) {
    for input in [
        "{ name: \"x\", name: \"y\" }",
        "{ name: 1 }",
        "{ name: null }",
        "{}",
        "{ name: \"x\", nothing: 1 }",
        "null",
    ] {
        let document = format!(
            "mutation {{ first: createBrand(input: {{ name: \"first\" }}) {{ brand {{ id }} }} createBrand(input: {input}) {{ brand {{ id }} }} }}"
        );
        assert_eq!(
            gateway.manager.expect_error(&document, json!({})).await.0,
            "BAD_USER_INPUT",
            "{input}"
        );
    }
    let document =
        "mutation { createBrand(input: { name: \"only\" }) { brand { id } } } query Other { __typename }";
    assert_eq!(
        gateway.manager.expect_error(document, json!({})).await.0,
        "BAD_USER_INPUT"
    );
    assert_eq!(
        gateway.viewer.data("{ brands { totalCount } }", json!({})).await["brands"]["totalCount"],
        0
    );
    // A mutation that is rejected, by its rule or by a missing permission, does not stop the others, which run in
    // order.
    let document = "mutation {
        a: createBrand(input: { name: \"a\" }) { brand { name } }
        b: createBrand(input: { name: \" \" }) { brand { name } userErrors { field } }
        c: deleteBrand(input: { id: 1 }) { deletedId }
        d: updateBrand(input: { id: 1, name: \"d\" }) { brand { name version } } }";
    let body = gateway.manager.gql(document, json!({})).await.expect(200);
    assert_eq!(
        body["data"].to_string(),
        r#"{"a":{"brand":{"name":"a"}},"b":{"brand":null,"userErrors":[{"field":"name"}]},"c":null,"d":{"brand":{"name":"d","version":2}}}"#
    );
    let errors: Vec<(&Value, &Value)> = body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (&error["path"], &error["extensions"]["code"]))
        .collect();
    assert_eq!(errors, [(&json!(["c"]), &json!("FORBIDDEN"))]);
}

/// A nullable variable is valid for a non-null argument with a default value, but its value may not be null.
async fn null_is_rejected_for_arguments_with_defaults(gateway: Gateway) {
    let document = "query($direction: OrderDirection) {
        products(orderBy: [{ field: ID, direction: $direction }]) { totalCount }
    }";
    let variables = json!({ "direction": null });
    let (code, message) = gateway.viewer.expect_error(document, variables).await;
    assert_eq!(code, "BAD_USER_INPUT");
    assert!(message.contains("\"orderBy\""), "{message}");
    // A missing variable takes the default.
    let body = gateway.viewer.gql(document, json!({})).await.expect(200);
    assert_eq!(body, json!({ "data": { "products": { "totalCount": 0 } } }));
}
