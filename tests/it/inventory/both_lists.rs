//! Lists through both APIs: the same rows in the same order, and a number of statements that does not depend on the
//! number of rows.

use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::actors::Actor;
use crate::support::gateway::Gateway;

on_both_databases![
    both_apis_return_the_same_lists,
    the_number_of_statements_does_not_grow_with_rows
];

/// The ids of a root connection.
async fn ids(actor: &Actor, field: &str, arguments: &str) -> Vec<i64> {
    let document = format!("{{ {field}(first: 100{arguments}) {{ nodes {{ id }} totalCount }} }}");
    let body = actor.gql(&document, json!({})).await.json();
    let list = &body["data"][field];
    let nodes = list["nodes"]
        .as_array()
        .unwrap_or_else(|| panic!("{document}: {body}"));
    assert_eq!(list["totalCount"], nodes.len());
    nodes
        .iter()
        .map(|node| node["id"].as_str().expect("an id").parse().expect("a number"))
        .collect()
}

async fn both_apis_return_the_same_lists(gateway: Gateway) {
    let root = &gateway.root;
    let names = ["Água", "ÁGUA 100%", "banana", "Banana", "apple_pie", "Zebra"];
    for name in names {
        for kind in [Kind::Brand, Kind::Category, Kind::Supplier] {
            root.make(kind, json!({ "name": name })).await;
            gateway.advance_clock(1);
        }
    }
    for (index, title) in names.iter().cycle().take(20).enumerate() {
        let price = ["9", "10", "100", "99.99"][index % 4];
        let product = json!({
            "title": title, "brand": 1 + index % 6, "category": 1 + index % 4, "cost_price": 100 - index,
            "selling_price": price, "quantity": index % 3,
            "serie_number": if index % 5 == 0 { Value::Null } else { json!(format!("SN{index}")) },
        });
        root.make(Kind::Product, product).await;
        gateway.advance_clock(1);
    }
    for (collection, parameters, arguments) in [
        ("brands", "", ""),
        ("suppliers", "", ""),
        ("categories", "search=%C3%A1GUA", ", search: \"áGUA\""),
        ("brands", "search=%25", ", search: \"%\""),
        ("brands", "search=e_p", ", search: \"e_p\""),
        (
            "brands",
            "ordering=-name",
            ", orderBy: [{ field: NAME, direction: DESC }]",
        ),
        (
            "brands",
            "ordering=-created_at",
            ", orderBy: [{ field: CREATED_AT, direction: DESC }]",
        ),
        ("products", "", ""),
        ("products", "search=BANANA", ", search: \"BANANA\""),
        (
            "products",
            "brand=2",
            ", filter: { brand: { id: { eq: \"2\" } } }",
        ),
        (
            "products",
            "brand=999",
            ", filter: { brand: { id: { eq: \"999\" } } }",
        ),
        (
            "products",
            "category=1&min_price=9.5",
            ", filter: { category: { id: { eq: \"1\" } }, sellingPrice: { gte: \"9.5\" } }",
        ),
        (
            "products",
            "max_price=99.99",
            ", filter: { sellingPrice: { lte: \"99.99\" } }",
        ),
        (
            "products",
            "ordering=-selling_price",
            ", orderBy: [{ field: SELLING_PRICE, direction: DESC }]",
        ),
        (
            "products",
            "ordering=serie_number",
            ", orderBy: [{ field: SERIE_NUMBER }]",
        ),
        (
            "products",
            "ordering=-serie_number",
            ", orderBy: [{ field: SERIE_NUMBER, direction: DESC }]",
        ),
        (
            "products",
            "ordering=quantity,-cost_price",
            ", orderBy: [{ field: QUANTITY }, { field: COST_PRICE, direction: DESC }]",
        ),
    ] {
        let separator = if parameters.is_empty() { "" } else { "&" };
        let rest = gateway
            .viewer
            .get(&format!("{collection}/?page_size=100{separator}{parameters}"))
            .await
            .ids();
        assert_eq!(
            ids(&gateway.viewer, collection, arguments).await,
            rest,
            "{collection} {parameters}"
        );
    }
}

/// Creates products with the numbers `from` to `to`, each with its own brand, in ten categories.
async fn fill(gateway: &Gateway, from: usize, to: usize) {
    for number in from..=to {
        gateway
            .root
            .make(Kind::Brand, json!({ "name": format!("Brand {number}") }))
            .await;
    }
    let items: Vec<Value> = (from..=to)
        .map(|number| {
            json!({
                "title": format!("Product {number}"), "brandId": number.to_string(), "costPrice": "1", "sellingPrice": "2",
                "categoryId": (1 + number % 10).to_string(),
            })
        })
        .collect();
    for items in items.chunks(100) {
        let document = "mutation($input: CreateProductsInput!) { createProducts(input: $input) { products { id } userErrors { message } } }";
        let body = gateway
            .root
            .gql(document, json!({ "input": { "items": items } }))
            .await
            .json();
        assert_eq!(body["data"]["createProducts"]["userErrors"], json!([]), "{body}");
    }
}

async fn the_number_of_statements_does_not_grow_with_rows(gateway: Gateway) {
    for number in 1..=10 {
        gateway
            .root
            .make(Kind::Category, json!({ "name": format!("Category {number}") }))
            .await;
    }
    let flat = "{ products(first: 100) { nodes { title category { name } brand { name } } totalCount } }";
    let nested = "{ categories(first: 10) { nodes { name products(first: 100) { totalCount nodes { title brand { name } category { name } } } } } }";
    let products = |body: &Value| body.to_string().matches("\"title\"").count();
    let mut counts = Vec::new();
    for (from, to) in [(1, 10), (11, 100), (101, 1_000)] {
        fill(&gateway, from, to).await;
        // The user is cached from the first request on.
        gateway.viewer.gql(flat, json!({})).await.expect(200);
        gateway.invalidate_labels().await;
        let (flat_count, response) = gateway
            .count_statements(gateway.viewer.gql(flat, json!({})))
            .await;
        assert_eq!(products(&response.json()), to.min(100), "{}", response.text);
        gateway.invalidate_labels().await;
        let (nested_count, response) = gateway
            .count_statements(gateway.viewer.gql(nested, json!({})))
            .await;
        assert_eq!(products(&response.json()), to, "{}", response.text);
        counts.push((flat_count, nested_count));
    }
    // The flat list: user, page, count and two relations. The nested one: user, categories, their products and counts, and
    // two relations.
    assert!(counts[0].0 <= 5 && counts[0].1 <= 6, "{counts:?}");
    assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
}
