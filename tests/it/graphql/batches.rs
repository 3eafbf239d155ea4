//! Batches: atomicity, the index of the invalid item, and the state that payloads show.

use futures_util::future::join_all;
use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;
use crate::support::graphql_request::ids;
use crate::support::samples::Sample;

on_both_databases![
    batches_are_atomic,
    batch_errors_name_the_invalid_item,
    batches_are_bounded,
    a_deletion_payload_shows_the_remaining_state,
    payloads_show_the_current_state,
    batches_in_opposite_orders_do_not_deadlock,
    equal_serie_numbers_in_opposite_orders_do_not_deadlock,
];

/// The quantities and versions of all products, and the numbers of movements and ledger entries.
async fn totals(gateway: &Gateway) -> Value {
    let document = "{ products { totalCount nodes { quantity version } } inflows { totalCount } outflows { totalCount } stockLedger { totalCount } }";
    gateway.viewer.data(document, json!({})).await
}

async fn batches_are_atomic(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let other = gateway.root.product("Other", 5).await.to_string();
    let (product, supplier) = (sample.product.to_string(), sample.supplier.to_string());
    let before = totals(&gateway).await;
    let outflow = |product: &str, quantity: i64| json!({ "productId": product, "quantity": quantity });
    let insufficient = json!({ "items": [outflow(&product, 1), outflow(&other, 3), outflow(&product, 2), outflow(&other, 3)] });
    let payload = gateway
        .manager
        .payload("createOutflows", "outflows { id }", insufficient)
        .await;
    assert_eq!(
        payload,
        json!({ "outflows": null, "userErrors": [
            { "field": "items.3.quantity", "code": "INSUFFICIENT_STOCK", "message": "Not enough stock: 2 available." }
        ] })
    );
    assert_eq!(totals(&gateway).await, before);

    let sufficient = json!({ "items": [outflow(&product, 1), outflow(&other, 3), outflow(&product, 2), outflow(&other, 2)] });
    let created = gateway
        .manager
        .mutate(
            "createOutflows",
            "outflows { quantity product { id quantity } }",
            sufficient,
        )
        .await;
    let expected_outflow = |product: &str, quantity: i64, stock: i64| json!({ "quantity": quantity, "product": { "id": product, "quantity": stock } });
    assert_eq!(
        created["outflows"],
        json!([
            expected_outflow(&product, 1, 97),
            expected_outflow(&other, 3, 0),
            expected_outflow(&product, 2, 97),
            expected_outflow(&other, 2, 0)
        ])
    );
    let inflow = |quantity: i64| json!({ "productId": other, "supplierId": supplier, "quantity": quantity });
    let items = json!({ "items": [inflow(4), inflow(5)] });
    let created = gateway
        .manager
        .mutate("createInflows", "inflows { quantity supplier { name } }", items)
        .await;
    let expected_inflow =
        |quantity: i64| json!({ "quantity": quantity, "supplier": { "name": "Tech Distributors Inc." } });
    assert_eq!(
        created["inflows"],
        json!([expected_inflow(4), expected_inflow(5)])
    );
    let new = |title: &str, quantity: i64| json!({ "title": title, "brandId": "1", "categoryId": "1", "costPrice": "1", "sellingPrice": 2, "quantity": quantity });
    let items = json!({ "items": [new("x", 3), new("y", 0)] });
    let created = gateway
        .manager
        .mutate(
            "createProducts",
            "products { title stockLedger { nodes { change } } }",
            items,
        )
        .await;
    assert_eq!(
        created["products"],
        json!([
            { "title": "x", "stockLedger": { "nodes": [{ "change": 3 }] } },
            { "title": "y", "stockLedger": { "nodes": [] } },
        ])
    );
    gateway.assert_invariants().await;
}

