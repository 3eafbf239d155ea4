//! Analytics: exact sums at the prices of the sale, and the ledger.

use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;

on_both_databases![
    an_empty_shop_has_zero_sums,
    sales_use_the_prices_of_the_sale,
    stock_uses_current_prices,
    sums_are_exact_beyond_every_integer_type,
    days_are_utc_days,
    stock_is_summed_by_category_and_brand,
    the_ledger_has_actors_and_reasons,
    invalid_arguments_are_rejected,
    keys_are_in_the_order_of_the_selection,
];

/// The selected fields of `analytics`.
async fn analytics(gateway: &Gateway, selected: &str) -> Value {
    let document = format!("{{ analytics {{ {selected} }} }}");
    gateway.viewer.data(&document, json!({})).await["analytics"].clone()
}

const STOCK: &str =
    "productCount lowStockCount outOfStockCount unitCount costValue sellingValue potentialProfit";
const SALES: &str = "outflowCount unitCount revenue profit";

async fn an_empty_shop_has_zero_sums(gateway: Gateway) {
    let selected = format!(
        "lowStockThreshold stock {{ {STOCK} }} sales {{ {SALES} }} stockByBrand {{ brand {{ id }} }}
         stockByCategory {{ category {{ id }} }} movementsPerDay(from: \"2024-01-15\", to: \"2024-01-15\") {{ date inflowCount revenue }}"
    );
    assert_eq!(
        analytics(&gateway, &selected).await,
        json!({
            "lowStockThreshold": 5,
            "stock": { "productCount": 0, "lowStockCount": 0, "outOfStockCount": 0, "unitCount": "0", "costValue": "0.00",
                       "sellingValue": "0.00", "potentialProfit": "0.00" },
            "sales": { "outflowCount": 0, "unitCount": "0", "revenue": "0.00", "profit": "0.00" },
            "stockByBrand": [],
            "stockByCategory": [],
            "movementsPerDay": [{ "date": "2024-01-15", "inflowCount": 0, "revenue": "0.00" }],
        })
    );
}

async fn sales_use_the_prices_of_the_sale(gateway: Gateway) {
    let root = &gateway.root;
    let product = root.product("Bolts", 100).await;
    let sell = async |quantity: i64| {
        root.make(Kind::Outflow, json!({ "product": product, "quantity": quantity }))
            .await
    };
    sell(3).await;
    let path = format!("products/{product}/");
    root.patch(&path, json!({ "cost_price": "7.01", "selling_price": "20.03" }))
        .await
        .expect(200);
    let second = sell(2).await;
    root.patch(&path, json!({ "cost_price": "100", "selling_price": "0.01" }))
        .await
        .expect(200);
    sell(1).await;
    // 3 × (9.90 − 5.00), 2 × (20.03 − 7.01), 1 × (0.01 − 100.00).
    assert_eq!(
        analytics(&gateway, &format!("sales {{ {SALES} }}")).await["sales"],
        json!({ "outflowCount": 3, "unitCount": "6", "revenue": "69.77", "profit": "-59.25" })
    );
    root.delete(&format!("outflows/{second}/")).await.expect(204);
    assert_eq!(
        analytics(&gateway, &format!("sales {{ {SALES} }}")).await["sales"],
        json!({ "outflowCount": 2, "unitCount": "4", "revenue": "29.71", "profit": "-85.29" })
    );
}

async fn stock_uses_current_prices(gateway: Gateway) {
    let root = &gateway.root;
    for (title, quantity, cost, price) in [
        ("a", 0, "1.10", "2.20"),
        ("b", 5, "0.10", "0.30"),
        ("c", 6, "3.33", "3.32"),
        ("d", 1000, "0.01", "0.02"),
    ] {
        let id = root.product(title, quantity).await;
        let prices = json!({ "cost_price": cost, "selling_price": price });
        root.patch(&format!("products/{id}/"), prices).await.expect(200);
    }
    assert_eq!(
        analytics(&gateway, &format!("stock {{ {STOCK} }}")).await["stock"],
        json!({ "productCount": 4, "lowStockCount": 2, "outOfStockCount": 1, "unitCount": "1011", "costValue": "30.48",
                "sellingValue": "41.42", "potentialProfit": "10.94" })
    );
    let filtered = format!("stock(filter: {{ title: {{ in: [\"b\", \"c\"] }} }}) {{ {STOCK} }}");
    assert_eq!(
        analytics(&gateway, &filtered).await["stock"],
        json!({ "productCount": 2, "lowStockCount": 1, "outOfStockCount": 0, "unitCount": "11", "costValue": "20.48",
                "sellingValue": "21.42", "potentialProfit": "0.94" })
    );
}

async fn sums_are_exact_beyond_every_integer_type(gateway: Gateway) {
    let root = &gateway.root;
    for title in ["a", "b", "c"] {
        let id = root.product(title, 2_147_483_647).await;
        let prices = json!({ "cost_price": "0.01", "selling_price": "99999999999999999999.99" });
        root.patch(&format!("products/{id}/"), prices).await.expect(200);
        root.make(Kind::Outflow, json!({ "product": id, "quantity": 2_147_483_646 }))
            .await;
    }
    let analytics = analytics(&gateway, &format!("stock {{ {STOCK} }} sales {{ {SALES} }}")).await;
    assert_eq!(
        analytics["stock"],
        json!({ "productCount": 3, "lowStockCount": 3, "outOfStockCount": 0, "unitCount": "3", "costValue": "0.03",
                "sellingValue": "299999999999999999999.97", "potentialProfit": "299999999999999999999.94" })
    );
    // 3 × 2147483646 × 99999999999999999999.99, and the profit with 0.01 less per unit.
    assert_eq!(
        analytics["sales"],
        json!({ "outflowCount": 3, "unitCount": "6442450938", "revenue": "644245093799999999999935575490.62",
                "profit": "644245093799999999999871150981.24" })
    );
}

async fn days_are_utc_days(gateway: Gateway) {
    // The tokens must remain valid for the days of this test.
    let gateway = gateway
        .restart_with(&["--access-token-lifetime", "1000000"])
        .await;
    let root = &gateway.root;
    let product = root.product("Bolts", 100).await;
    let supplier = root.make(Kind::Supplier, json!({ "name": "S" })).await;
    let sell = async |quantity: i64| {
        root.make(Kind::Outflow, json!({ "product": product, "quantity": quantity }))
            .await
    };
    let buy = async |quantity: i64| {
        let inflow = json!({ "product": product, "supplier": supplier, "quantity": quantity });
        root.make(Kind::Inflow, inflow).await
    };
    // The clock is at 10:30: move to the last second of the day, then to the first of the next.
    sell(1).await;
    gateway.advance_clock(13 * 3600 + 30 * 60 - 1);
    sell(2).await;
    buy(7).await;
    gateway.advance_clock(1);
    sell(4).await;
    gateway.advance_clock(2 * 86_400);
    buy(9).await;
    let day = "date inflowCount inflowUnitCount outflowCount outflowUnitCount revenue";
    let selected = format!("movementsPerDay(from: \"2024-01-14\", to: \"2024-01-18\") {{ {day} }}");
    let day_row = |date: &str, inflows: (i64, &str), outflows: (i64, &str), revenue: &str| {
        json!({ "date": date, "inflowCount": inflows.0, "inflowUnitCount": inflows.1, "outflowCount": outflows.0,
                "outflowUnitCount": outflows.1, "revenue": revenue })
    };
    assert_eq!(
        analytics(&gateway, &selected).await["movementsPerDay"],
        json!([
            day_row("2024-01-14", (0, "0"), (0, "0"), "0.00"),
            day_row("2024-01-15", (1, "7"), (2, "3"), "29.70"),
            day_row("2024-01-16", (0, "0"), (1, "4"), "39.60"),
            day_row("2024-01-17", (0, "0"), (0, "0"), "0.00"),
            day_row("2024-01-18", (1, "9"), (0, "0"), "0.00"),
        ])
    );
    for (arguments, outflows, revenue) in [
        ("", 3, "69.30"),
        ("(from: \"2024-01-16\")", 1, "39.60"),
        ("(to: \"2024-01-15\")", 2, "29.70"),
        ("(from: \"2024-01-15\", to: \"2024-01-15\")", 2, "29.70"),
        ("(from: \"2024-01-17\", to: \"2024-01-15\")", 0, "0.00"),
    ] {
        let sales = analytics(&gateway, &format!("sales{arguments} {{ outflowCount revenue }}")).await;
        assert_eq!(
            sales["sales"],
            json!({ "outflowCount": outflows, "revenue": revenue }),
            "{arguments}"
        );
    }
    // The longest period is 366 days.
    let year = analytics(
        &gateway,
        "movementsPerDay(from: \"2024-01-01\", to: \"2024-12-31\") { date }",
    )
    .await;
    assert_eq!(year["movementsPerDay"].as_array().unwrap().len(), 366);
}

async fn stock_is_summed_by_category_and_brand(gateway: Gateway) {
    let root = &gateway.root;
    for name in ["A", "B", "C"] {
        root.make(Kind::Brand, json!({ "name": name })).await;
        root.make(Kind::Category, json!({ "name": name })).await;
    }
    for (brand, category, quantity) in [(1, 1, 1), (2, 1, 2), (2, 1, 3), (3, 2, 40), (3, 2, 0)] {
        let product = json!({ "title": "P", "brand": brand, "category": category, "cost_price": "1.50", "selling_price": "2",
                              "quantity": quantity });
        root.make(Kind::Product, product).await;
    }
    let stock = "stock { productCount unitCount sellingValue lowStockCount }";
    let selected = format!(
        "stockByBrand {{ brand {{ name products {{ totalCount }} }} {stock} }} stockByCategory(first: 2) {{ category {{ name }} {stock} }}"
    );
    let sums = |products: i64, units: &str, value: &str, low: i64| json!({ "productCount": products, "unitCount": units, "sellingValue": value, "lowStockCount": low });
    let brand = |name: &str, stock: Value| json!({ "brand": { "name": name, "products": { "totalCount": stock["productCount"] } }, "stock": stock });
    let category = |name: &str, stock: Value| json!({ "category": { "name": name }, "stock": stock });
    let analytics = analytics(&gateway, &selected).await;
    assert_eq!(
        analytics["stockByBrand"],
        json!([
            brand("B", sums(2, "5", "10.00", 2)),
            brand("C", sums(2, "40", "80.00", 1)),
            brand("A", sums(1, "1", "2.00", 1))
        ])
    );
    assert_eq!(
        analytics["stockByCategory"],
        json!([
            category("A", sums(3, "6", "12.00", 3)),
            category("B", sums(2, "40", "80.00", 1))
        ])
    );
}

async fn the_ledger_has_actors_and_reasons(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 10).await;
    let supplier = gateway.root.make(Kind::Supplier, json!({ "name": "S" })).await;
    gateway.advance_clock(1);
    let inflow = gateway
        .manager
        .make(
            Kind::Inflow,
            json!({ "product": product, "supplier": supplier, "quantity": 5 }),
        )
        .await;
    let outflow = gateway
        .administrator
        .make(Kind::Outflow, json!({ "product": product, "quantity": 2 }))
        .await;
    gateway
        .root
        .delete(&format!("inflows/{inflow}/"))
        .await
        .expect(204);
    gateway
        .manager
        .patch(&format!("products/{product}/"), json!({ "quantity": 20 }))
        .await
        .expect(200);
    let entry = "id reason change balance createdAt product { title } actor { username } movement { __typename id quantity }";
    let document = format!(
        "{{ stockLedger {{ totalCount nodes {{ {entry} }} }} product(id: {product}) {{ quantity stockLedger(filter: {{ change: {{ gt: 0 }} }}) {{ totalCount nodes {{ {entry} }} }} }} }}"
    );
    let data = gateway.viewer.data(&document, json!({})).await;
    let row = |id: &str,
               reason: &str,
               change: i64,
               balance: i64,
               second: i64,
               actor: &str,
               movement: Value| {
        json!({ "id": id, "reason": reason, "change": change, "balance": balance, "createdAt": format!("2024-01-15T10:30:0{second}Z"),
                "product": { "title": "Bolts" }, "actor": { "username": actor }, "movement": movement })
    };
    let sold = json!({ "__typename": "Outflow", "id": outflow.to_string(), "quantity": 2 });
    let all = [
        row("5", "ADJUSTMENT", 12, 20, 1, "manager", Value::Null),
        row("4", "INFLOW_DELETED", -5, 8, 1, "admin", Value::Null),
        row("3", "OUTFLOW_CREATED", -2, 13, 1, "administrator", sold),
        row("2", "INFLOW_CREATED", 5, 15, 1, "manager", Value::Null),
        row("1", "PRODUCT_CREATED", 10, 10, 0, "admin", Value::Null),
    ];
    assert_eq!(data["stockLedger"], json!({ "totalCount": 5, "nodes": all }));
    assert_eq!(
        data["product"]["stockLedger"],
        json!({ "totalCount": 3, "nodes": [all[0], all[3], all[4]] })
    );
    assert_eq!(data["product"]["quantity"], 20);
}

