//! Pages of connections: forwards, backwards, by number, in any order.

use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;
use crate::support::graphql_request::ids;

on_both_databases![
    pages_are_read_forwards_and_backwards,
    pages_are_read_by_offset,
    invalid_arguments_are_rejected,
    cursors_remain_valid_after_changes,
    cursors_are_bound_to_their_order,
    lists_are_ordered_by_several_columns,
];

/// Creates seven brands, `A` to `G`.
async fn create_brands(gateway: &Gateway) {
    for name in ["D", "A", "G", "C", "F", "B", "E"] {
        gateway.root.make(Kind::Brand, json!({ "name": name })).await;
    }
}

/// The names on a page of brands, and its `pageInfo`.
async fn names(gateway: &Gateway, arguments: &str) -> (String, Value) {
    let document = format!(
        "{{ brands({arguments}) {{ nodes {{ name }} edges {{ cursor node {{ name }} }}
           pageInfo {{ hasPreviousPage hasNextPage startCursor endCursor }} totalCount }} }}"
    );
    let brands = gateway.viewer.data(&document, json!({})).await["brands"].clone();
    let edges = brands["edges"].as_array().unwrap();
    let nodes: Vec<&Value> = edges.iter().map(|edge| &edge["node"]).collect();
    assert_eq!(json!(nodes), brands["nodes"], "{arguments}");
    let info = &brands["pageInfo"];
    let cursor = |edge: Option<&Value>| edge.map_or(Value::Null, |edge| edge["cursor"].clone());
    assert_eq!(
        (&info["startCursor"], &info["endCursor"]),
        (&cursor(edges.first()), &cursor(edges.last())),
        "{arguments}"
    );
    let names = nodes.iter().map(|node| node["name"].as_str().unwrap());
    (names.collect(), info.clone())
}

async fn pages_are_read_forwards_and_backwards(gateway: Gateway) {
    create_brands(&gateway).await;
    let (mut page, mut after) = (0, String::new());
    for (expected, previous, next) in [
        ("ABC", false, true),
        ("DEF", true, true),
        ("G", true, false),
        ("", true, false),
    ] {
        let (found, info) = names(&gateway, &format!("first: 3{after}")).await;
        assert_eq!(
            (&*found, &info["hasPreviousPage"], &info["hasNextPage"]),
            (expected, &json!(previous), &json!(next)),
            "page {page}"
        );
        page += 1;
        if let Some(end) = info["endCursor"].as_str() {
            after = format!(", after: \"{end}\"");
        }
    }
    let mut before = String::new();
    for (expected, previous, next) in [("EFG", true, false), ("BCD", true, true), ("A", false, true)] {
        let (found, info) = names(&gateway, &format!("last: 3{before}")).await;
        assert_eq!(
            (&*found, &info["hasPreviousPage"], &info["hasNextPage"]),
            (expected, &json!(previous), &json!(next)),
            "before {before}"
        );
        before = format!(", before: {}", info["startCursor"]);
    }
    let (_, all) = names(&gateway, "first: 100").await;
    let (_, inner) = names(&gateway, "first: 2, offset: 1").await;
    let between = format!("after: {}, before: {}", inner["startCursor"], all["endCursor"]);
    assert_eq!(names(&gateway, &between).await.0, "CDEF");
    assert_eq!(names(&gateway, &format!("{between}, last: 1")).await.0, "F");
    assert_eq!(
        names(&gateway, &format!("{between}, first: 2, offset: 1"))
            .await
            .0,
        "DE"
    );
    // The default page size is ten.
    for number in 0..5 {
        gateway
            .root
            .make(Kind::Brand, json!({ "name": format!("Z{number}") }))
            .await;
    }
    assert_eq!(names(&gateway, "search: \"\"").await.0, "ABCDEFGZ0Z1Z2");
}

