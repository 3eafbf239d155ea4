//! Malicious documents are rejected quickly, with a short error.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;

on_both_databases![
    malicious_documents_are_rejected_quickly,
    limits_are_inclusive,
    failed_fields_become_null,
    rate_limits_count_executed_fields
];

/// A chain of fragments. Each spreads the next one `times` times.
fn fragments(count: usize, times: usize, last: &str) -> String {
    let mut text = "{ ...F0 }".to_owned();
    for number in 0..count {
        text += &format!(
            " fragment F{number} on Query {{ {} }}",
            format!("...F{} ", number + 1).repeat(times)
        );
    }
    text + &format!(" fragment F{count} on Query {{ {last} }}")
}

async fn malicious_documents_are_rejected_quickly(gateway: Gateway) {
    let products = |inner: &str| format!("products(first: 100) {{ nodes {{ {inner} }} }}");
    let nested = (0..4).fold("id".to_owned(), |inner, _| {
        format!("brand {{ {} }}", products(&inner))
    });
    let list = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for (document, part) in [
        (
            format!("{{ products(filter: {}) {{ totalCount }} }}", list(2_500)),
            "nested",
        ),
        (
            format!(
                "{{ products(filter: {}) {{ totalCount }} }}",
                "{not:".repeat(2_500)
            ),
            "nested",
        ),
        (
            format!("{}__typename{}", "{ a: brand ".repeat(1_000), "}".repeat(1_000)),
            "nested",
        ),
        (
            format!(
                "query($a: {}Int{}) {{ __typename }}",
                "[".repeat(2_500),
                "]".repeat(2_500)
            ),
            "nested",
        ),
        (fragments(24, 2, "__typename"), "fields"),
        (fragments(24, 2, "...Missing"), "fields"),
        (fragments(140, 1, "__typename"), "levels deep"),
        (
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }".to_owned(),
            "contains itself",
        ),
        (format!("{{ {} }}", "a: __typename ".repeat(101)), "aliases"),
        (
            format!("{{ __typename {} }}", "@include(if: true) ".repeat(101)),
            "directives",
        ),
        (
            format!("query({}) {{ __typename }}", "$a: Int ".repeat(201)),
            "variables",
        ),
        (format!("{{{}", "a ".repeat(8_001)), "tokens"),
        (format!("{{ __typename }} # {}", "x".repeat(64 * 1024)), "bytes"),
        (format!("{{ {} }}", products(&nested)), "costs"),
        (
            "{ products(first: 100) { nodes { brand { products(first: 80) { nodes { inflows(first: 4) { totalCount } } } } } } }"
                .to_owned(),
            "rows",
        ),
        (
            format!(
                "{{ product(id: 1) {{ {}id{} }} }}",
                "brand { products { nodes { ".repeat(7),
                "} } }".repeat(7)
            ),
            "deep",
        ),
        ("{ nothing ".repeat(40) + &"}".repeat(40), "levels deep"),
        (format!("{{ {} }}", "nothing ".repeat(2_000)), "nothing"),
        (format!("{{ {}(id: 1) {{ id }} }}", "x".repeat(50_000)), "xxx"),
        (
            format!("{{ product(id: \"{}\") {{ id }} }} }}", "x".repeat(50_000)),
            "Syntax",
        ),
        (
            "{ a: product(id: 1) { id } ...on Query { a: brand(id: 1) { id } } }".to_owned(),
            "\"a\"",
        ),
        ("\u{feff}{ __typename \u{0} }".to_owned(), "Syntax"),
    ] {
        let began = Instant::now();
        let (code, message) = gateway.viewer.expect_error(&document, json!({})).await;
        let elapsed = began.elapsed();
        let beginning: String = document.chars().take(80).collect();
        // Optimised builds take milliseconds; test builds on a busy machine take longer. Without limits, some of these
        // documents would take years.
        assert!(elapsed < Duration::from_secs(2), "{elapsed:?}: {beginning}");
        assert!(
            ["BAD_USER_INPUT", "LIMIT_EXCEEDED"].contains(&&*code),
            "{code}: {beginning}"
        );
        assert!(
            message.contains(part) && message.chars().count() <= 301,
            "{message}: {beginning}"
        );
    }
    assert_eq!(
        gateway.viewer.data("{ __typename }", json!({})).await,
        json!({ "__typename": "Query" })
    );
}

