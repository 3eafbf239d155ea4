//! Products: required fields, changes and deletion.

use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;
use crate::support::samples::Sample;

on_both_databases_and_apis![
    only_five_fields_are_required,
    serie_numbers_are_unique,
    all_invalid_fields_are_reported_at_once,
    put_and_patch_keep_absent_fields,
    a_body_that_was_read_can_be_sent_back,
    deletion_with_movements_is_rejected,
];

async fn only_five_fields_are_required(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let required = json!(["This field is required."]);
    gateway.manager.post("products/", json!({})).await.expect_json(
        422,
        &json!({
            "title": required, "category": required, "brand": required,
            "cost_price": required, "selling_price": required,
        }),
    );
    for field in ["title", "category", "brand", "cost_price", "selling_price"] {
        let body = sample.without(Kind::Product, field);
        gateway
            .manager
            .post("products/", body)
            .await
            .expect_json(422, &json!({ field: required }));
        let not_null = json!(["This field may not be null."]);
        let body = sample.with(Kind::Product, field, Value::Null);
        gateway
            .manager
            .post("products/", body.clone())
            .await
            .expect_json(422, &json!({ field: not_null }));
        gateway
            .manager
            .patch(&sample.path(Kind::Product), body)
            .await
            .expect_json(422, &json!({ field: not_null }));
    }
    let body = sample.without(Kind::Product, "quantity");
    let created = gateway.manager.post("products/", body).await.expect(201);
    assert_eq!(
        created,
        json!({
            "id": created["id"], "title": "Galaxy S23",
            "category": { "id": sample.category, "name": "Electronics" },
            "brand": { "id": sample.brand, "name": "Samsung" },
            "description": null, "serie_number": null, "cost_price": "500.00", "selling_price": "799.99",
            "quantity": 0, "created_at": "2024-01-15T10:30:00Z", "updated_at": "2024-01-15T10:30:00Z",
        })
    );
}

async fn serie_numbers_are_unique(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let with = |number: Value| sample.with(Kind::Product, "serie_number", number);
    let first = gateway.manager.make(Kind::Product, with(json!("SN-1"))).await;
    let second = gateway.manager.make(Kind::Product, with(json!("SN-2"))).await;
    let not_unique = json!({ "serie_number": [ "This field must be unique." ] });
    gateway
        .manager
        .post("products/", with(json!("SN-1")))
        .await
        .expect_json(422, &not_unique);
    gateway
        .manager
        .post("products/", with(json!("  SN-1 ")))
        .await
        .expect_json(422, &not_unique);
    let path = format!("products/{second}/");
    gateway
        .manager
        .patch(&path, json!({ "serie_number": "SN-1" }))
        .await
        .expect_json(422, &not_unique);
    // A product can keep its own number.
    gateway
        .manager
        .patch(&path, json!({ "serie_number": "SN-2" }))
        .await
        .expect(200);
    // Numbers are compared exactly, without case folding or Unicode normalisation.
    gateway.manager.make(Kind::Product, with(json!("sn-1"))).await;
    gateway
        .manager
        .make(Kind::Product, with(json!("caf\u{e9}")))
        .await;
    gateway
        .manager
        .make(Kind::Product, with(json!("cafe\u{301}")))
        .await;
    // Several products can be without a serie number.
    for _ in 0..2 {
        gateway.manager.make(Kind::Product, with(Value::Null)).await;
        gateway.manager.make(Kind::Product, with(json!(" "))).await;
    }
    // A deleted product frees its number.
    gateway
        .root
        .delete(&format!("products/{first}/"))
        .await
        .expect_body(204, "");
    gateway.manager.make(Kind::Product, with(json!("SN-1"))).await;
}

async fn all_invalid_fields_are_reported_at_once(gateway: Gateway) {
    let body = json!({
        "title": " ", "category": 7, "brand": "x", "description": "\u{0}", "serie_number": "n".repeat(201),
        "cost_price": -1, "selling_price": "1.234", "quantity": -1,
    });
    gateway.manager.post("products/", body).await.expect_json(
        422,
        &json!({
            "title": [ "This field may not be blank." ],
            "category": [ "Invalid pk \"7\" - object does not exist." ],
            "brand": [ "Incorrect type. Expected pk value, received str." ],
            "description": [ "Null characters are not allowed." ],
            "serie_number": [ "Ensure this field has no more than 200 characters." ],
            "cost_price": [ "Ensure this value is greater than or equal to 0." ],
            "selling_price": [ "Ensure that there are no more than 2 decimal places." ],
            "quantity": [ "Ensure this value is greater than or equal to 0." ],
        }),
    );
}

