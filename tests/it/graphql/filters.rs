//! Filters of connections: every operator, relations in both directions, and combinations.

use serde_json::json;
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;

on_both_databases![
    texts_are_filtered,
    numbers_and_prices_are_filtered,
    times_and_days_are_filtered,
    filters_follow_relations_to_one,
    filters_follow_relations_to_many,
    conditions_are_combined,
    movements_and_the_ledger_are_filtered,
    filters_are_bounded,
];

/// Creates four products of two brands in two categories, at 10:30, 23:30, 00:30 and 01:30. The third brand has no product.
async fn fill(gateway: &Gateway) {
    let root = &gateway.root;
    for name in ["Água", "Bosch", "Zebra"] {
        root.make(Kind::Brand, json!({ "name": name })).await;
    }
    for name in ["Tools", "Garden"] {
        root.make(Kind::Category, json!({ "name": name })).await;
    }
    let products = [
        json!({ "title": "Água de Coco", "brand": 1, "category": 1, "serie_number": "A-1", "description": "Fresh: 100%",
                "cost_price": 5, "selling_price": "9.99", "quantity": 0 }),
        json!({ "title": "Drill", "brand": 2, "category": 1, "cost_price": 50, "selling_price": 100, "quantity": 5 }),
        json!({ "title": "drill bits", "brand": 2, "category": 2, "serie_number": "B_2", "description": "fresh",
                "cost_price": 50, "selling_price": "99.99", "quantity": 6 }),
        json!({ "title": "Ñandú", "brand": 1, "category": 2, "cost_price": "0",
                "selling_price": "12345678901234567890.99", "quantity": 50 }),
    ];
    for (product, seconds) in products.into_iter().zip([13 * 3600, 3600, 3600, 0]) {
        root.make(Kind::Product, product).await;
        gateway.advance_clock(seconds);
    }
}

/// Asserts the ids of the products that match each filter.
async fn assert_found(gateway: &Gateway, cases: &[(&str, &[i64])]) {
    for (filter, expected) in cases {
        let arguments = format!("filter: {filter}, orderBy: {{ field: ID }}");
        let found = gateway.viewer.page("products", &arguments).await;
        assert_eq!(found, *expected, "{filter}");
    }
}

