//! The number of SQL statements of a document: one for each relation and level, and one for each count, independent of
//! the number of rows.

use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;

on_both_databases![the_number_of_statements_depends_on_fields_only];

/// Creates products with the numbers `from` to `to`, each with its own brand and supplier, an inflow and an outflow. They
/// share ten categories.
async fn fill(gateway: &Gateway, from: usize, to: usize) {
    let root = &gateway.root;
    let numbers: Vec<usize> = (from..=to).collect();
    for numbers in numbers.chunks(50) {
        let labels: String = numbers
            .iter()
            .map(|number| {
                format!(
                    "b{number}: createBrand(input: {{ name: \"Brand {number}\" }}) {{ brand {{ id }} }}
                     s{number}: createSupplier(input: {{ name: \"Supplier {number}\" }}) {{ supplier {{ id }} }} "
                )
            })
            .collect();
        root.data(&format!("mutation {{ {labels} }}"), json!({})).await;
        let products: Vec<Value> = numbers
            .iter()
            .map(|number| {
                json!({ "title": format!("Product {number:04}"), "brandId": number.to_string(),
                        "categoryId": (1 + number % 10).to_string(), "costPrice": 1, "sellingPrice": 2, "quantity": 1 })
            })
            .collect();
        root.mutate("createProducts", "products { id }", json!({ "items": products }))
            .await;
        let inflows: Vec<Value> = numbers
            .iter()
            .map(|number| json!({ "productId": number.to_string(), "supplierId": number.to_string(), "quantity": 2 }))
            .collect();
        root.mutate("createInflows", "inflows { id }", json!({ "items": inflows }))
            .await;
        let outflows: Vec<Value> = numbers
            .iter()
            .map(|number| json!({ "productId": number.to_string(), "quantity": 1 }))
            .collect();
        root.mutate("createOutflows", "outflows { id }", json!({ "items": outflows }))
            .await;
    }
}

/// Documents, and the number of statements of each, without the one that checks the token.
const DOCUMENTS: [(&str, u64); 15] = [
    ("{ __typename viewer { user { username } permissions } }", 0),
    ("{ product(id: 1) { title } }", 1),
    ("{ products(first: 100) { nodes { title } } }", 1),
    ("{ products(first: 100) { nodes { title } totalCount } }", 2),
    ("{ products(first: 100) { edges { cursor node { title category { name } brand { name } } } pageInfo { endCursor } } }", 3),
    // One statement for each level, even for an object that was already read at another level.
    ("{ products(first: 100) { nodes { brand { products(first: 2) { nodes { category { name } } } } } } }", 4),
    (
        "{ categories(first: 10) { totalCount nodes { name products(first: 100) { totalCount edges { node { title brand { name } } } } } } }",
        5,
    ),
    (
        "{ products(first: 100) { nodes { inflows(first: 5) { totalCount nodes { quantity supplier { name } product { title } } }
           outflows(last: 5) { nodes { quantity } } } } }",
        6,
    ),
    // Inflows and outflows together, as a page and as a count.
    ("{ products(first: 100) { nodes { movements(first: 10) { nodes { quantity ...on Inflow { supplier { name } } } } } } }", 3),
    ("{ products(first: 100) { nodes { movements(first: 10) { totalCount } } } }", 3),
    ("{ inflows(first: 100) { nodes { product { title brand { name } } supplier { inflows { nodes { id } } } } } }", 5),
    // The entries, their products, users and movements.
    ("{ stockLedger(first: 100) { nodes { change product { title } actor { username } movement { quantity } } } }", 4),
    ("{ products(first: 100) { nodes { stockLedger(first: 5) { totalCount nodes { change balance } } } } }", 3),
    (
        "{ analytics { lowStockThreshold stock { unitCount costValue } sales { revenue profit } stockByBrand(first: 100) { brand { name } stock { unitCount } } } }",
        4,
    ),
    (
        "{ a: products(first: 100) { nodes { title } } a: products(first: 100) { nodes { brand { name } } totalCount }
           ...F } fragment F on Query { a: products(first: 100) { nodes { brand { id } } } }",
        3,
    ),
];

async fn the_number_of_statements_depends_on_fields_only(gateway: Gateway) {
    for number in 1..=10 {
        gateway
            .root
            .make(Kind::Category, json!({ "name": format!("Category {number}") }))
            .await;
    }
    let mut counts_by_size = Vec::new();
    for (from, to) in [(1, 10), (11, 1_000)] {
        fill(&gateway, from, to).await;
        // The user is cached from the first request on.
        gateway.viewer.data("{ brands { totalCount } }", json!({})).await;
        let mut counts = Vec::new();
        for (document, _) in DOCUMENTS {
            gateway.invalidate_labels().await;
            let (count, _) = gateway
                .count_statements(gateway.viewer.data(document, json!({})))
                .await;
            counts.push((document, count - 1));
        }
        counts_by_size.push(counts);
    }
    assert_eq!(counts_by_size[0], counts_by_size[1], "at 10 rows and at 1,000");
    for (actual, expected) in counts_by_size[1].iter().zip(DOCUMENTS) {
        assert_eq!(*actual, expected);
    }
    let document = "{ categories(first: 10) { nodes { products(first: 100) { nodes { id } } } } }";
    let data = gateway.viewer.data(document, json!({})).await;
    assert_eq!(
        data.to_string().matches("\"id\"").count(),
        1_000,
        "the number of returned rows"
    );
}
