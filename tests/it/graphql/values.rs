//! Input and output of values: absent and null fields, exact decimals, ids.

use std::time::Duration;

use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;
use crate::support::samples::Sample;

on_both_databases![
    absent_fields_keep_their_values,
    prices_are_exact,
    ids_are_decimal_digits,
    a_timestamp_that_was_read_matches_its_row,
];

async fn absent_fields_keep_their_values(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let selected = "description serieNumber title";
    let details = json!({ "description": "Flagship", "serie_number": "SN1" });
    gateway
        .root
        .patch(&sample.path(Kind::Product), details)
        .await
        .expect(200);
    let with_single_variables = format!(
        "mutation($id: ID!, $title: String, $description: String, $serie: String) {{
           updateProduct(input: {{ id: $id, title: $title, description: $description, serieNumber: $serie }}) {{
             product {{ {selected} }} userErrors {{ field code }} }} }}"
    );
    let with_input_object = format!(
        "mutation($input: UpdateProductInput!) {{ updateProduct(input: $input) {{ product {{ {selected} }} userErrors {{ field code }} }} }}"
    );
    let id = sample.product.to_string();
    // Each step: the input, and the expected object.
    for (value, description, serie) in [
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
        for as_one_object in [true, false] {
            let before = json!({ "description": "Flagship", "serie_number": "SN1" });
            let restore = description == "Flagship";
            let mut input = value.clone();
            input["id"] = json!(id);
            let data = if as_one_object {
                gateway
                    .manager
                    .data(&with_input_object, json!({ "input": input }))
                    .await
            } else {
                let mut variables = input;
                if let Some(serie) = variables.as_object_mut().unwrap().remove("serieNumber") {
                    variables["serie"] = serie;
                }
                gateway.manager.data(&with_single_variables, variables).await
            };
            let product = &data["updateProduct"]["product"];
            assert_eq!(
                (
                    &product["description"],
                    &product["serieNumber"],
                    &product["title"]
                ),
                (&description, &serie, &json!("New")),
                "{value} {as_one_object}: {data}"
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
    // Required fields cannot be cleared.
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
    let sample = Sample::create(&gateway.root).await;
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
    for (value, expected) in [
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
        assert_eq!(update(value.clone()).await, expected, "{value}");
    }
    for wrong in [json!(true), json!([]), json!({}), json!(["1"])] {
        let document =
            "mutation($p: Decimal) { updateProduct(input: { id: 1, sellingPrice: $p }) { product { id } } }";
        assert_eq!(
            gateway
                .manager
                .expect_error(document, json!({ "p": wrong }))
                .await
                .0,
            "BAD_USER_INPUT",
            "{wrong}"
        );
    }
    // Prices as literals in the document.
    for (literal, expected) in [
        ("12.5", "12.50"),
        ("\"12345678901234567890.01\"", "12345678901234567890.01"),
        ("7", "7.00"),
    ] {
        let document = format!(
            "mutation {{ updateProduct(input: {{ id: 1, costPrice: {literal} }}) {{ product {{ costPrice }} }} }}"
        );
        let data = gateway.manager.data(&document, json!({})).await;
        assert_eq!(
            data["updateProduct"]["product"]["costPrice"], expected,
            "{literal}"
        );
    }
}

async fn ids_are_decimal_digits(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let document = "query($id: ID!) { brand(id: $id) { id } category(id: $id) { id } supplier(id: $id) { id } product(id: $id) { id }
        inflow(id: $id) { id } outflow(id: $id) { id } }";
    for (value, exists) in [
        (json!("1"), true),
        (json!(1), true),
        (json!("001"), true),
        (json!("2"), false),
    ] {
        let data = gateway.viewer.data(document, json!({ "id": value })).await;
        for (field, found) in data.as_object().unwrap() {
            let expected = if exists { json!({ "id": "1" }) } else { Value::Null };
            assert_eq!(*found, expected, "{field} {value}");
        }
    }
    let product = sample.product.to_string();
    for invalid in [
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
        let data = gateway.viewer.data(document, json!({ "id": invalid })).await;
        assert!(
            data.as_object().unwrap().values().all(Value::is_null),
            "{invalid:?}: {data}"
        );
        // The id of the object to change, and a reference.
        let code = |payload: &Value| {
            (
                payload["userErrors"][0]["field"].clone(),
                payload["userErrors"][0]["code"].clone(),
            )
        };
        let input = json!({ "id": invalid, "name": "x" });
        let updated = gateway
            .manager
            .payload("updateBrand", "brand { id }", input)
            .await;
        assert_eq!(code(&updated), (json!("id"), json!("NOT_FOUND")), "{invalid:?}");
        for mutation in ["deleteBrand", "deleteProduct", "deleteInflow", "deleteOutflow"] {
            let deleted = gateway
                .root
                .payload(mutation, "deletedId", json!({ "id": invalid }))
                .await;
            assert_eq!(
                code(&deleted),
                (json!("id"), json!("NOT_FOUND")),
                "{mutation} {invalid:?}"
            );
            assert_eq!(deleted["deletedId"], Value::Null);
        }
        let input = json!({ "productId": invalid, "quantity": 1 });
        let created = gateway
            .manager
            .payload("createOutflow", "outflow { id }", input)
            .await;
        assert_eq!(
            code(&created),
            (json!("productId"), json!("NOT_FOUND")),
            "{invalid:?}"
        );
        let input = json!({ "id": product, "brandId": invalid, "categoryId": invalid });
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
    for wrong in [json!(true), json!(1.5), json!([1, 2]), json!({}), json!(u64::MAX)] {
        assert_eq!(
            gateway
                .viewer
                .expect_error(document, json!({ "id": wrong }))
                .await
                .0,
            "BAD_USER_INPUT",
            "{wrong}"
        );
    }
}

async fn a_timestamp_that_was_read_matches_its_row(gateway: Gateway) {
    let clock = &gateway.system().services.clock;
    let mut times = Vec::new();
    for micros in [0, 123_456, 750_000 - 123_456] {
        clock.advance(Duration::from_micros(micros));
        let created = gateway
            .root
            .mutate("createBrand", "brand { id createdAt }", json!({ "name": "B" }))
            .await;
        times.push(created["brand"]["createdAt"].as_str().expect("a time").to_owned());
    }
    assert!(times[0].ends_with(":00Z"), "{times:?}");
    assert!(times[1].ends_with(":00.123456Z"), "{times:?}");
    assert!(times[2].ends_with(":00.750Z"), "{times:?}");
    let found = async |comparison: &str, time: &str| {
        let arguments =
            format!(r#"orderBy: {{ field: ID }}, filter: {{ createdAt: {{ {comparison}: "{time}" }} }}"#);
        gateway.viewer.page("brands", &arguments).await
    };
    for (row, time) in (1..).zip(&times) {
        assert_eq!(found("lte", time).await, (1..=row).collect::<Vec<i64>>());
        assert_eq!(found("lt", time).await, (1..row).collect::<Vec<i64>>());
        assert_eq!(found("gte", time).await, (row..=3).collect::<Vec<i64>>());
        assert_eq!(found("gt", time).await, (row + 1..=3).collect::<Vec<i64>>());
    }
    // REST shows whole seconds, as documented.
    let expected = gateway.viewer.get("brands/2/").await.json()["created_at"].clone();
    assert_eq!(expected, json!(times[0]));
}