async fn texts_are_filtered(gateway: Gateway) {
    fill(&gateway).await;
    assert_found(
        &gateway,
        &[
            (r#"{ title: { eq: "Drill" } }"#, &[2]),
            (r#"{ title: { eq: "drill" } }"#, &[]),
            (r#"{ title: { ne: "Drill" } }"#, &[1, 3, 4]),
            (r#"{ title: { in: ["Drill", "Ñandú", "no"] } }"#, &[2, 4]),
            (r"{ title: { in: [] } }", &[]),
            (r#"{ title: { notIn: ["Drill", "Ñandú"] } }"#, &[1, 3]),
            (r"{ title: { notIn: [] } }", &[1, 2, 3, 4]),
            (r#"{ title: { contains: "RILL" } }"#, &[2, 3]),
            (r#"{ title: { contains: "ÁGUA" } }"#, &[1]),
            (r#"{ title: { contains: "agua" } }"#, &[1]),
            (r#"{ title: { contains: "A\u0301GUA DE" } }"#, &[1]),
            (r#"{ title: { contains: "coco agua" } }"#, &[]),
            (r#"{ title: { contains: "" } }"#, &[1, 2, 3, 4]),
            (r#"{ title: { startsWith: "ñAN" } }"#, &[4]),
            (r#"{ title: { startsWith: "nand" } }"#, &[4]),
            (r#"{ title: { startsWith: "bits" } }"#, &[]),
            (r#"{ title: { endsWith: "DÚ" } }"#, &[4]),
            (r#"{ title: { endsWith: "drill" } }"#, &[2]),
            (r#"{ description: { contains: "%" } }"#, &[1]),
            (r#"{ description: { startsWith: "FRESH", endsWith: "h" } }"#, &[3]),
            (r#"{ serieNumber: { contains: "_" } }"#, &[3]),
            (r#"{ serieNumber: { contains: "-" } }"#, &[1]),
            (r#"{ serieNumber: { contains: "\\" } }"#, &[]),
            (r"{ serieNumber: { isNull: true } }", &[2, 4]),
            (r"{ serieNumber: { isNull: false } }", &[1, 3]),
            // `ne` and `notIn` match null.
            (r#"{ serieNumber: { ne: "A-1" } }"#, &[2, 3, 4]),
            (r#"{ serieNumber: { notIn: ["A-1"] } }"#, &[2, 3, 4]),
            (r#"{ not: { serieNumber: { eq: "A-1" } } }"#, &[2, 3, 4]),
            (r#"{ not: { serieNumber: { in: ["A-1", "B_2"] } } }"#, &[2, 4]),
            (r#"{ not: { serieNumber: { contains: "a" } } }"#, &[2, 3, 4]),
            (r#"{ not: { serieNumber: { ne: "A-1" } } }"#, &[1]),
            (r#"{ title: { eq: "nul\u0000" } }"#, &[]),
            (r#"{ title: { contains: "\u0000" } }"#, &[]),
            (r"{ title: { eq: null } }", &[1, 2, 3, 4]),
            (r"{ title: null, serieNumber: {} }", &[1, 2, 3, 4]),
        ],
    )
    .await;
}

async fn numbers_and_prices_are_filtered(gateway: Gateway) {
    fill(&gateway).await;
    assert_found(
        &gateway,
        &[
            ("{ quantity: { eq: 5 } }", &[2]),
            ("{ quantity: { ne: 5 } }", &[1, 3, 4]),
            ("{ quantity: { in: [0, 50, 7] } }", &[1, 4]),
            ("{ quantity: { notIn: [0, 50, 7] } }", &[2, 3]),
            ("{ quantity: { gt: 5 } }", &[3, 4]),
            ("{ quantity: { gte: 5, lt: 50 } }", &[2, 3]),
            ("{ quantity: { lt: 5 } }", &[1]),
            ("{ quantity: { lte: -2147483648 } }", &[]),
            ("{ isLowStock: true }", &[1, 2]),
            ("{ isLowStock: false }", &[3, 4]),
            (r#"{ sellingPrice: { eq: "99.990" } }"#, &[3]),
            ("{ sellingPrice: { eq: 100 } }", &[2]),
            ("{ sellingPrice: { eq: 100.0 } }", &[2]),
            (r#"{ sellingPrice: { ne: "9.99" } }"#, &[2, 3, 4]),
            (r#"{ sellingPrice: { in: ["9.99", 100, "0"] } }"#, &[1, 2]),
            (r#"{ sellingPrice: { notIn: ["9.99", 100] } }"#, &[3, 4]),
            ("{ sellingPrice: { gt: 99.99 } }", &[2, 4]),
            ("{ sellingPrice: { gte: 99.99, lte: 100 } }", &[2, 3]),
            // Bounds with more decimal places than a price.
            ("{ sellingPrice: { gt: 99.985, lt: 99.995 } }", &[3]),
            ("{ sellingPrice: { lt: 99.99 } }", &[1]),
            (r#"{ sellingPrice: { gt: "12345678901234567890.98" } }"#, &[4]),
            (r#"{ sellingPrice: { gt: "12345678901234567890.99" } }"#, &[]),
            (
                r#"{ sellingPrice: { lt: "100000000000000000000" } }"#,
                &[1, 2, 3, 4],
            ),
            ("{ costPrice: { eq: 0 } }", &[4]),
            ("{ costPrice: { gte: -1, lt: 50 } }", &[1, 4]),
            (r#"{ id: { eq: "2" } }"#, &[2]),
            ("{ id: { eq: 2 } }", &[2]),
            (r#"{ id: { ne: "2" } }"#, &[1, 3, 4]),
            (
                r#"{ id: { in: ["1", "abc", "+3", "9223372036854775808", "4"] } }"#,
                &[1, 4],
            ),
            (r#"{ id: { notIn: ["1", "abc", "4"] } }"#, &[2, 3]),
            (r#"{ id: { eq: "abc" } }"#, &[]),
            (r#"{ id: { ne: "abc" } }"#, &[1, 2, 3, 4]),
        ],
    )
    .await;
    for price in [r#""x""#, r#""1,5""#, r#""NaN""#, r#""""#, "10000000000000"] {
        let document =
            format!("{{ products(filter: {{ sellingPrice: {{ gt: {price} }} }}) {{ totalCount }} }}");
        let (code, message) = gateway.viewer.expect_error(&document, json!({})).await;
        assert_eq!(code, "BAD_USER_INPUT", "{price}");
        assert!(message.contains("decimal"), "{price}: {message}");
    }
}

async fn times_and_days_are_filtered(gateway: Gateway) {
    fill(&gateway).await;
    assert_found(
        &gateway,
        &[
            (r#"{ createdAt: { from: "2024-01-16" } }"#, &[3, 4]),
            (r#"{ createdAt: { to: "2024-01-15" } }"#, &[1, 2]),
            (
                r#"{ createdAt: { from: "2024-01-15", to: "2024-01-16" } }"#,
                &[1, 2, 3, 4],
            ),
            (r#"{ createdAt: { from: "2024-01-16", to: "2024-01-15" } }"#, &[]),
            (r#"{ createdAt: { gt: "2024-01-15T23:30:00Z" } }"#, &[3, 4]),
            (r#"{ createdAt: { gte: "2024-01-15T23:30:00Z" } }"#, &[2, 3, 4]),
            (r#"{ createdAt: { lt: "2024-01-16T01:30:00+01:00" } }"#, &[1, 2]),
            (
                r#"{ createdAt: { lte: "2024-01-16T01:30:00+01:00" } }"#,
                &[1, 2, 3],
            ),
            (r#"{ updatedAt: { from: "9999-12-31" } }"#, &[]),
            (
                r#"{ updatedAt: { to: "9999-12-31", from: "0001-01-01" } }"#,
                &[1, 2, 3, 4],
            ),
        ],
    )
    .await;
    for day in ["2024-02-30", "2024-1-5", "tomorrow", "2024-01-15T00:00:00Z"] {
        let document = "query($day: Date) { products(filter: { createdAt: { from: $day } }) { totalCount } }";
        let (code, _) = gateway.viewer.expect_error(document, json!({ "day": day })).await;
        assert_eq!(code, "BAD_USER_INPUT", "{day}");
        let document =
            format!("{{ products(filter: {{ createdAt: {{ from: \"{day}\" }} }}) {{ totalCount }} }}");
        let (code, _) = gateway.viewer.expect_error(&document, json!({})).await;
        assert_eq!(code, "BAD_USER_INPUT", "{day}");
    }
}

async fn filters_follow_relations_to_one(gateway: Gateway) {
    fill(&gateway).await;
    assert_found(
        &gateway,
        &[
            (r#"{ category: { name: { eq: "Garden" } } }"#, &[3, 4]),
            (r#"{ brand: { name: { contains: "água" } } }"#, &[1, 4]),
            (r#"{ brand: { id: { eq: "2" } }, category: { id: { eq: "2" } } }"#, &[3]),
            (r#"{ brand: { name: { eq: "Missing" } } }"#, &[]),
            (r"{ brand: {} }", &[1, 2, 3, 4]),
            (r#"{ brand: { not: { name: { eq: "Bosch" } } } }"#, &[1, 4]),
            // Nested: products of brands that have a product in the garden category for less than 100.
            (
                r#"{ brand: { products: { some: { category: { name: { eq: "Garden" } }, sellingPrice: { lt: 100 } } } } }"#,
                &[2, 3],
            ),
        ],
    )
    .await;
}

async fn filters_follow_relations_to_many(gateway: Gateway) {
    fill(&gateway).await;
    for (filter, expected) in [
        (r"{ products: { some: {} } }", &[1, 2][..]),
        (r"{ products: { none: {} } }", &[3]),
        (
            r#"{ products: { some: { title: { contains: "DRILL" } } } }"#,
            &[2],
        ),
        (
            r#"{ products: { none: { title: { contains: "DRILL" } } } }"#,
            &[1, 3],
        ),
        (
            r"{ products: { some: { isLowStock: true }, none: { quantity: { gt: 10 } } } }",
            &[2],
        ),
        (r"{ not: { products: { some: {} } } }", &[3]),
        (
            r#"{ or: [{ products: { none: {} } }, { name: { startsWith: "á" } }] }"#,
            &[1, 3],
        ),
    ] {
        let arguments = format!("filter: {filter}, orderBy: {{ field: ID }}");
        assert_eq!(
            gateway.viewer.page("brands", &arguments).await,
            expected,
            "{filter}"
        );
    }
    let arguments = "filter: { products: { none: { brand: { name: { eq: \"Bosch\" } } } } }";
    assert_eq!(gateway.viewer.page("categories", arguments).await, [0_i64; 0]);
}

async fn conditions_are_combined(gateway: Gateway) {
    fill(&gateway).await;
    assert_found(
        &gateway,
        &[
            ("{}", &[1, 2, 3, 4]),
            ("{ and: [] }", &[1, 2, 3, 4]),
            ("{ or: [] }", &[]),
            ("{ not: {} }", &[]),
            ("{ not: { or: [] } }", &[1, 2, 3, 4]),
            ("{ or: [{}] }", &[1, 2, 3, 4]),
            (r#"{ or: [{ title: { eq: "Drill" } }, { quantity: { gt: 10 } }] }"#, &[2, 4]),
            (r#"{ or: [{ title: { eq: "Drill" } }, { quantity: { gt: 10 } }], isLowStock: true }"#, &[2]),
            ("{ and: [{ quantity: { gt: 0 } }, { quantity: { lt: 50 } }] }", &[2, 3]),
            ("{ and: { quantity: { gt: 0 } } }", &[2, 3, 4]),
            ("{ not: { quantity: { gt: 0 }, isLowStock: true } }", &[1, 3, 4]),
            ("{ not: { not: { quantity: { eq: 5 } } } }", &[2]),
            (
                "{ or: [{ and: [{ quantity: { gte: 5 } }, { not: { quantity: { gt: 5 } } }] }, { not: { or: [{ quantity: { lt: 50 } }] } }] }",
                &[2, 4],
            ),
            ("null", &[1, 2, 3, 4]),
        ],
    )
    .await;
    // The page, its count and the search agree.
    let document =
        "{ products(search: \"DRILL\", filter: { quantity: { gt: 5 } }) { totalCount nodes { id } } }";
    let data = gateway.viewer.data(document, json!({})).await;
    assert_eq!(
        data["products"],
        json!({ "totalCount": 1, "nodes": [{ "id": "3" }] })
    );
}

async fn movements_and_the_ledger_are_filtered(gateway: Gateway) {
    fill(&gateway).await;
    let root = &gateway.root;
    for name in ["Near", "Far"] {
        root.make(Kind::Supplier, json!({ "name": name })).await;
    }
    for (supplier, product, quantity) in [(1, 1, 10), (2, 2, 20), (2, 1, 30)] {
        let inflow = json!({ "supplier": supplier, "product": product, "quantity": quantity, "description": format!("No {quantity}") });
        root.make(Kind::Inflow, inflow).await;
    }
    gateway
        .manager
        .make(Kind::Outflow, json!({ "product": 1, "quantity": 4 }))
        .await;
    for (field, filter, expected) in [
        ("inflows", r#"{ supplier: { name: { eq: "Far" } } }"#, &[3, 2][..]),
        (
            "inflows",
            r#"{ product: { title: { contains: "água" } } }"#,
            &[3, 1],
        ),
        (
            "inflows",
            r#"{ product: { brand: { name: { eq: "Bosch" } } } }"#,
            &[2],
        ),
        ("inflows", r"{ quantity: { gte: 20 } }", &[3, 2]),
        ("inflows", r#"{ description: { eq: "No 10" } }"#, &[1]),
        (
            "inflows",
            r#"{ or: [{ id: { eq: "1" } }, { not: { id: { in: ["1", "2"] } } }] }"#,
            &[3, 1],
        ),
        ("inflows", r#"{ createdAt: { to: "2024-01-15" } }"#, &[]),
        ("outflows", r#"{ product: { id: { eq: "1" } } }"#, &[1]),
        ("outflows", r#"{ product: { id: { eq: "2" } } }"#, &[]),
        (
            "outflows",
            r"{ description: { isNull: true }, quantity: { eq: 4 } }",
            &[1],
        ),
        // Products 2, 3 and 4 were created with stock: entries 1, 2 and 3.
        ("stockLedger", r#"{ productId: { eq: "1" } }"#, &[7, 6, 4]),
        (
            "stockLedger",
            r"{ reason: [PRODUCT_CREATED, OUTFLOW_CREATED] }",
            &[7, 3, 2, 1],
        ),
        ("stockLedger", r"{ change: { lt: 0 } }", &[7]),
        ("stockLedger", r#"{ actorId: { eq: "2" } }"#, &[7]),
        (
            "stockLedger",
            r#"{ actorId: { in: ["1"] }, change: { gt: 25 } }"#,
            &[6, 3],
        ),
        ("stockLedger", r#"{ createdAt: { to: "2024-01-15" } }"#, &[1]),
        ("stockLedger", r"{ reason: [] }", &[]),
    ] {
        let found = gateway.viewer.page(field, &format!("filter: {filter}")).await;
        assert_eq!(found, expected, "{field} {filter}");
    }
    assert_eq!(
        gateway
            .viewer
            .page("suppliers", "filter: { name: { ne: \"Far\" } }")
            .await,
        [1]
    );
}

async fn filters_are_bounded(gateway: Gateway) {
    fill(&gateway).await;
    let document = "query($f: ProductFilter) { products(filter: $f) { totalCount } }";
    let count = async |filter| {
        gateway.viewer.data(document, json!({ "f": filter })).await["products"]["totalCount"].clone()
    };
    let wide = |width: usize| json!({ "or": vec![json!({ "quantity": { "eq": 5 } }); width] });
    assert_eq!(count(wide(150)).await, 1);
    let ids = |ids: i64| json!({ "id": { "in": (1..=ids).map(|id| id.to_string()).collect::<Vec<_>>() } });
    assert_eq!(count(ids(10_000)).await, 4);
    let deep = |depth: usize| {
        (0..depth).fold(
            json!({ "quantity": { "eq": 5 } }),
            |inner, _| json!({ "not": inner }),
        )
    };
    assert_eq!(count(deep(16)).await, 1);
    for (filter, part) in [(wide(201), "conditions"), (ids(10_001), "values")] {
        let (code, message) = gateway
            .viewer
            .expect_error(document, json!({ "f": filter }))
            .await;
        assert_eq!(code, "BAD_USER_INPUT");
        assert!(message.contains(part), "{message}");
    }
    let (code, message) = gateway
        .viewer
        .expect_error(document, json!({ "f": deep(30) }))
        .await;
    assert!(
        code == "BAD_USER_INPUT" && message.contains("nested"),
        "{message}"
    );
}
