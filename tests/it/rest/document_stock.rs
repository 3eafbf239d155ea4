//! The documented examples of products, inflows and outflows; see `document.rs`.

use serde_json::json;
use stockroom::kind::Kind;

use crate::rest::document::{at_time, create_samsung_galaxy, example, value};
use crate::support::gateway::Gateway;

on_both_databases![
    product_examples_match,
    product_list_matches,
    inflow_examples_match,
    inflow_list_matches,
    outflow_examples_match,
    outflow_list_matches,
];

async fn product_examples_match(gateway: Gateway) {
    let gateway = create_samsung_galaxy(gateway).await;
    gateway
        .viewer
        .get("products/1/")
        .await
        .assert_example(200, &example("product-one"));
    let gateway = at_time(gateway, "2024-01-16T15:00:00Z").await;
    let created = gateway
        .manager
        .post("products/", value(&example("product-create")))
        .await;
    created.assert_example(201, &example("product-created"));

    // A PUT with three fields keeps the others, as in the example.
    let mut updated = value(&example("product-one"));
    for (field, changed) in value(&example("product-update")).as_object().unwrap() {
        updated[field] = changed.clone();
    }
    updated["updated_at"] = "2024-01-16T15:00:00Z".into();
    gateway
        .manager
        .put("products/1/", value(&example("product-update")))
        .await
        .expect_json(200, &updated);
    gateway
        .manager
        .patch("products/1/", value(&example("product-update")))
        .await
        .expect_json(200, &updated);

    gateway.root.delete("products/2/").await.expect_body(204, "");
    // "Fails if product has related inflows/outflows."
    gateway
        .root
        .post("outflows/", json!({ "product": 1, "quantity": 1 }))
        .await
        .expect(201);
    let details = gateway
        .root
        .delete("products/1/")
        .await
        .expect_error(409, "PROTECTED");
    assert_eq!(details, json!({ "outflows": 1 }));
}

async fn product_list_matches(gateway: Gateway) {
    let gateway = create_samsung_galaxy(gateway).await;
    // The list is sorted by title, so the other products need titles that come after the example's.
    for number in 2..=150 {
        let product = json!({
            "title": format!("Zebra {number}"), "category": 1, "brand": 2, "cost_price": 1, "selling_price": 2,
        });
        gateway.manager.make(Kind::Product, product).await;
    }
    gateway
        .viewer
        .get("products/")
        .await
        .assert_list_example(&example("product-list"));
}

async fn inflow_examples_match(gateway: Gateway) {
    let gateway = create_samsung_galaxy(gateway).await;
    let first = json!({ "supplier": 1, "product": 1, "quantity": 20, "description": "Monthly restock" });
    assert_eq!(gateway.manager.make(Kind::Inflow, first).await, 1);
    let gateway = at_time(gateway, "2024-01-16T10:00:00Z").await;
    let created = gateway
        .manager
        .post("inflows/", value(&example("inflow-create")))
        .await;
    created.assert_example(201, &example("inflow-created"));
    gateway
        .viewer
        .get("inflows/2/")
        .await
        .assert_example(200, &example("inflow-created"));
    // "Creating an inflow automatically updates the product quantity."
    assert_eq!(gateway.viewer.quantity(1).await, 50 + 20 + 50);
    // "Inflows cannot be updated."
    gateway
        .root
        .put("inflows/2/", json!({ "quantity": 1 }))
        .await
        .expect_error(405, "METHOD_NOT_ALLOWED");
    gateway
        .root
        .patch("inflows/2/", json!({ "quantity": 1 }))
        .await
        .expect_error(405, "METHOD_NOT_ALLOWED");
    gateway.root.delete("inflows/2/").await.expect_body(204, "");
    assert_eq!(gateway.viewer.quantity(1).await, 50 + 20);
}

async fn inflow_list_matches(gateway: Gateway) {
    let gateway = at_time(create_samsung_galaxy(gateway).await, "2024-01-15T09:00:00Z").await;
    let first = json!({ "supplier": 1, "product": 1, "quantity": 20, "description": "Monthly restock" });
    gateway.manager.make(Kind::Inflow, first).await;
    // The list begins with the newest, so the others must be older.
    let gateway = at_time(gateway, "2024-01-14T09:00:00Z").await;
    for _ in 2..=100 {
        gateway
            .manager
            .make(
                Kind::Inflow,
                json!({ "supplier": 1, "product": 1, "quantity": 1 }),
            )
            .await;
    }
    gateway
        .viewer
        .get("inflows/?page_size=100")
        .await
        .assert_list_example(&example("inflow-list"));
}

async fn outflow_examples_match(gateway: Gateway) {
    let gateway = create_samsung_galaxy(gateway).await;
    let first = json!({ "product": 1, "quantity": 5, "description": "Sale to customer #1234" });
    assert_eq!(gateway.manager.make(Kind::Outflow, first).await, 1);
    let gateway = at_time(gateway, "2024-01-16T11:00:00Z").await;
    let created = gateway
        .manager
        .post("outflows/", value(&example("outflow-create")))
        .await;
    created.assert_example(201, &example("outflow-created"));
    gateway
        .viewer
        .get("outflows/2/")
        .await
        .assert_example(200, &example("outflow-created"));
    // "Creating an outflow automatically decreases product quantity"
    assert_eq!(gateway.viewer.quantity(1).await, 50 - 5 - 10);
    // "Fails if quantity exceeds available stock"
    let rejection = gateway
        .manager
        .post("outflows/", json!({ "product": 1, "quantity": 36 }))
        .await;
    assert!(rejection.expect(422)["quantity"].is_array());
    // "Outflows cannot be updated."
    gateway
        .root
        .put("outflows/2/", json!({ "quantity": 1 }))
        .await
        .expect_error(405, "METHOD_NOT_ALLOWED");
    gateway
        .root
        .patch("outflows/2/", json!({ "quantity": 1 }))
        .await
        .expect_error(405, "METHOD_NOT_ALLOWED");
    gateway.root.delete("outflows/2/").await.expect_body(204, "");
    assert_eq!(gateway.viewer.quantity(1).await, 50 - 5);
}

async fn outflow_list_matches(gateway: Gateway) {
    let gateway = create_samsung_galaxy(gateway).await;
    let first = json!({ "product": 1, "quantity": 5, "description": "Sale to customer #1234" });
    gateway.manager.make(Kind::Outflow, first).await;
    let gateway = at_time(gateway, "2024-01-14T09:00:00Z").await;
    for _ in 2..=20 {
        gateway
            .manager
            .make(Kind::Outflow, json!({ "product": 1, "quantity": 1 }))
            .await;
    }
    // The example has a count of 200 and no second page, but a page has at most 100 results.
    // The list here has 20.
    let example = example("outflow-list").replace("\"count\": 200", "\"count\": 20");
    gateway
        .viewer
        .get("outflows/?page_size=20")
        .await
        .assert_list_example(&example);
}
