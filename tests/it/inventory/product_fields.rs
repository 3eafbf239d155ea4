//! The fields of a product: accepted values, accepted forms, and their output.

use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;
use crate::support::samples::Sample;

on_both_databases_and_apis![
    texts_are_trimmed_and_bounded,
    quantities_are_32_bit_integers,
    relations_take_ids_in_every_form,
    relations_must_exist,
];

/// Creates and updates a product with each of these values of a field; asserts that they are rejected with this message.
async fn assert_refused(gateway: &Gateway, sample: &Sample, field: &str, values: &[Value], message: &str) {
    let refusal = json!({ field: [ message ] });
    for value in values {
        let body = sample.with(Kind::Product, field, value.clone());
        gateway
            .manager
            .post("products/", body)
            .await
            .expect_json(422, &refusal);
        let change = json!({ field: value });
        gateway
            .manager
            .patch(&sample.path(Kind::Product), change.clone())
            .await
            .expect_json(422, &refusal);
        gateway
            .manager
            .put(&sample.path(Kind::Product), change)
            .await
            .expect_json(422, &refusal);
    }
}

/// Creates and updates a product with each of these values of a field; asserts that the field then has the value `expected`.
async fn assert_accepted(
    gateway: &Gateway,
    sample: &Sample,
    field: &str,
    values: &[Value],
    expected: &Value,
) {
    for value in values {
        let body = sample.with(Kind::Product, field, value.clone());
        let created = gateway.manager.post("products/", body).await.expect(201);
        assert_eq!(&created[field], expected, "{value}");
        let path = format!("products/{}/", created["id"]);
        assert_eq!(
            &gateway.viewer.get(&path).await.expect(200)[field],
            expected,
            "{value}"
        );
        let changed = gateway
            .manager
            .patch(&path, json!({ field: value }))
            .await
            .expect(200);
        assert_eq!(&changed[field], expected, "{value}");
        gateway.root.delete(&path).await.expect_body(204, "");
    }
}

async fn texts_are_trimmed_and_bounded(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let (title, number) = ("水".repeat(500), "水".repeat(200));
    assert_accepted(
        &gateway,
        &sample,
        "title",
        &[json!(title), json!(format!("\n {title}\t"))],
        &json!(title),
    )
    .await;
    assert_accepted(
        &gateway,
        &sample,
        "serie_number",
        &[json!(number), json!(format!(" {number} "))],
        &json!(number),
    )
    .await;
    for field in ["serie_number", "description"] {
        assert_accepted(
            &gateway,
            &sample,
            field,
            &[json!(""), json!(" \n "), Value::Null],
            &Value::Null,
        )
        .await;
        assert_accepted(&gateway, &sample, field, &[json!(" a  b ")], &json!("a  b")).await;
    }
    let long = "d".repeat(100_000);
    assert_accepted(&gateway, &sample, "description", &[json!(long)], &json!(long)).await;

    let too_long = [json!(format!("{title}x"))];
    assert_refused(
        &gateway,
        &sample,
        "title",
        &too_long,
        "Ensure this field has no more than 500 characters.",
    )
    .await;
    let too_long = [json!(format!("{number}x"))];
    assert_refused(
        &gateway,
        &sample,
        "serie_number",
        &too_long,
        "Ensure this field has no more than 200 characters.",
    )
    .await;
    assert_refused(
        &gateway,
        &sample,
        "title",
        &[json!(""), json!("  ")],
        "This field may not be blank.",
    )
    .await;
    for field in ["title", "serie_number", "description"] {
        assert_refused(
            &gateway,
            &sample,
            field,
            &[json!("\u{0}"), json!("a\u{0}b")],
            "Null characters are not allowed.",
        )
        .await;
        assert_refused(
            &gateway,
            &sample,
            field,
            &[json!(true), json!([]), json!({})],
            "Not a valid string.",
        )
        .await;
    }
}

async fn quantities_are_32_bit_integers(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    assert_accepted(
        &gateway,
        &sample,
        "quantity",
        &[json!(0), json!("0"), json!("000")],
        &json!(0),
    )
    .await;
    assert_accepted(
        &gateway,
        &sample,
        "quantity",
        &[json!(2_147_483_647), json!("2147483647")],
        &json!(2_147_483_647),
    )
    .await;
    let non_integers = [
        json!(true),
        json!(false),
        json!(1.5),
        json!("1.5"),
        json!("a"),
        json!(""),
        json!("1 2"),
        json!("0x10"),
        json!("1_000"),
        json!("٣"),
        json!([1]),
        json!({ "a": 1 }),
    ];
    assert_refused(
        &gateway,
        &sample,
        "quantity",
        &non_integers,
        "A valid integer is required.",
    )
    .await;
    assert_refused(
        &gateway,
        &sample,
        "quantity",
        &[Value::Null],
        "This field may not be null.",
    )
    .await;
    let negative = [json!(-1), json!("-1"), json!(i64::MIN)];
    assert_refused(
        &gateway,
        &sample,
        "quantity",
        &negative,
        "Ensure this value is greater than or equal to 0.",
    )
    .await;
    let too_large = [
        json!(2_147_483_648_i64),
        json!("2147483648"),
        json!(i64::MAX),
        json!(u64::MAX),
    ];
    assert_refused(
        &gateway,
        &sample,
        "quantity",
        &too_large,
        "Ensure this value is less than or equal to 2147483647.",
    )
    .await;
    gateway.assert_invariants().await;
}

async fn relations_take_ids_in_every_form(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let other = gateway.manager.make(Kind::Brand, json!({ "name": "LG" })).await;
    let expected = json!({ "id": other, "name": "LG" });
    let forms = [
        json!(other),
        json!(other.to_string()),
        json!(format!("00{other}")),
        expected.clone(),
        json!({ "id": other }),
        json!({ "id": other.to_string(), "name": "another name" }),
    ];
    assert_accepted(&gateway, &sample, "brand", &forms, &expected).await;
    let other = gateway
        .manager
        .make(Kind::Category, json!({ "name": "Toys" }))
        .await;
    let expected = json!({ "id": other, "name": "Toys" });
    assert_accepted(
        &gateway,
        &sample,
        "category",
        &[json!(other), json!(other.to_string()), expected.clone()],
        &expected,
    )
    .await;
}

async fn relations_must_exist(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    for field in ["brand", "category"] {
        for missing in ["999999", "0", "-1", "9223372036854775807"] {
            let message = format!("Invalid pk \"{missing}\" - object does not exist.");
            let number: i64 = missing.parse().unwrap();
            let forms = [json!(number), json!({ "id": number })];
            assert_refused(&gateway, &sample, field, &forms, &message).await;
        }
        // Ids beyond the integer range are rejected; the message is not checked.
        for huge in [
            json!(u64::MAX),
            json!("99999999999999999999999999"),
            json!({ "id": "18446744073709551616" }),
        ] {
            let response = gateway
                .manager
                .post("products/", sample.with(Kind::Product, field, huge))
                .await;
            assert_eq!(crate::support::response::keys(&response.expect(422)), [field]);
        }
        let pk = |kind: &str| format!("Incorrect type. Expected pk value, received {kind}.");
        assert_refused(&gateway, &sample, field, &[json!(true)], &pk("bool")).await;
        assert_refused(&gateway, &sample, field, &[json!("abc"), json!(" ")], &pk("str")).await;
        assert_refused(&gateway, &sample, field, &[json!([1])], &pk("list")).await;
        assert_refused(
            &gateway,
            &sample,
            field,
            &[json!({}), json!({ "name": "LG" })],
            &pk("dict"),
        )
        .await;
    }
}
