//! Invalid arguments are refused before anything is executed, at any depth and over every transport. A payload shows the
//! change even if other fields fail afterwards.

use reqwest::Method;
use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::actors::send;
use crate::support::event_stream::EventStream;
use crate::support::gateway::Gateway;
use crate::support::graphql_request::first_error;
use crate::support::response::Response;
use crate::support::websocket_client::Socket;

on_both_databases![
    operations_with_invalid_arguments_are_not_executed,
    arguments_from_variables_are_checked,
    arguments_of_skipped_fields_are_not_checked,
    invalid_arguments_are_refused_over_all_transports,
    payloads_show_changes_even_if_other_fields_fail,
];

/// Sends an operation and accepts the media type with which the status is 400 if nothing was executed.
async fn graphql(gateway: &Gateway, document: &str, variables: Value) -> Response {
    let request = gateway
        .root
        .request(Method::POST, "/graphql")
        .header("accept", "application/graphql-response+json")
        .json(&json!({ "query": document, "variables": variables }));
    send(request).await
}

/// Asserts that a request was not executed, for this reason, and that the stock is still 5.
async fn assert_refused(gateway: &Gateway, product: i64, document: &str, variables: Value, code: &str) {
    let response = graphql(gateway, document, variables).await;
    assert_eq!(response.status, 400, "{document}: {}", response.text);
    let body = response.json();
    assert!(body.get("data").is_none(), "{document}: {body}");
    assert_eq!(first_error(&body).0, code, "{document}: {body}");
    assert!(
        body["errors"][0]["locations"][0]["line"].is_i64(),
        "{document}: {body}"
    );
    assert_eq!(gateway.root.quantity(product).await, 5, "{document}");
}

/// A mutation that sells one unit and selects these fields of the product in its payload.
fn sell_mutation(product: i64, selected: &str) -> String {
    format!(
        "mutation {{ createOutflow(input: {{ productId: \"{product}\", quantity: 1 }}) {{
            outflow {{ id product {{ {selected} }} }} userErrors {{ code }} }} }}"
    )
}

async fn operations_with_invalid_arguments_are_not_executed(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 5).await;
    let by_quantity = gateway
        .root
        .data(
            "{ products(orderBy: { field: QUANTITY }) { pageInfo { endCursor } } }",
            json!({}),
        )
        .await;
    let by_quantity = by_quantity["products"]["pageInfo"]["endCursor"].to_string();
    let other_list = gateway
        .root
        .data("{ brands { pageInfo { endCursor } } }", json!({}))
        .await["brands"]["pageInfo"]["endCursor"]
        .to_string();
    let words: String = (0..51).map(|word| format!("w{word} ")).collect();
    for (arguments, code) in [
        ("first: 101".to_owned(), "LIMIT_EXCEEDED"),
        ("last: 2147483647".to_owned(), "LIMIT_EXCEEDED"),
        ("first: -1".to_owned(), "BAD_USER_INPUT"),
        ("last: -1".to_owned(), "BAD_USER_INPUT"),
        ("first: 1, last: 1".to_owned(), "BAD_USER_INPUT"),
        ("first: 1, offset: -1".to_owned(), "BAD_USER_INPUT"),
        ("after: \"x\"".to_owned(), "BAD_USER_INPUT"),
        ("before: \"\"".to_owned(), "BAD_USER_INPUT"),
        (format!("after: {by_quantity}"), "BAD_USER_INPUT"),
        (format!("before: {other_list}"), "BAD_USER_INPUT"),
        (
            format!("after: {by_quantity}, orderBy: [{{ field: QUANTITY, direction: DESC }}]"),
            "BAD_USER_INPUT",
        ),
        ("orderBy: { field: NOTHING }".to_owned(), "BAD_USER_INPUT"),
        (format!("search: \"{words}\""), "BAD_USER_INPUT"),
        (
            "filter: { not: { or: [{ costPrice: { gte: \"much\" } }] } }".to_owned(),
            "BAD_USER_INPUT",
        ),
        (
            "filter: { sellingPrice: { in: [1e13] } }".to_owned(),
            "BAD_USER_INPUT",
        ),
        (
            "filter: { createdAt: { from: \"2024-02-30\" } }".to_owned(),
            "BAD_USER_INPUT",
        ),
    ] {
        let list = format!("products({arguments}) {{ totalCount }}");
        assert_refused(&gateway, product, &format!("{{ {list} }}"), json!({}), code).await;
        let in_payload = sell_mutation(product, &format!("brand {{ {list} }}"));
        assert_refused(&gateway, product, &in_payload, json!({}), code).await;
    }
    for list in [
        "outflows(first: 101) { totalCount }",
        "inflows(last: 101) { totalCount }",
        "movements(first: 101) { totalCount }",
        "stockLedger(first: 101) { totalCount }",
        "outflows { nodes { product { movements(first: 1) { nodes { ...on Outflow { product { outflows(first: 101) { totalCount } } } } } } } }",
    ] {
        assert_refused(
            &gateway,
            product,
            &sell_mutation(product, list),
            json!({}),
            "LIMIT_EXCEEDED",
        )
        .await;
    }
    for (field, code) in [
        (
            "stockByBrand(first: 101) { stock { productCount } }",
            "LIMIT_EXCEEDED",
        ),
        (
            "stockByCategory(first: -1) { stock { productCount } }",
            "BAD_USER_INPUT",
        ),
        (
            "movementsPerDay(from: \"2024-01-02\", to: \"2024-01-01\") { date }",
            "BAD_USER_INPUT",
        ),
        (
            "stock(filter: { costPrice: { eq: \"\" } }) { productCount }",
            "BAD_USER_INPUT",
        ),
    ] {
        let document = format!("{{ analytics {{ {field} }} }}");
        assert_refused(&gateway, product, &document, json!({}), code).await;
    }
    // Valid arguments, at the bounds.
    for list in [
        "outflows(first: 100) { totalCount }".to_owned(),
        "movements(last: 100, offset: 0) { totalCount }".to_owned(),
        format!(
            "brand {{ products(after: {by_quantity}, orderBy: {{ field: QUANTITY }}) {{ totalCount }} }}"
        ),
        "inflows(first: 0) { totalCount }".to_owned(),
    ] {
        gateway.root.data(&sell_mutation(product, &list), json!({})).await;
    }
    assert_eq!(gateway.root.quantity(product).await, 1);
    gateway.assert_invariants().await;
}

