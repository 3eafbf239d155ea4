//! Values on their way in and out: what was left out and what is null, decimals to the last digit, ids, batches.

use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::asking::ids;
use crate::gateway::Gateway;
use crate::sample::Sample;

on_both![
    what_is_left_out_stays,
    prices_are_exact,
    ids_are_digits,
    batches_are_all_or_none,
    batches_say_which_item_is_wrong,
    batches_are_bounded,
    a_deletion_shows_what_is_left,
    payloads_show_what_is_now,
];

async fn what_is_left_out_stays(gateway: Gateway) {
    let sample = Sample::made_by(&gateway.root).await;
    let selected = "description serieNumber title";
    let details = json!({ "description": "Flagship", "serie_number": "SN1" });
    gateway
        .root
        .patch(&sample.path(Kind::Product), details)
        .await
        .expect(200);
    let single = format!(
        "mutation($id: ID!, $title: String, $description: String, $serie: String) {{
           updateProduct(input: {{ id: $id, title: $title, description: $description, serieNumber: $serie }}) {{
             product {{ {selected} }} userErrors {{ field code }} }} }}"
    );
    let whole = format!(
        "mutation($input: UpdateProductInput!) {{ updateProduct(input: $input) {{ product {{ {selected} }} userErrors {{ field code }} }} }}"
    );
    let id = sample.product.to_string();
    // Each step: what is sent, and what there is afterwards.
    for (sent, description, serie) in [
        (json!({ "title": "New" }), json!("Flagship"), json!("SN1")),
        (json!({ "description": null }), Value::Null, json!("SN1")),
        (
            json!({ "description": "Again", "serieNumber": null }),
            json!("Again"),
            Value::Null,
        ),
        (json!({ "serieNumber": "SN1" }), json!("Again"), json!("SN1")),
        (
            json!({ "description": " ", "serieNumber": "" }),
            Value::Null,
            Value::Null,
        ),
        (
            json!({ "description": "Flagship", "serieNumber": "SN1" }),
            json!("Flagship"),
            json!("SN1"),
        ),
        (json!({}), json!("Flagship"), json!("SN1")),
    ] {
        for is_whole in [true, false] {
            let before = json!({ "description": "Flagship", "serie_number": "SN1" });
            let restore = description == "Flagship";
            let mut input = sent.clone();
            input["id"] = json!(id);
            let data = if is_whole {
                gateway.manager.data(&whole, json!({ "input": input })).await
            } else {
                let mut variables = input;
                if let Some(serie) = variables.as_object_mut().unwrap().remove("serieNumber") {
                    variables["serie"] = serie;
                }
                gateway.manager.data(&single, variables).await
            };
            let product = &data["updateProduct"]["product"];
            assert_eq!(
                (
                    &product["description"],
                    &product["serieNumber"],
                    &product["title"]
                ),
                (&description, &serie, &json!("New")),
                "{sent} {is_whole}: {data}"
            );
            if restore {
                gateway
                    .root
                    .patch(&sample.path(Kind::Product), before)
                    .await
                    .expect(200);
            }
        }
    }
    // What can't be empty can't be cleared.
    for field in ["title", "categoryId", "costPrice", "quantity"] {
        let payload = gateway
            .manager
            .payload(
                "updateProduct",
                "product { id }",
                json!({ "id": id, field: null }),
            )
            .await;
        assert_eq!(payload["userErrors"][0]["field"], field, "{payload}");
        assert_eq!(payload["product"], Value::Null);
    }
    let document = "mutation($name: String) { updateBrand(input: { id: 1, name: $name }) { brand { name } userErrors { field } } }";
    let renamed = gateway.manager.data(document, json!({})).await;
    assert_eq!(renamed["updateBrand"]["brand"]["name"], "Samsung");
}