async fn invalid_arguments_are_rejected(gateway: Gateway) {
    for (field, part) in [
        (
            "movementsPerDay(from: \"2024-01-01\", to: \"2025-01-01\") { date }",
            "366",
        ),
        (
            "movementsPerDay(from: \"2024-01-02\", to: \"2024-01-01\") { date }",
            "to",
        ),
        ("stockByBrand(first: 101) { brand { id } }", "first"),
        ("stockByCategory(first: -1) { category { id } }", "first"),
    ] {
        let document = format!("{{ analytics {{ {field} lowStockThreshold }} }}");
        let (code, message) = gateway.viewer.refusal(&document, json!({})).await;
        let expected = if field.contains("101") {
            "LIMIT_EXCEEDED"
        } else {
            "BAD_USER_INPUT"
        };
        assert_eq!(code, expected, "{field}");
        assert!(message.contains(part), "{message}");
    }
    let unauthenticated = gateway
        .anon
        .refusal("{ analytics { lowStockThreshold } }", json!({}))
        .await;
    assert_eq!(unauthenticated.0, "UNAUTHENTICATED");
}

/// The fields run concurrently, and those that need the renamed table fail.
async fn keys_are_in_the_order_of_the_selection(gateway: Gateway) {
    gateway.root.product("Bolts", 5).await;
    gateway
        .sql("ALTER TABLE outflow RENAME TO away")
        .await
        .expect("the table is renamed");
    let selections = [
        "movementsPerDay(from: \"2024-01-01\", to: \"2024-01-02\") { date } stockByBrand { stock { productCount } } \
         sales { revenue } lowStockThreshold stock { productCount }",
        "lowStockThreshold stock { productCount } sales { revenue } again: lowStockThreshold ...F",
    ];
    let expected = [
        r#"{"movementsPerDay":null,"stockByBrand":[{"stock":{"productCount":1}}],"sales":null,"lowStockThreshold":5,"stock":{"productCount":1}}"#,
        r#"{"lowStockThreshold":5,"stock":{"productCount":1},"sales":null,"again":5,"a":null,"b":5}"#,
    ];
    for (selected, expected) in selections.iter().zip(expected) {
        let fragment = if selected.contains("...F") {
            " fragment F on Analytics { a: sales { revenue } b: lowStockThreshold }"
        } else {
            ""
        };
        let document = format!("{{ analytics {{ {selected} }} }}{fragment}");
        for _ in 0..5 {
            let response = gateway.viewer.gql(&document, json!({})).await;
            let data = format!(r#""data":{{"analytics":{expected}}}"#);
            assert!(response.text.contains(&data), "{}", response.text);
            assert!(!response.json()["errors"].as_array().expect("errors").is_empty());
        }
    }
    gateway
        .sql("ALTER TABLE away RENAME TO outflow")
        .await
        .expect("the table is renamed");
}