async fn limits_are_inclusive(gateway: Gateway) {
    gateway.root.product("Bolts", 10).await;
    for document in [
        format!(
            "{{ {} }}",
            (0..100)
                .map(|alias| format!("a{alias}: __typename "))
                .collect::<String>()
        ),
        format!("{{ __typename # {}\n }}", "x".repeat(64 * 1024 - 20)),
        fragments(26, 1, "__typename"),
        "{ product(id: 1) { ".to_owned()
            + &"brand { products(first: 1) { nodes { ".repeat(6)
            + "id"
            + &" } } }".repeat(6)
            + " } }",
        format!("{{ {} }}", "__typename ".repeat(2_000)),
    ] {
        gateway.viewer.data(&document, json!({})).await;
    }
    // The cost depends on the variables.
    let document = "query($n: Int) { products(first: 100) { nodes { brand { products(first: $n) { nodes { id title quantity } } } } } }";
    gateway.viewer.data(document, json!({ "n": 100 })).await;
    let deeper = "query($n: Int) { products(first: 100) { nodes { brand { products(first: 80) { nodes { inflows(first: $n) { totalCount } } } } } } }";
    gateway.viewer.data(deeper, json!({ "n": 3 })).await;
    assert_eq!(
        gateway.viewer.expect_error(deeper, json!({ "n": 4 })).await.0,
        "LIMIT_EXCEEDED"
    );
    // The number of errors is bounded.
    let many: String = (0..100)
        .map(|alias| format!("a{alias}: products(first: 101) {{ totalCount }} "))
        .collect();
    let body = gateway
        .viewer
        .gql(&format!("{{ {many} }}"), json!({}))
        .await
        .json();
    assert_eq!(body["errors"].as_array().unwrap().len(), 20);
    assert!(body.get("data").is_none(), "{body}");
}

async fn failed_fields_become_null(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 10).await;
    gateway
        .sql("ALTER TABLE inflow RENAME TO away")
        .await
        .expect("the table is renamed");
    let document = format!(
        "{{ viewer {{ user {{ username }} }}
            product(id: {product}) {{ title inflows {{ totalCount }} quantity }}
            inflows {{ totalCount }}
            categories {{ nodes {{ products {{ nodes {{ inflows {{ nodes {{ id }} }} title }} }} name }} totalCount }}
            stockLedger {{ nodes {{ change movement {{ id }} }} }} }}"
    );
    let body = gateway.viewer.gql(&document, json!({})).await.expect(200);
    assert_eq!(
        body["data"].to_string(),
        r#"{"viewer":{"user":{"username":"viewer"}},"product":{"title":"Bolts","inflows":null,"quantity":10},"inflows":null,"categories":{"nodes":[{"products":{"nodes":[{"inflows":null,"title":"Bolts"}]},"name":"A category"}],"totalCount":1},"stockLedger":{"nodes":[{"change":10,"movement":null}]}}"#
    );
    let paths: Vec<&Value> = body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| &error["path"])
        .collect();
    for path in [
        json!(["product", "inflows"]),
        json!(["inflows"]),
        json!(["categories", "nodes", 0, "products", "nodes", 0, "inflows"]),
    ] {
        assert!(paths.contains(&&path), "{body}");
    }
    let document = "{ analytics { lowStockThreshold movementsPerDay(from: \"2024-01-01\", to: \"2024-01-01\") { date } } }";
    let body = gateway.viewer.gql(document, json!({})).await.expect(200);
    assert_eq!(
        body["data"].to_string(),
        r#"{"analytics":{"lowStockThreshold":5,"movementsPerDay":null}}"#
    );
    gateway
        .sql("ALTER TABLE away RENAME TO inflow")
        .await
        .expect("the table is renamed");
    // An object has no keys if none of the selected fields apply to it.
    let document = format!(
        "query($x: Boolean!) {{ product(id: {product}) {{ title @include(if: $x) movements {{ nodes {{ ...on Inflow {{ id }} }} }} }} }}"
    );
    gateway
        .root
        .make(Kind::Outflow, json!({ "product": product, "quantity": 1 }))
        .await;
    let data = gateway.viewer.data(&document, json!({ "x": false })).await;
    assert_eq!(data.to_string(), r#"{"product":{"movements":{"nodes":[{}]}}}"#);
}

async fn rate_limits_count_executed_fields(gateway: Gateway) {
    let gateway = gateway.restart_with(&["--rate-limit-enabled", "true"]).await;
    // Fifty writes a minute are allowed; fields with the same response key count once.
    let many = |count: usize| {
        let writes: String = (0..count)
            .map(|alias| format!("a{alias}: createBrand(input: {{ name: \"x\" }}) {{ brand {{ id }} }} "))
            .collect();
        format!(
            "mutation {{ {writes} a0: createBrand(input: {{ name: \"x\" }}) {{ userErrors {{ code }} }} }}"
        )
    };
    gateway.manager.data(&many(30), json!({})).await;
    let refused = gateway.manager.gql(&many(21), json!({})).await;
    assert_eq!(refused.status, 429);
    assert_eq!(
        refused.json()["errors"][0]["extensions"]["code"],
        "TOO_MANY_REQUESTS"
    );
    assert!(refused.header("retry-after").is_some());
    gateway.manager.data(&many(20), json!({})).await;
    assert_eq!(gateway.manager.gql(&many(1), json!({})).await.status, 429);
    // Reads have their own limit, and so do other users.
    assert_eq!(
        gateway.manager.data("{ brands { totalCount } }", json!({})).await["brands"]["totalCount"],
        50
    );
    gateway.root.data(&many(1), json!({})).await;
    gateway.advance_clock(61);
    gateway.manager.data(&many(1), json!({})).await;
}