async fn prices_are_exact(gateway: Gateway) {
    let sample = Sample::made_by(&gateway.root).await;
    let id = sample.product.to_string();
    let update = async |price: Value| {
        let input = json!({ "id": id, "sellingPrice": price });
        let payload = gateway
            .manager
            .payload("updateProduct", "product { sellingPrice }", input)
            .await;
        match payload["userErrors"].get(0) {
            None => payload["product"]["sellingPrice"].clone(),
            Some(error) => error["code"].clone(),
        }
    };
    for (sent, shown) in [
        (json!("799.99"), "799.99"),
        (json!("800"), "800.00"),
        (json!(" 800.5 "), "800.50"),
        (json!(799.99), "799.99"),
        (json!(800), "800.00"),
        (json!(0.1), "0.10"),
        (json!(0), "0.00"),
        (json!("0.00"), "0.00"),
        (json!("12345678901234567890.99"), "12345678901234567890.99"),
        (json!("99999999999999999999.99"), "99999999999999999999.99"),
        (json!(9_999_999_999_999.99_f64), "9999999999999.99"),
        (json!("1.999"), "OUT_OF_RANGE"),
        (json!("100000000000000000000"), "OUT_OF_RANGE"),
        (json!(10_000_000_000_000_i64), "OUT_OF_RANGE"),
        (json!(1e300), "OUT_OF_RANGE"),
        (json!("-0.01"), "OUT_OF_RANGE"),
        (json!(-1), "OUT_OF_RANGE"),
        (json!("1,5"), "INVALID"),
        (json!("1_000"), "INVALID"),
        (json!("x"), "INVALID"),
        (json!(""), "INVALID"),
        (json!("NaN"), "INVALID"),
        (json!("0x10"), "INVALID"),
    ] {
        assert_eq!(update(sent.clone()).await, shown, "{sent}");
    }
    for wrong in [json!(true), json!([]), json!({}), json!(["1"])] {
        let document =
            "mutation($p: Decimal) { updateProduct(input: { id: 1, sellingPrice: $p }) { product { id } } }";
        assert_eq!(
            gateway.manager.refusal(document, json!({ "p": wrong })).await.0,
            "BAD_USER_INPUT",
            "{wrong}"
        );
    }
    // Written in the document itself.
    for (literal, shown) in [
        ("12.5", "12.50"),
        ("\"12345678901234567890.01\"", "12345678901234567890.01"),
        ("7", "7.00"),
    ] {
        let document = format!(
            "mutation {{ updateProduct(input: {{ id: 1, costPrice: {literal} }}) {{ product {{ costPrice }} }} }}"
        );
        let data = gateway.manager.data(&document, json!({})).await;
        assert_eq!(data["updateProduct"]["product"]["costPrice"], shown, "{literal}");
    }
}

async fn ids_are_digits(gateway: Gateway) {
    let sample = Sample::made_by(&gateway.root).await;
    let document = "query($id: ID!) { brand(id: $id) { id } category(id: $id) { id } supplier(id: $id) { id } product(id: $id) { id }
        inflow(id: $id) { id } outflow(id: $id) { id } }";
    for (sent, there) in [
        (json!("1"), true),
        (json!(1), true),
        (json!("001"), true),
        (json!("2"), false),
    ] {
        let data = gateway.viewer.data(document, json!({ "id": sent })).await;
        for (field, found) in data.as_object().unwrap() {
            let expected = if there { json!({ "id": "1" }) } else { Value::Null };
            assert_eq!(*found, expected, "{field} {sent}");
        }
    }
    let product = sample.product.to_string();
    for odd in [
        "abc",
        "",
        "+1",
        "-1",
        " 1",
        "1 ",
        "1.0",
        "0",
        "9223372036854775807",
        "9223372036854775808",
        "１",
        "1\u{0}",
    ] {
        let data = gateway.viewer.data(document, json!({ "id": odd })).await;
        assert!(
            data.as_object().unwrap().values().all(Value::is_null),
            "{odd:?}: {data}"
        );
        // As the subject of a mutation, and as what a field refers to.
        let code = |payload: &Value| {
            (
                payload["userErrors"][0]["field"].clone(),
                payload["userErrors"][0]["code"].clone(),
            )
        };
        let input = json!({ "id": odd, "name": "x" });
        let updated = gateway
            .manager
            .payload("updateBrand", "brand { id }", input)
            .await;
        assert_eq!(code(&updated), (json!("id"), json!("NOT_FOUND")), "{odd:?}");
        for mutation in ["deleteBrand", "deleteProduct", "deleteInflow", "deleteOutflow"] {
            let deleted = gateway
                .root
                .payload(mutation, "deletedId", json!({ "id": odd }))
                .await;
            assert_eq!(
                code(&deleted),
                (json!("id"), json!("NOT_FOUND")),
                "{mutation} {odd:?}"
            );
            assert_eq!(deleted["deletedId"], Value::Null);
        }
        let input = json!({ "productId": odd, "quantity": 1 });
        let made = gateway
            .manager
            .payload("createOutflow", "outflow { id }", input)
            .await;
        assert_eq!(code(&made), (json!("productId"), json!("NOT_FOUND")), "{odd:?}");
        let input = json!({ "id": product, "brandId": odd, "categoryId": odd });
        let updated = gateway
            .manager
            .payload("updateProduct", "product { id }", input)
            .await;
        let fields: Vec<&Value> = updated["userErrors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| &error["field"])
            .collect();
        assert_eq!(fields.len(), 2, "{updated}");
        assert!(
            fields.contains(&&json!("brandId")) && fields.contains(&&json!("categoryId")),
            "{updated}"
        );
    }
    for wrong in [json!(true), json!(1.5), json!([1, 2]), json!({})] {
        assert_eq!(
            gateway.viewer.refusal(document, json!({ "id": wrong })).await.0,
            "BAD_USER_INPUT",
            "{wrong}"
        );
    }
}

/// How much there is of everything: rows and stock.
async fn everything(gateway: &Gateway) -> Value {
    let document = "{ products { totalCount nodes { quantity version } } inflows { totalCount } outflows { totalCount } stockLedger { totalCount } }";
    gateway.viewer.data(document, json!({})).await
}

