//! Filters of lists: relations, prices, days.

use serde_json::json;
use stockroom::kind::Kind;

use crate::support::gateway::{Gateway, at};

on_both_databases_and_apis![
    products_are_filtered_by_relation,
    products_are_filtered_by_price,
    movements_are_filtered_by_relation,
    movements_are_filtered_by_day,
    filters_are_combined
];

/// Ids without an object; filters for them return an empty list, not an error.
const NO_MATCH: [&str; 6] = [
    "999",
    "0",
    "-1",
    "9223372036854775807",
    "9223372036854775808",
    "99999999999999999999999999",
];

async fn products_are_filtered_by_relation(gateway: Gateway) {
    let root = &gateway.root;
    for name in ["One", "Two"] {
        root.make(Kind::Brand, json!({ "name": name })).await;
        root.make(Kind::Category, json!({ "name": name })).await;
    }
    for (brand, category) in [(1, 1), (1, 2), (2, 1), (2, 2), (1, 1)] {
        let product = json!({ "title": "P", "brand": brand, "category": category, "cost_price": 1, "selling_price": 1 });
        root.make(Kind::Product, product).await;
    }
    for (query, ids) in [
        ("brand=1", vec![1, 2, 5]),
        ("brand=02", vec![3, 4]),
        ("category=2", vec![2, 4]),
        ("brand=1&category=1", vec![1, 5]),
        ("brand=&category=2", vec![2, 4]),
        ("brand=%201%20", vec![1, 2, 5]),
    ] {
        let response = gateway.viewer.get(&format!("products/?{query}")).await;
        assert_eq!(response.ids(), ids, "{query}");
        assert_eq!(response.json()["count"], ids.len(), "{query}");
    }
    for id in NO_MATCH {
        for filter in ["brand", "category"] {
            let empty = r#"{"count":0,"next":null,"previous":null,"results":[]}"#;
            gateway
                .viewer
                .get(&format!("products/?{filter}={id}"))
                .await
                .expect_body(200, empty);
        }
    }
}

async fn products_are_filtered_by_price(gateway: Gateway) {
    let root = &gateway.root;
    root.make(Kind::Brand, json!({ "name": "One" })).await;
    root.make(Kind::Category, json!({ "name": "One" })).await;
    let prices = [
        "0",
        "9",
        "9.99",
        "10",
        "99.9",
        "100",
        "12345678901234567890.98",
        "12345678901234567890.99",
        "99999999999999999999.99",
    ];
    for price in prices {
        // The cost prices are equal, because the filters compare only selling prices.
        let product =
            json!({ "title": "P", "brand": 1, "category": 1, "cost_price": 50, "selling_price": price });
        root.make(Kind::Product, product).await;
    }
    for (query, ids) in [
        ("min_price=0", 1..=9),
        ("min_price=9.99", 3..=9),
        ("min_price=9.990", 3..=9),
        ("min_price=9.991", 4..=9),
        ("min_price=9.98999", 3..=9),
        ("max_price=9.99", 1..=3),
        ("max_price=9.989", 1..=2),
        ("max_price=9.99001", 1..=3),
        ("min_price=9&max_price=99.9", 2..=5),
        ("min_price=12345678901234567890.99", 8..=9),
        ("max_price=12345678901234567890.98", 1..=7),
        ("min_price=1e2", 6..=9),
        ("max_price=1E%2B1", 1..=4),
        ("min_price=-5", 1..=9),
        ("max_price=1e400", 1..=9),
        ("min_price=99999999999999999999.99", 9..=9),
        ("max_price=%2010%20", 1..=4),
        ("min_price=.5", 2..=9),
        ("min_price=10.", 4..=9),
    ] {
        let ids: Vec<i64> = ids.collect();
        assert_eq!(
            gateway
                .viewer
                .get(&format!("products/?ordering=id&{query}"))
                .await
                .ids(),
            ids,
            "{query}"
        );
    }
    for query in [
        "max_price=-0.01",
        "min_price=1e20",
        "min_price=1e400",
        "min_price=10&max_price=9.99",
        "min_price=9.991&max_price=9.999",
    ] {
        assert_eq!(
            gateway.viewer.get(&format!("products/?{query}")).await.json()["count"],
            0,
            "{query}"
        );
    }
}

