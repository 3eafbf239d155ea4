//! The number of SQL statements of a request: it depends on the requested fields, never on the number of rows.

use serde_json::json;
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;

on_both_databases![lists_send_at_most_five_statements, writes_send_few_statements];

/// Creates products with the numbers `from` to `to`, each with its own brand, category and supplier, an inflow and an
/// outflow.
async fn fill(gateway: &Gateway, from: i64, to: i64) {
    for number in from..=to {
        gateway
            .root
            .make(Kind::Brand, json!({ "name": format!("Brand {number}") }))
            .await;
        gateway
            .root
            .make(Kind::Category, json!({ "name": format!("Category {number}") }))
            .await;
        gateway
            .root
            .make(Kind::Supplier, json!({ "name": format!("Supplier {number}") }))
            .await;
        let product = json!({
            "title": format!("Product {number}"), "brand": number, "category": number, "cost_price": 1, "selling_price": 2,
        });
        gateway.root.make(Kind::Product, product).await;
        gateway
            .root
            .make(
                Kind::Inflow,
                json!({ "supplier": number, "product": number, "quantity": 2 }),
            )
            .await;
        gateway
            .root
            .make(Kind::Outflow, json!({ "product": number, "quantity": 1 }))
            .await;
    }
}

/// The number of statements for a page with this many rows.
async fn statements_of_page(gateway: &Gateway, path: &str, rows: usize) -> u64 {
    let (count, response) = gateway.count_statements(gateway.viewer.get(path)).await;
    assert_eq!(response.ids().len(), rows, "{path}");
    count
}

async fn lists_send_at_most_five_statements(gateway: Gateway) {
    let parameters = "page_size=100&ordering=-id&search=product&min_price=1&date_from=2024-01-01";
    fill(&gateway, 1, 10).await;
    // The user is cached from the first request on.
    gateway.viewer.get("brands/").await.expect(200);
    let mut counts = Vec::new();
    for kind in Kind::ALL {
        let parameters = if kind == Kind::Product {
            parameters
        } else {
            "page_size=100&ordering=-id"
        };
        counts.push((format!("{}/?{parameters}", kind.plural()), 0));
    }
    for (path, count) in &mut counts {
        *count = statements_of_page(&gateway, path, 10).await;
    }
    fill(&gateway, 11, 100).await;
    gateway.viewer.get("brands/").await.expect(200);
    for (path, count) in counts {
        // User, count, page, and one statement for each relation in the output.
        let limit = if path.starts_with("products") || path.starts_with("inflows") {
            5
        } else {
            4
        };
        assert!(count <= limit, "{path}: {count}");
        assert_eq!(statements_of_page(&gateway, &path, 100).await, count, "{path}");
    }
}

async fn writes_send_few_statements(gateway: Gateway) {
    fill(&gateway, 1, 3).await;
    let product = "products/1/";
    gateway.viewer.get(product).await.expect(200);
    let (count, _) = gateway.count_statements(gateway.viewer.get(product)).await;
    assert!(count <= 4, "{count}");
    let (before, _) = gateway
        .count_statements(
            gateway
                .root
                .post("outflows/", json!({ "product": 1, "quantity": 1 })),
        )
        .await;
    gateway
        .root
        .patch(product, json!({ "quantity": 100 }))
        .await
        .expect(200);
    for _ in 0..30 {
        gateway
            .root
            .post("outflows/", json!({ "product": 1, "quantity": 1 }))
            .await
            .expect(201);
    }
    // The number of statements does not grow with the number of sales.
    let (after, _) = gateway
        .count_statements(
            gateway
                .root
                .post("outflows/", json!({ "product": 1, "quantity": 1 })),
        )
        .await;
    assert!(after <= before, "{before}, then {after}");
}
