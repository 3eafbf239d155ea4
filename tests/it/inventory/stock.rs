//! The ledger: one row for every change of stock; their sum is the quantity.

use ::entity::stock_change::{self, Reason};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use serde_json::json;
use stockroom::kind::Kind;

use crate::support::gateway::{Gateway, at};

on_both_databases_and_apis![
    every_change_leaves_one_row,
    writes_that_change_no_stock_leave_no_row,
    rows_are_kept_after_their_product_is_deleted,
    the_ledger_is_append_only,
    a_mismatch_of_ledger_and_quantity_is_found,
];

// The ids of users.
const ADMIN: i64 = 1;
const MANAGER: i64 = 2;
const ADMINISTRATOR: i64 = 3;

/// The ledger of a product, in the order of its rows.
async fn ledger(gateway: &Gateway, product: i64) -> Vec<stock_change::Model> {
    stock_change::Entity::find()
        .filter(stock_change::Column::ProductId.eq(product))
        .order_by_asc(stock_change::Column::Id)
        .all(&gateway.services.db)
        .await
        .unwrap()
}

async fn every_change_leaves_one_row(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 10).await;
    let path = format!("products/{product}/");
    let supplier = gateway
        .root
        .make(Kind::Supplier, json!({ "name": "Bolts and Nuts" }))
        .await;
    gateway.advance_clock(1);
    let inflow = json!({ "supplier": supplier, "product": product, "quantity": 5 });
    let inflow = gateway.manager.make(Kind::Inflow, inflow).await;
    gateway.advance_clock(1);
    let outflow = gateway
        .manager
        .make(Kind::Outflow, json!({ "product": product, "quantity": 3 }))
        .await;
    gateway.advance_clock(1);
    gateway
        .manager
        .patch(&path, json!({ "quantity": 100, "title": "Nuts" }))
        .await
        .expect(200);
    gateway.advance_clock(1);
    gateway
        .manager
        .put(&path, json!({ "quantity": 20 }))
        .await
        .expect(200);
    gateway.advance_clock(1);
    gateway
        .administrator
        .delete(&format!("outflows/{outflow}/"))
        .await
        .expect(204);
    gateway.advance_clock(1);
    gateway
        .administrator
        .delete(&format!("inflows/{inflow}/"))
        .await
        .expect(204);

    let expected = [
        (Reason::ProductCreated, 10, 10, None, ADMIN),
        (Reason::InflowCreated, 5, 15, Some(inflow), MANAGER),
        (Reason::OutflowCreated, -3, 12, Some(outflow), MANAGER),
        (Reason::Adjustment, 88, 100, None, MANAGER),
        (Reason::Adjustment, -80, 20, None, MANAGER),
        (Reason::OutflowDeleted, 3, 23, Some(outflow), ADMINISTRATOR),
        (Reason::InflowDeleted, -5, 18, Some(inflow), ADMINISTRATOR),
    ];
    let found: Vec<_> = ledger(&gateway, product)
        .await
        .into_iter()
        .map(|row| {
            (
                row.reason,
                row.change,
                row.balance,
                row.movement_id,
                row.actor_id.unwrap(),
                row.created_at,
            )
        })
        .collect();
    let start = at("2024-01-15T10:30:00Z");
    let expected: Vec<_> = expected
        .into_iter()
        .zip(0..)
        .map(|((reason, change, balance, movement, actor), second)| {
            (
                reason,
                change,
                balance,
                movement,
                actor,
                start + chrono::TimeDelta::seconds(second),
            )
        })
        .collect();
    assert_eq!(found, expected);
    assert_eq!(gateway.viewer.quantity(product).await, 18);
    gateway.assert_invariants().await;
}

async fn writes_that_change_no_stock_leave_no_row(gateway: Gateway) {
    let empty = gateway.root.product("Nothing", 0).await;
    assert!(ledger(&gateway, empty).await.is_empty());
    let product = gateway.root.product("Bolts", 10).await;
    let path = format!("products/{product}/");
    gateway
        .manager
        .patch(&path, json!({ "quantity": 10 }))
        .await
        .expect(200);
    gateway
        .manager
        .patch(&path, json!({ "title": "Nuts" }))
        .await
        .expect(200);
    gateway
        .manager
        .patch(&path, json!({ "quantity": 11, "title": "" }))
        .await
        .expect(422);
    gateway
        .manager
        .post("outflows/", json!({ "product": product, "quantity": 11 }))
        .await
        .expect(422);
    assert_eq!(ledger(&gateway, product).await.len(), 1);
    gateway.assert_invariants().await;
}

async fn rows_are_kept_after_their_product_is_deleted(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 10).await;
    gateway
        .root
        .delete(&format!("products/{product}/"))
        .await
        .expect(204);
    let rows = ledger(&gateway, product).await;
    assert_eq!(rows[0].reason, Reason::ProductCreated);
    assert_eq!((rows[0].change, rows[0].balance), (10, 10));
    gateway.assert_invariants().await;
}

async fn the_ledger_is_append_only(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 10).await;
    for sql in ["UPDATE stock_change SET change = 11", "DELETE FROM stock_change"] {
        let result = gateway.sql(sql).await;
        assert!(result.is_err(), "{sql}");
    }
    assert_eq!(ledger(&gateway, product).await[0].change, 10);
    gateway.assert_invariants().await;
}

async fn a_mismatch_of_ledger_and_quantity_is_found(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 10).await;
    gateway.sql("UPDATE product SET quantity = 11").await.unwrap();
    let violations = stockroom::resolvers::invariant::violations(&gateway.system())
        .await
        .unwrap();
    assert_eq!(violations.len(), 1);
    assert_eq!((violations[0].rows, violations[0].example), (1, product));
    assert_eq!(
        violations[0].rule,
        "the ledger of a product adds up to its quantity"
    );
}