async fn batch_errors_name_the_invalid_item(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let existing = json!({ "serie_number": "SN1" });
    gateway
        .root
        .patch(&sample.path(Kind::Product), existing)
        .await
        .expect(200);
    let before = totals(&gateway).await;
    let new = |title: &str, serie: &str, brand: &str, price: &str| json!({ "title": title, "brandId": brand, "categoryId": "1", "costPrice": "1", "sellingPrice": price, "serieNumber": serie });
    let items = json!({ "items": [
        new("a", "SN2", "1", "1"), new("", "SN1", "99", "1.999"), new("b", "SN3", "1", "-1"), new("c", "SN2", "1", "1"),
    ] });
    let payload = gateway
        .manager
        .payload("createProducts", "products { id }", items)
        .await;
    assert_eq!(payload["products"], Value::Null);
    let errors = payload["userErrors"].as_array().unwrap();
    let mut reported: Vec<(&str, &str)> = errors
        .iter()
        .map(|error| (error["field"].as_str().unwrap(), error["code"].as_str().unwrap()))
        .collect();
    reported.sort_unstable();
    assert_eq!(
        reported,
        [
            ("items.1.brandId", "NOT_FOUND"),
            ("items.1.sellingPrice", "OUT_OF_RANGE"),
            ("items.1.serieNumber", "TAKEN"),
            ("items.1.title", "BLANK"),
            ("items.2.sellingPrice", "OUT_OF_RANGE"),
            ("items.3.serieNumber", "TAKEN"),
        ]
    );
    let inflow = |supplier: &str, quantity: i64| json!({ "productId": "1", "supplierId": supplier, "quantity": quantity });
    let items = json!({ "items": [inflow("1", 1), inflow("x", 0)] });
    let payload = gateway
        .manager
        .payload("createInflows", "inflows { id }", items)
        .await;
    let fields: Vec<&str> = payload["userErrors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["items.1.supplierId", "items.1.quantity"]);
    assert_eq!(totals(&gateway).await, before);
}

async fn batches_are_bounded(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let items = |count: usize| json!({ "items": vec![json!({ "productId": sample.product.to_string(), "quantity": 1 }); count] });
    for count in [0, 101] {
        let payload = gateway
            .manager
            .payload("createOutflows", "outflows { id }", items(count))
            .await;
        assert_eq!(payload["outflows"], Value::Null, "{payload}");
        assert_eq!(payload["userErrors"][0]["field"], "items", "{payload}");
    }
    let created = gateway
        .manager
        .mutate("createOutflows", "outflows { id }", items(93))
        .await;
    assert_eq!(created["outflows"].as_array().unwrap().len(), 93);
    assert_eq!(gateway.viewer.quantity(sample.product).await, 7);
    gateway.assert_invariants().await;
}

async fn a_deletion_payload_shows_the_remaining_state(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let outflow = json!({ "id": sample.outflow.to_string() });
    let deleted = gateway
        .root
        .mutate(
            "deleteOutflow",
            "deletedId product { id quantity }",
            outflow.clone(),
        )
        .await;
    assert_eq!(
        (&deleted["deletedId"], &deleted["product"]),
        (&json!("1"), &json!({ "id": "1", "quantity": 107 }))
    );
    let repeated = gateway
        .root
        .payload("deleteOutflow", "deletedId product { id }", outflow)
        .await;
    assert_eq!(repeated["product"], Value::Null);
    let inflow = json!({ "id": sample.inflow.to_string() });
    let deleted = gateway
        .root
        .mutate("deleteInflow", "deletedId product { quantity }", inflow)
        .await;
    assert_eq!(deleted["product"]["quantity"], 100);
    for (mutation, id) in [
        ("deleteProduct", sample.product),
        ("deleteBrand", sample.brand),
        ("deleteSupplier", sample.supplier),
    ] {
        let deleted = gateway
            .root
            .mutate(mutation, "deletedId", json!({ "id": id.to_string() }))
            .await;
        assert_eq!(deleted["deletedId"], id.to_string(), "{mutation}");
    }
    // The ledger keeps the entries of a deleted product.
    let document = "{ stockLedger { nodes { reason change balance productId product { id } movement { id } actor { username } } } }";
    let data = gateway.viewer.data(document, json!({})).await;
    let entry = |reason: &str, change: i64, balance: i64| {
        json!({ "reason": reason, "change": change, "balance": balance, "productId": "1", "product": null, "movement": null,
                "actor": { "username": "admin" } })
    };
    assert_eq!(
        data["stockLedger"]["nodes"],
        json!([
            entry("INFLOW_DELETED", -7, 100),
            entry("OUTFLOW_DELETED", 7, 107),
            entry("OUTFLOW_CREATED", -7, 100),
            entry("INFLOW_CREATED", 7, 107),
            entry("PRODUCT_CREATED", 100, 100),
        ])
    );
}

async fn payloads_show_the_current_state(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let product = sample.product.to_string();
    // Mutations run in document order; fields with the same response key are merged.
    let document = format!(
        "mutation {{
           a: createOutflow(input: {{ productId: {product}, quantity: 1 }}) {{ outflow {{ product {{ quantity }} }} }}
           b: createOutflow(input: {{ productId: {product}, quantity: 2 }}) {{ outflow {{ product {{ quantity }} }} }}
           a: createOutflow(input: {{ quantity: 1, productId: {product} }}) {{ userErrors {{ code }} outflow {{ quantity }} }}
           ...More
         }}
         fragment More on Mutation {{
           b: createOutflow(input: {{ productId: {product}, quantity: 2 }}) {{ outflow {{ quantity }} }}
           c: updateProduct(input: {{ id: {product}, quantity: 50 }}) {{ product {{ quantity movements {{ totalCount }} }} }}
         }}"
    );
    let response = gateway.manager.gql(&document, json!({})).await;
    assert_eq!(
        response.text,
        r#"{"data":{"a":{"outflow":{"product":{"quantity":99},"quantity":1},"userErrors":[]},"b":{"outflow":{"product":{"quantity":97},"quantity":2}},"c":{"product":{"quantity":50,"movements":{"totalCount":4}}}}}"#
    );
    let outflows = gateway
        .viewer
        .data("{ outflows { nodes { id } } }", json!({}))
        .await;
    assert_eq!(ids(&outflows["outflows"]), [3, 2, 1]);
    let both = format!(
        "{{ a: product(id: {product}) {{ title }} a: product(id: {product}) {{ quantity }} viewer {{ user {{ username }} }} }}"
    );
    let (count, response) = gateway
        .count_statements(gateway.viewer.gql(&both, json!({})))
        .await;
    assert_eq!(
        response.text,
        r#"{"data":{"a":{"title":"Galaxy S23","quantity":50},"viewer":{"user":{"username":"viewer"}}}}"#
    );
    assert!(
        count <= 2,
        "expected one statement for the user and one for the product: {count}"
    );
    gateway.assert_invariants().await;
}

