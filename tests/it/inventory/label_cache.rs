//! The cache of brands, categories and suppliers: no request sees an older row than that of the latest commit.

use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;
use crate::support::samples::Sample;

on_both_databases![
    a_changed_label_is_seen_by_the_next_request,
    a_change_of_another_gateway_is_seen,
    a_change_is_seen_within_its_own_document,
    cached_labels_need_no_statement,
];

/// The names of a product's brand and category, and of its inflow's supplier, by both APIs.
async fn names(gateway: &Gateway, sample: &Sample) -> [Value; 3] {
    let product = gateway
        .viewer
        .get(&format!("products/{}/", sample.product))
        .await
        .json();
    let inflow = gateway
        .viewer
        .get(&format!("inflows/{}/", sample.inflow))
        .await
        .json();
    let document = "query ($id: ID!) { product(id: $id) {
        brand { name } category { name } inflows { nodes { supplier { name } } } } }";
    let data = gateway
        .viewer
        .data(document, json!({ "id": sample.product.to_string() }))
        .await;
    let by_rest = [
        product["brand"]["name"].clone(),
        product["category"]["name"].clone(),
        inflow["supplier"]["name"].clone(),
    ];
    let found = &data["product"];
    let by_graphql = [
        found["brand"]["name"].clone(),
        found["category"]["name"].clone(),
        found["inflows"]["nodes"][0]["supplier"]["name"].clone(),
    ];
    assert_eq!(by_rest, by_graphql);
    by_rest
}

async fn a_changed_label_is_seen_by_the_next_request(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let first = ["Samsung", "Electronics", "Tech Distributors Inc."].map(Value::from);
    assert_eq!(names(&gateway, &sample).await, first);
    assert_eq!(names(&gateway, &sample).await, first);
    for (path, name) in [
        (format!("brands/{}/", sample.brand), "brand"),
        (format!("categories/{}/", sample.category), "category"),
        (format!("suppliers/{}/", sample.supplier), "supplier"),
    ] {
        gateway
            .root
            .patch(&path, json!({ "name": name }))
            .await
            .expect(200);
    }
    assert_eq!(
        names(&gateway, &sample).await,
        ["brand", "category", "supplier"].map(Value::from)
    );
    // A change made directly in the database is seen as well.
    gateway
        .sql("UPDATE brand SET name = 'by hand', name_folded = 'by hand'")
        .await
        .expect("a change");
    assert_eq!(names(&gateway, &sample).await[0], json!("by hand"));
    gateway.assert_invariants().await;
}

async fn a_change_of_another_gateway_is_seen(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let other = gateway.another(&[]).await;
    for number in 0..20 {
        let (writer, reader) = if number % 2 == 0 {
            (&gateway, &other)
        } else {
            (&other, &gateway)
        };
        let name = format!("Brand {number}");
        let path = format!("brands/{}/", sample.brand);
        writer
            .root
            .patch(&path, json!({ "name": name }))
            .await
            .expect(200);
        assert_eq!(names(reader, &sample).await[0], json!(name));
        assert_eq!(names(writer, &sample).await[0], json!(name));
    }
    other.stop().await;
}

async fn a_change_is_seen_within_its_own_document(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    names(&gateway, &sample).await;
    let document = "mutation ($brand: ID!, $product: ID!) {
        before: updateProduct(input: { id: $product, quantity: 5 }) { product { brand { name } } }
        changed: updateBrand(input: { id: $brand, name: \"Renamed\" }) { brand { name } }
        after: updateProduct(input: { id: $product, quantity: 6 }) { product { brand { name } } } }";
    let ids = json!({ "brand": sample.brand.to_string(), "product": sample.product.to_string() });
    let data = gateway.root.data(document, ids).await;
    assert_eq!(data["before"]["product"]["brand"]["name"], json!("Samsung"));
    assert_eq!(data["after"]["product"]["brand"]["name"], json!("Renamed"));
}

async fn cached_labels_need_no_statement(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let path = format!("products/{}/", sample.product);
    let count = async || gateway.count_statements(gateway.viewer.get(&path)).await.0;
    gateway.viewer.get(&path).await.expect(200);
    gateway.invalidate_labels().await;
    assert_eq!(count().await, 4, "revisions, product, brand and category");
    assert_eq!(count().await, 2, "revisions and product");
    // A new label does not invalidate those in the cache.
    gateway.root.make(Kind::Brand, json!({ "name": "New" })).await;
    assert_eq!(count().await, 2);
    gateway.invalidate_labels().await;
    assert_eq!(count().await, 4);
}