async fn arguments_from_variables_are_checked(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 5).await;
    let document = format!(
        "mutation($n: Int = 101, $m: Int, $f: OutflowFilter, $o: [ProductOrder!], $c: String, $e: [Decimal!]) {{
            createOutflow(input: {{ productId: \"{product}\", quantity: 1 }}) {{
                outflow {{ ...Sold }} userErrors {{ code }} }} }}
        fragment Sold on Outflow {{ id product {{ ...Stocked }} }}
        fragment Stocked on Product {{ outflows(first: $n, last: $m, filter: $f) {{ totalCount }}
            brand {{ products(orderBy: $o, after: $c, filter: {{ costPrice: {{ in: $e }} }}) {{ totalCount }} }} }}"
    );
    for (variables, code) in [
        (json!({}), "LIMIT_EXCEEDED"),
        (json!({ "n": 102.0 }), "LIMIT_EXCEEDED"),
        (json!({ "n": null, "m": 101 }), "LIMIT_EXCEEDED"),
        (json!({ "n": 1, "m": 1 }), "BAD_USER_INPUT"),
        (json!({ "n": -1 }), "BAD_USER_INPUT"),
        (
            json!({ "n": 1, "f": { "product": { "sellingPrice": { "eq": "x" } } } }),
            "BAD_USER_INPUT",
        ),
        (json!({ "n": 1, "c": "x" }), "BAD_USER_INPUT"),
        (json!({ "n": 1, "e": ["1", "x"] }), "BAD_USER_INPUT"),
    ] {
        assert_refused(&gateway, product, &document, variables, code).await;
    }
    let valid = json!({ "n": 100, "o": [{ "field": "TITLE" }], "e": "5.00" });
    gateway.root.data(&document, valid).await;
    assert_eq!(gateway.root.quantity(product).await, 4);
}

async fn arguments_of_skipped_fields_are_not_checked(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 5).await;
    let document = format!(
        "query($x: Boolean!, $n: Int) {{ product(id: {product}) {{ title
            ...Lists @include(if: $x)
            ...on Product @skip(if: true) {{ inflows(first: 101) {{ totalCount }} }}
            movements(first: 101) @include(if: false) {{ totalCount }}
            stockLedger(first: $n) {{ totalCount }} }} }}
        fragment Lists on Product {{ outflows(first: 101) {{ totalCount }} }}"
    );
    let data = gateway.root.data(&document, json!({ "x": false })).await;
    assert_eq!(
        data["product"],
        json!({ "title": "Bolts", "stockLedger": { "totalCount": 1 } })
    );
    for variables in [json!({ "x": true }), json!({ "x": false, "n": 101 })] {
        assert_refused(&gateway, product, &document, variables, "LIMIT_EXCEEDED").await;
    }
    gateway.root.data(&document, json!({ "x": false })).await;
}