async fn batches_are_all_or_none(gateway: Gateway) {
    let sample = Sample::made_by(&gateway.root).await;
    let other = gateway.root.product("Other", 5).await.to_string();
    let (product, supplier) = (sample.product.to_string(), sample.supplier.to_string());
    let before = everything(&gateway).await;
    let outflow = |product: &str, quantity: i64| json!({ "productId": product, "quantity": quantity });
    let wrong = json!({ "items": [outflow(&product, 1), outflow(&other, 3), outflow(&product, 2), outflow(&other, 3)] });
    let payload = gateway
        .manager
        .payload("createOutflows", "outflows { id }", wrong)
        .await;
    assert_eq!(
        payload,
        json!({ "outflows": null, "userErrors": [
            { "field": "items.3.quantity", "code": "INSUFFICIENT_STOCK", "message": "Not enough stock: 2 available." }
        ] })
    );
    assert_eq!(everything(&gateway).await, before);

    let right = json!({ "items": [outflow(&product, 1), outflow(&other, 3), outflow(&product, 2), outflow(&other, 2)] });
    let made = gateway
        .manager
        .mutate(
            "createOutflows",
            "outflows { quantity product { id quantity } }",
            right,
        )
        .await;
    let shown = |product: &str, quantity: i64, left: i64| json!({ "quantity": quantity, "product": { "id": product, "quantity": left } });
    assert_eq!(
        made["outflows"],
        json!([
            shown(&product, 1, 97),
            shown(&other, 3, 0),
            shown(&product, 2, 97),
            shown(&other, 2, 0)
        ])
    );
    let inflow = |quantity: i64| json!({ "productId": other, "supplierId": supplier, "quantity": quantity });
    let items = json!({ "items": [inflow(4), inflow(5)] });
    let made = gateway
        .manager
        .mutate("createInflows", "inflows { quantity supplier { name } }", items)
        .await;
    let supplied =
        |quantity: i64| json!({ "quantity": quantity, "supplier": { "name": "Tech Distributors Inc." } });
    assert_eq!(made["inflows"], json!([supplied(4), supplied(5)]));
    let new = |title: &str, quantity: i64| json!({ "title": title, "brandId": "1", "categoryId": "1", "costPrice": "1", "sellingPrice": 2, "quantity": quantity });
    let items = json!({ "items": [new("x", 3), new("y", 0)] });
    let made = gateway
        .manager
        .mutate(
            "createProducts",
            "products { title stockLedger { nodes { change } } }",
            items,
        )
        .await;
    assert_eq!(
        made["products"],
        json!([
            { "title": "x", "stockLedger": { "nodes": [{ "change": 3 }] } },
            { "title": "y", "stockLedger": { "nodes": [] } },
        ])
    );
    gateway.is_sound().await;
}

async fn batches_say_which_item_is_wrong(gateway: Gateway) {
    let sample = Sample::made_by(&gateway.root).await;
    let taken = json!({ "serie_number": "SN1" });
    gateway
        .root
        .patch(&sample.path(Kind::Product), taken)
        .await
        .expect(200);
    let before = everything(&gateway).await;
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
    let mut said: Vec<(&str, &str)> = errors
        .iter()
        .map(|error| (error["field"].as_str().unwrap(), error["code"].as_str().unwrap()))
        .collect();
    said.sort_unstable();
    assert_eq!(
        said,
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
    assert_eq!(everything(&gateway).await, before);
}

async fn batches_are_bounded(gateway: Gateway) {
    let sample = Sample::made_by(&gateway.root).await;
    let items = |count: usize| json!({ "items": vec![json!({ "productId": sample.product.to_string(), "quantity": 1 }); count] });
    for count in [0, 101] {
        let payload = gateway
            .manager
            .payload("createOutflows", "outflows { id }", items(count))
            .await;
        assert_eq!(payload["outflows"], Value::Null, "{payload}");
        assert_eq!(payload["userErrors"][0]["field"], "items", "{payload}");
    }
    let made = gateway
        .manager
        .mutate("createOutflows", "outflows { id }", items(93))
        .await;
    assert_eq!(made["outflows"].as_array().unwrap().len(), 93);
    assert_eq!(gateway.viewer.quantity(sample.product).await, 7);
    gateway.is_sound().await;
}

async fn a_deletion_shows_what_is_left(gateway: Gateway) {
    let sample = Sample::made_by(&gateway.root).await;
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
    let again = gateway
        .root
        .payload("deleteOutflow", "deletedId product { id }", outflow)
        .await;
    assert_eq!(again["product"], Value::Null);
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
    // The ledger outlives its product.
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

async fn payloads_show_what_is_now(gateway: Gateway) {
    let sample = Sample::made_by(&gateway.root).await;
    let product = sample.product.to_string();
    // One after the other, in the order of the document; what has the same key once.
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
    let answer = gateway.manager.gql(&document, json!({})).await;
    assert_eq!(
        answer.text,
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
    let (sent, answer) = gateway.statements(gateway.viewer.gql(&both, json!({}))).await;
    assert_eq!(
        answer.text,
        r#"{"data":{"a":{"title":"Galaxy S23","quantity":50},"viewer":{"user":{"username":"viewer"}}}}"#
    );
    assert!(sent <= 2, "who asks, and the product once: {sent}");
    gateway.is_sound().await;
}
