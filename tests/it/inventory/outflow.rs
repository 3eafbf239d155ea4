//! Outflows: movements out of stock, never more than is available.

use ::entity::{Money, outflow};
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;
use crate::support::response::NOT_FOUND;
use crate::support::samples::Sample;

on_both_databases_and_apis![
    an_outflow_removes_stock_and_its_deletion_restores_it,
    fields_are_required_and_bounded,
    outflows_are_limited_to_available_stock,
    deletion_that_would_exceed_32_bits_is_rejected,
    an_outflow_keeps_the_prices_at_its_creation,
];

async fn an_outflow_removes_stock_and_its_deletion_restores_it(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    gateway.advance_clock(60);
    let body = sample.with(Kind::Outflow, "description", json!(" Bulk sale  "));
    let response = gateway.manager.post("outflows/", body).await;
    let created = response.expect(201);
    let path = format!("outflows/{}/", created["id"]);
    response.expect_location(&format!("http://{}/api/v1/{path}", gateway.address));
    assert_eq!(
        created,
        json!({
            "id": created["id"],
            "product": { "id": sample.product, "title": "Galaxy S23" },
            "quantity": 7, "description": "Bulk sale",
            "created_at": "2024-01-15T10:31:00Z", "updated_at": "2024-01-15T10:31:00Z",
        })
    );
    gateway.viewer.get(&path).await.expect_json(200, &created);
    let product = gateway.viewer.get(&sample.path(Kind::Product)).await.expect(200);
    assert_eq!(
        (&product["quantity"], &product["updated_at"]),
        (&json!(93), &json!("2024-01-15T10:31:00Z"))
    );

    gateway.advance_clock(60);
    gateway.administrator.delete(&path).await.expect_body(204, "");
    gateway.viewer.get(&path).await.expect_body(404, NOT_FOUND);
    gateway
        .administrator
        .delete(&path)
        .await
        .expect_body(404, NOT_FOUND);
    let product = gateway.viewer.get(&sample.path(Kind::Product)).await.expect(200);
    assert_eq!(
        (&product["quantity"], &product["updated_at"]),
        (&json!(100), &json!("2024-01-15T10:32:00Z"))
    );
    gateway.assert_invariants().await;
}

async fn fields_are_required_and_bounded(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let required = json!(["This field is required."]);
    let refusal = json!({ "product": required, "quantity": required });
    gateway
        .manager
        .post("outflows/", json!({}))
        .await
        .expect_json(422, &refusal);
    let cases = [
        ("product", Value::Null, "This field may not be null."),
        (
            "product",
            json!(999),
            "Invalid pk \"999\" - object does not exist.",
        ),
        (
            "product",
            json!(true),
            "Incorrect type. Expected pk value, received bool.",
        ),
        ("quantity", Value::Null, "This field may not be null."),
        (
            "quantity",
            json!(0),
            "Ensure this value is greater than or equal to 1.",
        ),
        (
            "quantity",
            json!(-1),
            "Ensure this value is greater than or equal to 1.",
        ),
        (
            "quantity",
            json!(2_147_483_648_i64),
            "Ensure this value is less than or equal to 2147483647.",
        ),
        ("quantity", json!("1.0.0"), "A valid integer is required."),
        ("quantity", json!(false), "A valid integer is required."),
        ("description", json!("\u{0}"), "Null characters are not allowed."),
        ("description", json!([]), "Not a valid string."),
    ];
    for (field, value, message) in cases {
        let body = sample.with(Kind::Outflow, field, value);
        gateway
            .manager
            .post("outflows/", body)
            .await
            .expect_json(422, &json!({ field: [ message ] }));
    }
    let body = json!({ "product": 999, "quantity": 0, "description": "\u{0}" });
    gateway.manager.post("outflows/", body).await.expect_json(
        422,
        &json!({
            "product": [ "Invalid pk \"999\" - object does not exist." ],
            "quantity": [ "Ensure this value is greater than or equal to 1." ],
            "description": [ "Null characters are not allowed." ],
        }),
    );
    let read_form = json!({ "product": { "id": sample.product, "title": "Galaxy S23" }, "quantity": "2" });
    assert_eq!(
        gateway.manager.post("outflows/", read_form).await.expect(201)["quantity"],
        2
    );
    assert_eq!(gateway.viewer.quantity(sample.product).await, 98);
}

async fn outflows_are_limited_to_available_stock(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 5).await;
    let before = gateway
        .viewer
        .get(&format!("products/{product}/"))
        .await
        .expect(200);
    gateway.advance_clock(5);
    let refusal = json!({ "quantity": [ "Not enough stock: 5 available." ] });
    for quantity in [6, 2_147_483_647] {
        let body = json!({ "product": product, "quantity": quantity });
        gateway
            .manager
            .post("outflows/", body)
            .await
            .expect_json(422, &refusal);
    }
    gateway
        .viewer
        .get(&format!("products/{product}/"))
        .await
        .expect_json(200, &before);
    assert_eq!(gateway.viewer.get("outflows/").await.json()["count"], 0);
    gateway
        .manager
        .post("outflows/", json!({ "product": product, "quantity": 5 }))
        .await
        .expect(201);
    assert_eq!(gateway.viewer.quantity(product).await, 0);
    let refusal = json!({ "quantity": [ "Not enough stock: 0 available." ] });
    gateway
        .manager
        .post("outflows/", json!({ "product": product, "quantity": 1 }))
        .await
        .expect_json(422, &refusal);
    gateway.assert_invariants().await;
}

async fn deletion_that_would_exceed_32_bits_is_rejected(gateway: Gateway) {
    let root = &gateway.root;
    let product = root.product("Bolts", 10).await;
    let outflow = root
        .make(Kind::Outflow, json!({ "product": product, "quantity": 10 }))
        .await;
    root.patch(
        &format!("products/{product}/"),
        json!({ "quantity": 2_147_483_640 }),
    )
    .await
    .expect(200);
    let details = root
        .delete(&format!("outflows/{outflow}/"))
        .await
        .expect_error(409, "INSUFFICIENT_STOCK");
    assert_eq!(
        (&details["available"], &details["requested"]),
        (&json!(2_147_483_640), &json!(10)),
        "{details}"
    );
    root.get(&format!("outflows/{outflow}/")).await.expect(200);
    assert_eq!(root.quantity(product).await, 2_147_483_640);
    gateway.assert_invariants().await;
}

async fn an_outflow_keeps_the_prices_at_its_creation(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 10).await;
    let outflow = gateway
        .root
        .make(Kind::Outflow, json!({ "product": product, "quantity": 1 }))
        .await;
    let prices = json!({ "cost_price": "6.00", "selling_price": "12345678901234567890.99" });
    gateway
        .root
        .patch(&format!("products/{product}/"), prices)
        .await
        .expect(200);
    let later = gateway
        .root
        .make(Kind::Outflow, json!({ "product": product, "quantity": 1 }))
        .await;
    for (id, price, cost) in [
        (outflow, "9.90", "5.00"),
        (later, "12345678901234567890.99", "6.00"),
    ] {
        let row = outflow::Entity::find_by_id(id)
            .one(&gateway.services.db)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.unit_price, Money::parse(price).unwrap());
        assert_eq!(row.unit_cost, Money::parse(cost).unwrap());
    }
}