async fn invalid_arguments_are_refused_over_all_transports(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 5).await;
    let mutation = sell_mutation(product, "outflows(first: 101) { totalCount }");
    let mut socket = Socket::login(&gateway.root).await;
    for document in [
        &*mutation,
        "subscription { stockChanged { product { outflows(last: 101) { totalCount } } } }",
        "subscription { productLowStock { movements(first: 101) { totalCount } } }",
    ] {
        socket.subscribe("1", document, json!({})).await;
        let message = socket.message().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!("1")));
        let code = &message["payload"][0]["extensions"]["code"];
        assert_eq!(code, "LIMIT_EXCEEDED", "{message}");
        let mut events = EventStream::open(&gateway.root, document, json!({})).await;
        let (kind, payload) = events.next().await.expect("an event");
        assert_eq!(kind, "next");
        assert!(payload.get("data").is_none(), "{payload}");
        assert_eq!(first_error(&payload).0, "LIMIT_EXCEEDED");
        assert_eq!(events.next().await.expect("an end").0, "complete");
    }
    for arguments in ["after: \"x\"", "after: \"-1\""] {
        let document = format!("subscription {{ stockChanged({arguments}) {{ id }} }}");
        socket.subscribe("2", &document, json!({})).await;
        assert_eq!(socket.message().await["type"], "error");
    }
    let request = gateway
        .root
        .request(
            Method::GET,
            "/graphql?query=%7Bproducts(first:101)%7BtotalCount%7D%7D",
        )
        .header("accept", "application/graphql-response+json");
    let response = send(request).await;
    assert_eq!(
        (response.status, &*first_error(&response.json()).0),
        (400, "LIMIT_EXCEEDED")
    );
    // The idempotency key of a refused request can be used again.
    let send_with_key = async |document: &str| {
        let request = gateway.root.request(Method::POST, "/graphql");
        let request = request.header("idempotency-key", "the-same");
        send(request.json(&json!({ "query": document })))
            .await
            .expect(200)
    };
    assert_eq!(first_error(&send_with_key(&mutation).await).0, "LIMIT_EXCEEDED");
    assert_eq!(gateway.root.quantity(product).await, 5);
    let valid = mutation.replace("101", "100");
    assert_eq!(
        send_with_key(&valid).await["data"]["createOutflow"]["userErrors"],
        json!([])
    );
    assert_eq!(gateway.root.quantity(product).await, 4);
}

/// Renames tables that the payload needs, but the change does not.
async fn payloads_show_changes_even_if_other_fields_fail(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 5).await;
    gateway.root.make(Kind::Supplier, json!({ "name": "S" })).await;
    for table in ["brand", "inflow"] {
        let sql = format!("ALTER TABLE {table} RENAME TO away_{table}");
        gateway.sql(sql).await.expect("the table is renamed");
    }
    let lists = "brand { name } inflows { totalCount } category { name products { nodes { brand { id } } } }";
    let body = graphql(
        &gateway,
        &sell_mutation(product, &format!("quantity {lists}")),
        json!({}),
    )
    .await
    .expect(200);
    assert_eq!(
        body["data"]["createOutflow"],
        json!({
            "outflow": { "id": "1", "product": {
                "quantity": 4, "brand": null, "inflows": null,
                "category": { "name": "A category", "products": { "nodes": [{ "brand": null }] } },
            } },
            "userErrors": [],
        })
    );
    let paths: Vec<String> = body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["path"].to_string())
        .collect();
    assert_eq!(paths.len(), 3, "{body}");
    assert!(
        paths.contains(&r#"["createOutflow","outflow","product","brand"]"#.to_owned()),
        "{paths:?}"
    );
    let update = format!(
        "mutation {{ updateProduct(input: {{ id: {product}, quantity: 9 }}) {{ product {{ quantity {lists} }} }} }}"
    );
    let body = graphql(&gateway, &update, json!({})).await.expect(200);
    assert_eq!(body["data"]["updateProduct"]["product"]["quantity"], 9, "{body}");
    let batch = format!(
        "mutation {{ createOutflows(input: {{ items: [{{ productId: {product}, quantity: 2 }}, {{ productId: {product}, quantity: 3 }}] }}) {{
            outflows {{ quantity product {{ quantity brand {{ id }} }} }} }} }}"
    );
    let body = graphql(&gateway, &batch, json!({})).await.expect(200);
    let expected_outflow =
        |quantity: i64| json!({ "quantity": quantity, "product": { "quantity": 4, "brand": null } });
    assert_eq!(
        body["data"]["createOutflows"]["outflows"],
        json!([expected_outflow(2), expected_outflow(3)]),
        "{body}"
    );
    for table in ["brand", "inflow"] {
        let sql = format!("ALTER TABLE away_{table} RENAME TO {table}");
        gateway.sql(sql).await.expect("the table is renamed");
    }
    gateway.assert_invariants().await;
}
