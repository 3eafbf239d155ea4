//! Prices: exact to 22 digits, on every database, as string or number.

use reqwest::Method;
use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;
use crate::support::samples::Sample;

on_both_databases_and_apis![
    strings_and_numbers_are_exact,
    invalid_prices_are_rejected,
    prices_have_two_decimals_on_output,
    cost_and_selling_price_are_independent,
];

/// Creates a product with this price, written literally into the body, and returns the response.
async fn create_with_price(
    gateway: &Gateway,
    sample: &Sample,
    literal: &str,
) -> crate::support::response::Response {
    let body = format!(
        r#"{{"title": "P", "category": {}, "brand": {}, "cost_price": "1", "selling_price": {literal}}}"#,
        sample.category, sample.brand
    );
    gateway.manager.raw(Method::POST, "products/", body).await
}

async fn strings_and_numbers_are_exact(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    for (literal, expected) in [
        ("0", "0.00"),
        ("0.0", "0.00"),
        ("-0", "0.00"),
        ("899", "899.00"),
        ("899.0", "899.00"),
        ("899.00", "899.00"),
        ("0.1", "0.10"),
        ("0.01", "0.01"),
        ("0.30", "0.30"),
        ("1.10000", "1.10"),
        ("9007199254740993", "9007199254740993.00"),
        ("9007199254740993.01", "9007199254740993.01"),
        ("12345678901234567890.99", "12345678901234567890.99"),
        ("99999999999999999999.99", "99999999999999999999.99"),
        ("99999999999999999999", "99999999999999999999.00"),
        ("1e2", "100.00"),
        ("1E+2", "100.00"),
        ("1.5e1", "15.00"),
        ("12345e-2", "123.45"),
        ("1e19", "10000000000000000000.00"),
        ("0e400", "0.00"),
    ] {
        for literal in [
            literal.to_owned(),
            format!("\"{literal}\""),
            format!("\"  {literal}\\n\""),
        ] {
            let created = create_with_price(&gateway, &sample, &literal).await.expect(201);
            assert_eq!(created["selling_price"], expected, "{literal}");
            let found = gateway
                .viewer
                .get(&format!("products/{}/", created["id"]))
                .await
                .json();
            assert_eq!(found["selling_price"], expected, "{literal}");
        }
    }
    // Strings can use notations that JSON does not allow for numbers.
    for (literal, expected) in [
        ("\"007.50\"", "7.50"),
        ("\".5\"", "0.50"),
        ("\"5.\"", "5.00"),
        ("\"+5\"", "5.00"),
    ] {
        assert_eq!(
            create_with_price(&gateway, &sample, literal).await.expect(201)["selling_price"],
            expected,
            "{literal}"
        );
    }
}

async fn invalid_prices_are_rejected(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let invalid = "A valid number is required.";
    let too_many_digits = "Ensure that there are no more than 20 digits before the decimal point.";
    let too_many_decimals = "Ensure that there are no more than 2 decimal places.";
    let negative = "Ensure this value is greater than or equal to 0.";
    for (literal, message) in [
        ("true", invalid),
        ("false", invalid),
        ("[]", invalid),
        ("[1]", invalid),
        ("{}", invalid),
        ("\"\"", invalid),
        ("\" \"", invalid),
        ("\"abc\"", invalid),
        ("\"NaN\"", invalid),
        ("\"Infinity\"", invalid),
        ("\"1,50\"", invalid),
        ("\"1_000\"", invalid),
        ("\"1 000\"", invalid),
        ("\"$5\"", invalid),
        ("\"0x10\"", invalid),
        ("\"١٢\"", invalid),
        ("\"1.2.3\"", invalid),
        ("\"--1\"", invalid),
        ("\"1e\"", invalid),
        ("\"\\u0000\"", invalid),
        ("\"1\\u0000\"", invalid),
        ("null", "This field may not be null."),
        ("100000000000000000000", too_many_digits),
        ("\"100000000000000000000.00\"", too_many_digits),
        ("123456789012345678901", too_many_digits),
        ("1e20", too_many_digits),
        ("1e400", too_many_digits),
        ("1e99999999999999999999", too_many_digits),
        ("\"1e400\"", too_many_digits),
        ("0.001", too_many_decimals),
        ("\"1.999\"", too_many_decimals),
        ("1e-3", too_many_decimals),
        ("1e-400", too_many_decimals),
        ("0.30000000000000004", too_many_decimals),
        ("-1", negative),
        ("-0.01", negative),
        ("\"-99999999999999999999.99\"", negative),
    ] {
        let response = create_with_price(&gateway, &sample, literal).await;
        assert_eq!(
            (response.status, response.json()),
            (422, json!({ "selling_price": [ message ] })),
            "{literal}"
        );
    }
    // A number with 900,000 digits is refused like any other invalid value.
    let long = "9".repeat(900_000);
    create_with_price(&gateway, &sample, &long)
        .await
        .expect_json(422, &json!({ "selling_price": [ too_many_digits ] }));
    assert_eq!(gateway.viewer.get("products/").await.json()["count"], 1);
}

async fn prices_have_two_decimals_on_output(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    for price in [json!(1), json!(1.5), json!("1"), json!("1.50"), json!(0)] {
        gateway
            .manager
            .post("products/", sample.with(Kind::Product, "cost_price", price))
            .await
            .expect(201);
    }
    for field in ["cost_price", "selling_price"] {
        for price in gateway.viewer.get("products/").await.column(field) {
            let Value::String(price) = price else {
                panic!("{price} is not a string")
            };
            assert_eq!(
                price.split_once('.').map(|(_, decimals)| decimals.len()),
                Some(2),
                "{price}"
            );
        }
    }
}

async fn cost_and_selling_price_are_independent(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let path = sample.path(Kind::Product);
    // A selling price below the cost price is allowed.
    let changed = gateway
        .manager
        .patch(&path, json!({ "cost_price": "900", "selling_price": "1" }))
        .await
        .expect(200);
    assert_eq!(
        (&changed["cost_price"], &changed["selling_price"]),
        (&json!("900.00"), &json!("1.00"))
    );
    let invalid = json!({ "cost_price": "x", "selling_price": "-1" });
    gateway.manager.patch(&path, invalid).await.expect_json(
        422,
        &json!({
            "cost_price": [ "A valid number is required." ],
            "selling_price": [ "Ensure this value is greater than or equal to 0." ],
        }),
    );
    gateway.viewer.get(&path).await.expect_json(200, &changed);
}