async fn pages_are_read_by_offset(gateway: Gateway) {
    create_brands(&gateway).await;
    for (arguments, expected, previous, next) in [
        ("first: 3, offset: 0", "ABC", false, true),
        ("first: 3, offset: 3", "DEF", true, true),
        ("first: 3, offset: 6", "G", true, false),
        ("first: 3, offset: 7", "", true, false),
        ("first: 3, offset: 2147483647", "", true, false),
        ("last: 2, offset: 1", "EF", true, true),
        ("last: 3, offset: 5", "AB", false, true),
        ("first: 0", "", false, true),
        ("last: 0", "", true, false),
        (
            "first: 3, orderBy: { field: NAME, direction: DESC }",
            "GFE",
            false,
            true,
        ),
        (
            "last: 3, orderBy: { field: NAME, direction: DESC }",
            "CBA",
            true,
            false,
        ),
    ] {
        let (found, info) = names(&gateway, arguments).await;
        assert_eq!(
            (&*found, &info["hasPreviousPage"], &info["hasNextPage"]),
            (expected, &json!(previous), &json!(next)),
            "{arguments}"
        );
    }
}

async fn invalid_arguments_are_rejected(gateway: Gateway) {
    for (arguments, part) in [
        ("first: 101", "first"),
        ("last: 101", "last"),
        ("first: -1", "first"),
        ("first: 1, last: 1", "last"),
        ("offset: -1", "offset"),
        ("after: \"\"", "after"),
        ("after: \"x\"", "after"),
        ("before: \"AAAA\"", "before"),
        ("after: \"eyJpZCI6MX0\"", "after"),
    ] {
        for field in ["products", "brands", "inflows", "stockLedger"] {
            let document = format!("{{ {field}({arguments}) {{ nodes {{ id }} }} }}");
            let (code, message) = gateway.viewer.expect_error(&document, json!({})).await;
            let expected = if arguments.ends_with("101") {
                "LIMIT_EXCEEDED"
            } else {
                "BAD_USER_INPUT"
            };
            assert_eq!(code, expected, "{field} {arguments}");
            assert!(message.starts_with(part), "{field} {arguments}: {message}");
        }
    }
}

async fn cursors_remain_valid_after_changes(gateway: Gateway) {
    create_brands(&gateway).await;
    let (_, first) = names(&gateway, "first: 3").await;
    let after = format!("first: 2, after: {}", first["endCursor"]);
    let before = format!("last: 2, before: {}", first["endCursor"]);
    // The row of the cursor is renamed, then deleted; other rows are inserted on both sides.
    gateway
        .root
        .patch("brands/4/", json!({ "name": "X" }))
        .await
        .expect(200);
    assert_eq!(names(&gateway, &after).await.0, "DE");
    gateway.root.delete("brands/4/").await.expect(204);
    for name in ["AA", "CC"] {
        gateway.root.make(Kind::Brand, json!({ "name": name })).await;
    }
    assert_eq!(names(&gateway, &after).await.0, "CCD");
    assert_eq!(names(&gateway, &before).await.0, "AAB");
    // Paging by cursor returns each row once, although rows are inserted before the cursor.
    let (mut all_names, mut after) = (String::new(), String::new());
    loop {
        let (found, info) = names(&gateway, &format!("first: 2{after}")).await;
        all_names.push_str(&found);
        gateway.root.make(Kind::Brand, json!({ "name": "0" })).await;
        if info["hasNextPage"] == false {
            break;
        }
        after = format!(", after: {}", info["endCursor"]);
    }
    assert_eq!(all_names, "AAABCCDEFG");
}