async fn batches_in_opposite_orders_do_not_deadlock(gateway: Gateway) {
    let (clients, rounds) = (16_i64, 8);
    let supplier = gateway
        .root
        .make(Kind::Supplier, json!({ "name": "S" }))
        .await
        .to_string();
    let mut products = Vec::new();
    for title in ["first", "second", "third"] {
        products.push(gateway.root.product(title, 10_000).await);
    }
    let client = async |number: i64| {
        let mut order: Vec<String> = products.iter().map(i64::to_string).collect();
        if number % 2 == 1 {
            order.reverse();
        }
        for _ in 0..rounds {
            let outflows: Vec<Value> = order
                .iter()
                .map(|id| json!({ "productId": id, "quantity": 2 }))
                .collect();
            let created = gateway.manager.mutate(
                "createOutflows",
                "outflows { quantity }",
                json!({ "items": outflows }),
            );
            assert_eq!(created.await["outflows"].as_array().map(Vec::len), Some(3));
            let inflows: Vec<Value> = order
                .iter()
                .map(|id| json!({ "productId": id, "supplierId": supplier, "quantity": 1 }))
                .collect();
            let created = gateway.manager.mutate(
                "createInflows",
                "inflows { quantity }",
                json!({ "items": inflows }),
            );
            assert_eq!(created.await["inflows"].as_array().map(Vec::len), Some(3));
            let single = json!({ "product": products[0], "quantity": 1 });
            let created = gateway.manager.post("outflows/", single).await.expect(201);
            let deleted = gateway.root.delete(&format!("outflows/{}/", created["id"])).await;
            assert_eq!(deleted.status, 204);
        }
    };
    join_all((0..clients).map(client)).await;
    for product in &products {
        assert_eq!(gateway.viewer.quantity(*product).await, 10_000 - clients * rounds);
    }
    gateway.assert_invariants().await;
}

/// Only one of several concurrent batches with the same serie numbers succeeds.
async fn equal_serie_numbers_in_opposite_orders_do_not_deadlock(gateway: Gateway) {
    Sample::create(&gateway.root).await;
    for round in 0..4 {
        let client = async |number: i64| {
            let mut items: Vec<Value> = (0..5)
                .map(|serie| {
                    json!({ "title": "x", "brandId": "1", "categoryId": "1", "costPrice": 1, "sellingPrice": 2,
                        "serieNumber": format!("{round}-{serie}") })
                })
                .collect();
            if number % 2 == 1 {
                items.reverse();
            }
            let input = json!({ "items": items });
            gateway
                .manager
                .payload("createProducts", "products { id }", input)
                .await
        };
        let payloads = join_all((0..8).map(client)).await;
        let created = payloads
            .iter()
            .filter(|payload| payload["products"].is_array())
            .count();
        assert_eq!(created, 1, "{payloads:?}");
        for payload in payloads.iter().filter(|payload| payload["products"].is_null()) {
            assert_eq!(payload["userErrors"][0]["code"], "TAKEN", "{payload}");
        }
    }
}
