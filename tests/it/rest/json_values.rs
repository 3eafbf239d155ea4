//! JSON values in another notation or of another type than documented.

use reqwest::Method;
use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;
use crate::support::samples::Sample;

on_both_databases![
    lone_surrogates_are_rejected,
    integers_are_compared_by_value,
    numbers_are_accepted_as_texts,
    an_empty_reference_counts_as_null,
];

async fn integers_are_compared_by_value(gateway: Gateway) {
    let category = gateway
        .root
        .make(Kind::Category, json!({ "name": "Phones" }))
        .await;
    let brand = gateway.root.make(Kind::Brand, json!({ "name": "LG" })).await;
    let product = |quantity: &str, brand: &str| {
        let body = format!(
            r#"{{"title": "x", "category": {category}.0, "brand": {brand}, "cost_price": "1", "selling_price": "2", "quantity": {quantity}}}"#
        );
        gateway.root.raw(Method::POST, "products/", body)
    };
    let brand_id = brand.to_string();
    for (quantity, value) in [("2.0", 2), ("1E+2", 100), ("\"7\"", 7), ("0.5e1", 5), ("0e9", 0)] {
        let created = product(quantity, &brand_id).await.expect(201);
        assert_eq!(created["quantity"], value, "{quantity}");
    }
    for id in [
        format!("{brand}.0"),
        format!("{brand}0e-1"),
        format!("\"{brand}\""),
        format!("{{\"id\": {brand}.0}}"),
    ] {
        assert_eq!(product("1", &id).await.expect(201)["brand"]["id"], brand, "{id}");
    }
    for quantity in ["2.5", "1e-1", "true", "\"x\"", "1e10", "1e400"] {
        let refused = product(quantity, &brand_id).await.expect(422);
        assert!(refused["quantity"].is_array(), "{quantity}: {refused}");
    }
    for id in ["1.5", "true", "1e400"] {
        let refused = product("1", id).await.expect(422);
        assert!(refused["brand"].is_array(), "{id}: {refused}");
    }
}

async fn numbers_are_accepted_as_texts(gateway: Gateway) {
    // As in Django REST framework.
    for (value, expected) in [("5", "5"), ("-1.50", "-1.50"), ("1e3", "1e3")] {
        let body = format!(r#"{{"name": {value}, "description": {value}}}"#);
        let created = gateway.root.raw(Method::POST, "brands/", body).await.expect(201);
        assert_eq!(
            (&created["name"], &created["description"]),
            (&Value::from(expected), &Value::from(expected))
        );
    }
}

/// An empty reference counts as null, as in Django REST framework, where forms cannot express null.
async fn an_empty_reference_counts_as_null(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let body = sample.with(Kind::Product, "brand", json!(""));
    let refused = gateway.manager.post("products/", body).await;
    refused.expect_json(422, &json!({ "brand": [ "This field may not be null." ] }));
}

async fn lone_surrogates_are_rejected(gateway: Gateway) {
    let refusal = json!({ "name": [ "Not a valid string." ] });
    for escape in [
        r"\ud800",
        r"\udc00",
        r"a\ud800b",
        r"\ud800\ud800",
        r"\ude00\ud83d",
        r"\ud83dx",
    ] {
        let body = format!(r#"{{"name": "{escape}"}}"#);
        gateway
            .root
            .raw(Method::POST, "brands/", body)
            .await
            .expect_json(422, &refusal);
        // Lone surrogates are ignored in unknown fields and rejected in keys.
        let unknown = format!(r#"{{"name": "Fine", "unknown": "{escape}"}}"#);
        gateway
            .root
            .raw(Method::POST, "brands/", unknown)
            .await
            .expect(201);
        let key = format!(r#"{{"name": "Fine", "{escape}": 1}}"#);
        gateway
            .root
            .raw(Method::POST, "brands/", key)
            .await
            .expect_error(400, "PARSE_ERROR");
        let login = format!(r#"{{"username": "{escape}", "password": "x"}}"#);
        let response = gateway
            .anon
            .raw(Method::POST, "authentication/token/", login)
            .await;
        response.expect_json(422, &json!({ "username": [ "Not a valid string." ] }));
        let product = format!(
            r#"{{"title": "x", "quantity": "{escape}", "cost_price": "{escape}", "brand": "{escape}"}}"#
        );
        let response = gateway
            .root
            .raw(Method::POST, "products/", product)
            .await
            .expect(422);
        assert_eq!(response["quantity"], json!(["A valid integer is required."]));
        assert_eq!(response["cost_price"], json!(["A valid number is required."]));
        assert_eq!(
            response["brand"],
            json!(["Incorrect type. Expected pk value, received str."])
        );
    }
}