async fn cursors_are_bound_to_their_order(gateway: Gateway) {
    create_brands(&gateway).await;
    let (_, by_name) = names(&gateway, "first: 3").await;
    let cursor = &by_name["endCursor"];
    for arguments in [
        format!("after: {cursor}, orderBy: {{ field: NAME, direction: DESC }}"),
        format!("after: {cursor}, orderBy: {{ field: CREATED_AT }}"),
        format!("before: {cursor}, orderBy: [{{ field: NAME }}, {{ field: CREATED_AT }}]"),
    ] {
        let document = format!("{{ brands({arguments}) {{ nodes {{ id }} }} }}");
        let (code, message) = gateway.viewer.expect_error(&document, json!({})).await;
        assert_eq!(code, "BAD_USER_INPUT");
        assert!(
            message.ends_with("This is not a cursor of this list in this order."),
            "{message}"
        );
    }
    for field in ["products", "inflows", "stockLedger"] {
        let document = format!("{{ {field}(after: {cursor}) {{ nodes {{ id }} }} }}");
        assert_eq!(
            gateway.viewer.expect_error(&document, json!({})).await.0,
            "BAD_USER_INPUT",
            "{field}"
        );
    }
    // The default order, given explicitly, is the same order.
    let (found, _) = names(&gateway, &format!("after: {cursor}, orderBy: {{ field: NAME }}")).await;
    assert_eq!(found, "DEFG");
    let filtered = format!("after: {cursor}, filter: {{ name: {{ ne: \"E\" }} }}");
    assert_eq!(names(&gateway, &filtered).await.0, "DFG");
}

async fn lists_are_ordered_by_several_columns(gateway: Gateway) {
    let root = &gateway.root;
    root.make(Kind::Brand, json!({ "name": "B" })).await;
    root.make(Kind::Category, json!({ "name": "C" })).await;
    for (title, quantity, price, serie) in [
        ("b", 1, "10", Some("s1")),
        ("A", 1, "9", None),
        ("a", 2, "100", Some("S1")),
        ("B", 1, "9.5", None),
        ("Ä", 2, "100", Some("s0")),
    ] {
        let product = json!({ "title": title, "brand": 1, "category": 1, "cost_price": 1, "selling_price": price,
                              "quantity": quantity, "serie_number": serie });
        root.make(Kind::Product, product).await;
    }
    for (order, expected) in [
        ("{ field: TITLE }", [2, 3, 5, 1, 4]),
        ("{ field: TITLE, direction: DESC }", [4, 1, 5, 3, 2]),
        ("[{ field: QUANTITY }, { field: SELLING_PRICE }]", [2, 4, 1, 3, 5]),
        (
            "[{ field: QUANTITY, direction: DESC }, { field: SELLING_PRICE, direction: DESC }]",
            [5, 3, 1, 4, 2],
        ),
        (
            "[{ field: QUANTITY, direction: DESC }, { field: TITLE }]",
            [3, 5, 2, 1, 4],
        ),
        (
            "[{ field: SELLING_PRICE, direction: DESC }, { field: SERIE_NUMBER }]",
            [5, 3, 1, 4, 2],
        ),
        // Nulls come last in both directions.
        ("{ field: SERIE_NUMBER }", [5, 1, 3, 2, 4]),
        ("{ field: SERIE_NUMBER, direction: DESC }", [3, 1, 5, 4, 2]),
        ("[{ field: ID, direction: DESC }]", [5, 4, 3, 2, 1]),
        ("[]", [2, 3, 5, 1, 4]),
    ] {
        let all_ids = gateway
            .viewer
            .page("products", &format!("orderBy: {order}"))
            .await;
        assert_eq!(all_ids, expected, "{order}");
        // The same order in pages of two, forwards and backwards.
        let (mut forwards, mut backwards) = (Vec::new(), Vec::new());
        let (mut after, mut before) = (String::new(), String::new());
        for _ in 0..3 {
            let document = format!(
                "{{ f: products(first: 2, orderBy: {order}{after}) {{ nodes {{ id }} pageInfo {{ endCursor }} }}
                    b: products(last: 2, orderBy: {order}{before}) {{ nodes {{ id }} pageInfo {{ startCursor }} }} }}"
            );
            let data = gateway.viewer.data(&document, json!({})).await;
            forwards.extend(ids(&data["f"]));
            backwards.splice(0..0, ids(&data["b"]));
            after = format!(", after: {}", data["f"]["pageInfo"]["endCursor"]);
            before = format!(", before: {}", data["b"]["pageInfo"]["startCursor"]);
        }
        assert_eq!(
            (&*forwards, &*backwards),
            (&expected[..], &expected[..]),
            "{order}"
        );
    }
}