async fn put_and_patch_keep_absent_fields(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let path = sample.path(Kind::Product);
    let full = json!({ "description": "Flagship", "serie_number": "SN1" });
    let mut product = gateway.manager.put(&path, full).await.expect(200);
    let other = gateway.manager.make(Kind::Brand, json!({ "name": "LG" })).await;
    let changes = [
        ("title", json!("Ultra"), json!("Ultra")),
        ("brand", json!(other), json!({ "id": other, "name": "LG" })),
        ("description", json!("Old"), json!("Old")),
        ("serie_number", json!("SN2"), json!("SN2")),
        ("cost_price", json!(1), json!("1.00")),
        ("selling_price", json!("2.5"), json!("2.50")),
        ("quantity", json!(3), json!(3)),
        ("description", Value::Null, Value::Null),
        ("serie_number", Value::Null, Value::Null),
    ];
    for (field, value, expected) in changes {
        gateway.advance_clock(1);
        product[field] = expected;
        product["updated_at"] = gateway
            .services
            .clock
            .now()
            .format("%Y-%m-%dT%H:%M:%SZ")
            .to_string()
            .into();
        gateway
            .manager
            .put(&path, json!({ field: value }))
            .await
            .expect_json(200, &product);
        gateway
            .manager
            .patch(&path, json!({ field: value }))
            .await
            .expect_json(200, &product);
        gateway.viewer.get(&path).await.expect_json(200, &product);
    }
    let ignored = json!({ "id": 4, "created_at": null, "updated_at": [], "version": "x", "colour": "red" });
    gateway
        .manager
        .put(&path, ignored)
        .await
        .expect_json(200, &product);
    gateway.assert_invariants().await;
}

async fn a_body_that_was_read_can_be_sent_back(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    for kind in [Kind::Brand, Kind::Category, Kind::Supplier, Kind::Product] {
        let read = gateway.viewer.get(&sample.path(kind)).await.expect(200);
        gateway
            .manager
            .put(&sample.path(kind), read.clone())
            .await
            .expect_json(200, &read);
        gateway
            .manager
            .patch(&sample.path(kind), read.clone())
            .await
            .expect_json(200, &read);
        let mut copy = gateway
            .manager
            .post(&crate::support::samples::list(kind), read.clone())
            .await
            .expect(201);
        copy["id"] = read["id"].clone();
        assert_eq!(copy, read);
    }
    for kind in crate::support::samples::MOVEMENTS {
        let read = gateway.viewer.get(&sample.path(kind)).await.expect(200);
        let mut copy = gateway
            .manager
            .post(&crate::support::samples::list(kind), read.clone())
            .await
            .expect(201);
        copy["id"] = read["id"].clone();
        assert_eq!(copy, read);
    }
}

async fn deletion_with_movements_is_rejected(gateway: Gateway) {
    let root = &gateway.root;
    let sample = Sample::create(root).await;
    let path = sample.path(Kind::Product);
    root.make(Kind::Inflow, sample.body(Kind::Inflow)).await;
    assert_eq!(
        root.delete(&path).await.expect_error(409, "PROTECTED"),
        json!({ "inflows": 2, "outflows": 1 })
    );
    root.delete(&sample.path(Kind::Outflow))
        .await
        .expect_body(204, "");
    assert_eq!(
        root.delete(&path).await.expect_error(409, "PROTECTED"),
        json!({ "inflows": 2 })
    );
    for inflow in root.get("inflows/").await.ids() {
        root.delete(&format!("inflows/{inflow}/"))
            .await
            .expect_body(204, "");
    }
    root.delete(&path).await.expect_body(204, "");
    // Without the product, its brand, category and supplier can be deleted.
    root.delete(&sample.path(Kind::Brand)).await.expect_body(204, "");
    root.delete(&sample.path(Kind::Category))
        .await
        .expect_body(204, "");
    root.delete(&sample.path(Kind::Supplier))
        .await
        .expect_body(204, "");
    gateway.assert_invariants().await;
}
