//! Inflows: movements into stock.

use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;
use crate::support::response::NOT_FOUND;
use crate::support::samples::Sample;

on_both_databases_and_apis![
    an_inflow_adds_stock_and_its_deletion_removes_it,
    fields_are_required_and_bounded,
    references_must_exist,
    stock_is_limited_to_32_bits,
    deletion_without_enough_stock_is_rejected,
    rejected_inflows_change_nothing,
];

async fn an_inflow_adds_stock_and_its_deletion_removes_it(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    gateway.advance_clock(60);
    let body = sample.with(Kind::Inflow, "description", json!("  Restock "));
    let response = gateway.manager.post("inflows/", body).await;
    let created = response.expect(201);
    let path = format!("inflows/{}/", created["id"]);
    response.expect_location(&format!("http://{}/api/v1/{path}", gateway.address));
    assert_eq!(
        created,
        json!({
            "id": created["id"],
            "supplier": { "id": sample.supplier, "name": "Tech Distributors Inc." },
            "product": { "id": sample.product, "title": "Galaxy S23" },
            "quantity": 7, "description": "Restock",
            "created_at": "2024-01-15T10:31:00Z", "updated_at": "2024-01-15T10:31:00Z",
        })
    );
    gateway.viewer.get(&path).await.expect_json(200, &created);
    // Only the quantity and `updated_at` of the product change.
    let product = gateway.viewer.get(&sample.path(Kind::Product)).await.expect(200);
    assert_eq!(product["quantity"], 107);
    assert_eq!(product["created_at"], "2024-01-15T10:30:00Z");
    assert_eq!(product["updated_at"], "2024-01-15T10:31:00Z");

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
    let refusal = json!({ "supplier": required, "product": required, "quantity": required });
    gateway
        .manager
        .post("inflows/", json!({}))
        .await
        .expect_json(422, &refusal);
    for field in ["supplier", "product", "quantity"] {
        let body = sample.without(Kind::Inflow, field);
        gateway
            .manager
            .post("inflows/", body)
            .await
            .expect_json(422, &json!({ field: required }));
        let body = sample.with(Kind::Inflow, field, Value::Null);
        let refusal = json!({ field: [ "This field may not be null." ] });
        gateway
            .manager
            .post("inflows/", body)
            .await
            .expect_json(422, &refusal);
    }
    let quantities = [
        (json!(0), "Ensure this value is greater than or equal to 1."),
        (json!(-5), "Ensure this value is greater than or equal to 1."),
        (json!("0"), "Ensure this value is greater than or equal to 1."),
        (
            json!(2_147_483_648_i64),
            "Ensure this value is less than or equal to 2147483647.",
        ),
        (json!(true), "A valid integer is required."),
        (json!("many"), "A valid integer is required."),
        (json!(0.5), "A valid integer is required."),
    ];
    for (quantity, message) in quantities {
        let body = sample.with(Kind::Inflow, "quantity", quantity);
        gateway
            .manager
            .post("inflows/", body)
            .await
            .expect_json(422, &json!({ "quantity": [ message ] }));
    }
    for (description, expected) in [
        (json!(""), Value::Null),
        (Value::Null, Value::Null),
        (json!(" a "), json!("a")),
    ] {
        let body = sample.with(Kind::Inflow, "description", description);
        assert_eq!(
            gateway.manager.post("inflows/", body).await.expect(201)["description"],
            expected
        );
    }
    let body = sample.with(Kind::Inflow, "description", json!("\u{0}"));
    let refusal = json!({ "description": [ "Null characters are not allowed." ] });
    gateway
        .manager
        .post("inflows/", body)
        .await
        .expect_json(422, &refusal);
    let body = sample.with(Kind::Inflow, "quantity", json!("12"));
    assert_eq!(
        gateway.manager.post("inflows/", body).await.expect(201)["quantity"],
        12
    );
}