async fn movements_are_filtered_by_relation(gateway: Gateway) {
    let root = &gateway.root;
    let (bolts, nuts) = (root.product("Bolts", 100).await, root.product("Nuts", 100).await);
    for name in ["One", "Two"] {
        root.make(Kind::Supplier, json!({ "name": name })).await;
    }
    for (supplier, product) in [(1, bolts), (1, nuts), (2, bolts), (2, nuts), (1, bolts)] {
        root.make(
            Kind::Inflow,
            json!({ "supplier": supplier, "product": product, "quantity": 1 }),
        )
        .await;
        root.make(Kind::Outflow, json!({ "product": product, "quantity": 1 }))
            .await;
    }
    for (path, ids) in [
        (format!("inflows/?product={bolts}"), vec![5, 3, 1]),
        ("inflows/?supplier=2".to_owned(), vec![4, 3]),
        (format!("inflows/?supplier=1&product={nuts}"), vec![2]),
        (format!("outflows/?product={nuts}"), vec![4, 2]),
    ] {
        assert_eq!(gateway.viewer.get(&path).await.ids(), ids, "{path}");
    }
    for id in NO_MATCH {
        for filter in ["inflows/?supplier", "inflows/?product", "outflows/?product"] {
            assert_eq!(
                gateway.viewer.get(&format!("{filter}={id}")).await.expect(200)["count"],
                0
            );
        }
    }
}

async fn movements_are_filtered_by_day(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 100).await;
    gateway.root.make(Kind::Supplier, json!({ "name": "One" })).await;
    let mut gateway = gateway;
    for time in [
        "2024-01-15T23:59:59.999999Z",
        "2024-01-16T00:00:00Z",
        "2024-01-16T12:00:00Z",
        "2024-01-16T23:59:59.999999Z",
        "2024-01-17T00:00:00Z",
        "2024-02-29T08:00:00Z",
    ] {
        gateway = gateway.restart_at(&[], at(time)).await;
        gateway
            .root
            .make(
                Kind::Inflow,
                json!({ "supplier": 1, "product": product, "quantity": 1 }),
            )
            .await;
        gateway
            .root
            .make(Kind::Outflow, json!({ "product": product, "quantity": 1 }))
            .await;
    }
    for collection in ["inflows", "outflows"] {
        for (query, ids) in [
            ("date_from=2024-01-16", 2..=6),
            ("date_to=2024-01-16", 1..=4),
            ("date_from=2024-01-16&date_to=2024-01-16", 2..=4),
            ("date_from=2024-01-15&date_to=2024-01-15", 1..=1),
            ("date_from=2024-01-17&date_to=2024-02-29", 5..=6),
            ("date_from=2024-02-29", 6..=6),
            ("date_from=0001-01-01&date_to=9999-12-31", 1..=6),
            ("date_from=%202024-02-01%20", 6..=6),
        ] {
            let path = format!("{collection}/?ordering=id&{query}");
            assert_eq!(
                gateway.viewer.get(&path).await.ids(),
                ids.collect::<Vec<i64>>(),
                "{path}"
            );
        }
        for query in [
            "date_from=2024-03-01",
            "date_to=2024-01-14",
            "date_from=2024-01-17&date_to=2024-01-16",
            "date_from=9999-12-31",
            "date_to=0001-01-01",
        ] {
            assert_eq!(
                gateway.viewer.get(&format!("{collection}/?{query}")).await.json()["count"],
                0,
                "{query}"
            );
        }
        // Times are stored with microseconds; REST shows whole seconds.
        let first = gateway.viewer.get(&format!("{collection}/1/")).await.json();
        assert_eq!(first["created_at"], "2024-01-15T23:59:59Z");
    }
}

async fn filters_are_combined(gateway: Gateway) {
    let root = &gateway.root;
    root.make(Kind::Brand, json!({ "name": "One" })).await;
    root.make(Kind::Category, json!({ "name": "One" })).await;
    for (title, price) in [
        ("Red lamp", 1),
        ("Blue lamp", 2),
        ("Green lamp", 3),
        ("Lamp shade", 4),
        ("Chair", 5),
    ] {
        let product =
            json!({ "title": title, "brand": 1, "category": 1, "cost_price": 1, "selling_price": price });
        root.make(Kind::Product, product).await;
    }
    let path = "products/?search=lamp&brand=1&category=1&min_price=2&max_price=4&ordering=-selling_price&page_size=2";
    let first = gateway.viewer.get(path).await;
    assert_eq!((first.ids(), &first.json()["count"]), (vec![4, 3], &json!(3)));
    assert_eq!(gateway.viewer.get(&format!("{path}&page=2")).await.ids(), [2]);
}