async fn references_must_exist(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    for field in ["supplier", "product"] {
        let body = sample.with(Kind::Inflow, field, json!(999));
        let refusal = json!({ field: [ "Invalid pk \"999\" - object does not exist." ] });
        gateway
            .manager
            .post("inflows/", body)
            .await
            .expect_json(422, &refusal);
        let body = sample.with(Kind::Inflow, field, json!(false));
        let refusal = json!({ field: [ "Incorrect type. Expected pk value, received bool." ] });
        gateway
            .manager
            .post("inflows/", body)
            .await
            .expect_json(422, &refusal);
    }
    let body = json!({ "supplier": 998, "product": 999, "quantity": 0, "description": "\u{0}" });
    gateway.manager.post("inflows/", body).await.expect_json(
        422,
        &json!({
            "supplier": [ "Invalid pk \"998\" - object does not exist." ],
            "product": [ "Invalid pk \"999\" - object does not exist." ],
            "quantity": [ "Ensure this value is greater than or equal to 1." ],
            "description": [ "Null characters are not allowed." ],
        }),
    );
    assert_eq!(gateway.viewer.get("inflows/").await.json()["count"], 1);
}

async fn stock_is_limited_to_32_bits(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 2_147_483_640).await;
    let supplier = gateway
        .root
        .make(Kind::Supplier, json!({ "name": "Bolts and Nuts" }))
        .await;
    let inflow = |quantity: i64| json!({ "supplier": supplier, "product": product, "quantity": quantity });
    let refusal = json!({ "quantity": [ "Ensure this value is less than or equal to 7." ] });
    gateway
        .manager
        .post("inflows/", inflow(8))
        .await
        .expect_json(422, &refusal);
    gateway
        .manager
        .post("inflows/", inflow(2_147_483_647))
        .await
        .expect_json(422, &refusal);
    assert_eq!(gateway.viewer.quantity(product).await, 2_147_483_640);
    gateway.manager.post("inflows/", inflow(7)).await.expect(201);
    assert_eq!(gateway.viewer.quantity(product).await, 2_147_483_647);
    gateway.assert_invariants().await;
}

async fn deletion_without_enough_stock_is_rejected(gateway: Gateway) {
    let root = &gateway.root;
    let product = root.product("Bolts", 2).await;
    let supplier = root
        .make(Kind::Supplier, json!({ "name": "Bolts and Nuts" }))
        .await;
    let inflow = json!({ "supplier": supplier, "product": product, "quantity": 10 });
    let inflow = root.make(Kind::Inflow, inflow).await;
    root.make(Kind::Outflow, json!({ "product": product, "quantity": 5 }))
        .await;
    let path = format!("inflows/{inflow}/");
    let details = root.delete(&path).await.expect_error(409, "INSUFFICIENT_STOCK");
    assert_eq!(
        (&details["available"], &details["requested"]),
        (&json!(7), &json!(10)),
        "{details}"
    );
    root.get(&path).await.expect(200);
    assert_eq!(root.quantity(product).await, 7);
    // The deletion succeeds once there is enough stock.
    root.patch(&format!("products/{product}/"), json!({ "quantity": 10 }))
        .await
        .expect(200);
    root.delete(&path).await.expect_body(204, "");
    assert_eq!(root.quantity(product).await, 0);
    gateway.assert_invariants().await;
}

async fn rejected_inflows_change_nothing(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let before = gateway.viewer.get(&sample.path(Kind::Product)).await.expect(200);
    gateway.advance_clock(5);
    for (field, value) in [
        ("quantity", json!(0)),
        ("supplier", json!(99)),
        ("description", json!("\u{0}")),
    ] {
        gateway
            .manager
            .post("inflows/", sample.with(Kind::Inflow, field, value))
            .await
            .expect(422);
    }
    gateway
        .viewer
        .get(&sample.path(Kind::Product))
        .await
        .expect_json(200, &before);
    assert_eq!(gateway.viewer.get("inflows/").await.json()["count"], 1);
    gateway.assert_invariants().await;
}
