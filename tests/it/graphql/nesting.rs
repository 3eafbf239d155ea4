//! Nested connections: pages per parent, relations in both directions, inflows and outflows as one list.

use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;
use crate::support::graphql_request::id;

on_both_databases![
    nested_pages_equal_those_of_their_parent,
    relations_resolve_in_both_directions,
    inflows_and_outflows_form_one_list,
];

/// Three brands with zero, one and four products.
async fn fill(gateway: &Gateway) {
    let root = &gateway.root;
    root.make(Kind::Category, json!({ "name": "C" })).await;
    for name in ["None", "One", "Four"] {
        root.make(Kind::Brand, json!({ "name": name })).await;
    }
    for (brand, title, quantity) in [(3, "d", 1), (2, "x", 9), (3, "a", 2), (3, "c", 1), (3, "b", 3)] {
        let product = json!({ "title": title, "brand": brand, "category": 1, "cost_price": 1, "selling_price": 2, "quantity": quantity });
        root.make(Kind::Product, product).await;
    }
}

async fn nested_pages_equal_those_of_their_parent(gateway: Gateway) {
    fill(&gateway).await;
    for arguments in [
        "",
        "(first: 2)",
        "(last: 3)",
        "(first: 2, offset: 1)",
        "(last: 1, offset: 2)",
        "(first: 0)",
        "(first: 3, orderBy: [{ field: QUANTITY }, { field: TITLE, direction: DESC }])",
        "(filter: { quantity: { lt: 3 } }, last: 2)",
        "(search: \"A\")",
    ] {
        let page =
            "nodes { id title } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }";
        let document = format!(
            "{{ brands(orderBy: {{ field: ID }}) {{ nodes {{ id products{arguments} {{ {page} }} }} }} }}"
        );
        let nested = gateway.viewer.data(&document, json!({})).await;
        for brand in nested["brands"]["nodes"].as_array().unwrap() {
            // The same list, read for this parent alone.
            let document = format!(
                "{{ brand(id: {}) {{ products{arguments} {{ {page} }} }} }}",
                brand["id"]
            );
            let single = gateway.viewer.data(&document, json!({})).await;
            assert_eq!(single["brand"]["products"], brand["products"], "{arguments}");
        }
    }
    let (brand, page) = (
        "brand(id: 3)",
        "nodes { title } pageInfo { startCursor endCursor }",
    );
    let document = format!("{{ {brand} {{ products(first: 2) {{ {page} }} }} }}");
    let first = gateway.viewer.data(&document, json!({})).await["brand"]["products"].clone();
    assert_eq!(first["nodes"], json!([{ "title": "a" }, { "title": "b" }]));
    let document = format!(
        "{{ {brand} {{ products(first: 2, after: {}) {{ {page} }} back: products(last: 1, before: {}) {{ {page} }} }} }}",
        first["pageInfo"]["endCursor"], first["pageInfo"]["endCursor"]
    );
    let data = gateway.viewer.data(&document, json!({})).await;
    assert_eq!(
        data["brand"]["products"]["nodes"],
        json!([{ "title": "c" }, { "title": "d" }])
    );
    assert_eq!(data["brand"]["back"]["nodes"], json!([{ "title": "a" }]));
}

async fn relations_resolve_in_both_directions(gateway: Gateway) {
    fill(&gateway).await;
    let root = &gateway.root;
    let supplier = root.make(Kind::Supplier, json!({ "name": "S" })).await;
    for product in [1, 2, 1] {
        root.make(
            Kind::Inflow,
            json!({ "supplier": supplier, "product": product, "quantity": 5 }),
        )
        .await;
        root.make(Kind::Outflow, json!({ "product": product, "quantity": 1 }))
            .await;
    }
    let document =
        "{ supplier(id: 1) { inflows { totalCount nodes { id supplier { name } product { id brand { name
        products(first: 1) { nodes { title } } } category { name products(last: 1) { nodes { title } } }
        inflows { nodes { id } } outflows(first: 1) { totalCount nodes { id product { id } } } } } } } }";
    let data = gateway.viewer.data(document, json!({})).await;
    let product = |id: &str, brand: &str, first: &str, inflows: Value, outflows: i64, last: &str| {
        json!({
            "id": id,
            "brand": { "name": brand, "products": { "nodes": [{ "title": first }] } },
            "category": { "name": "C", "products": { "nodes": [{ "title": "x" }] } },
            "inflows": { "nodes": inflows },
            "outflows": { "totalCount": outflows, "nodes": [{ "id": last, "product": { "id": id } }] },
        })
    };
    let one = product("1", "Four", "a", json!([{ "id": "3" }, { "id": "1" }]), 2, "3");
    let two = product("2", "One", "x", json!([{ "id": "2" }]), 1, "2");
    let inflow =
        |id: &str, product: &Value| json!({ "id": id, "supplier": { "name": "S" }, "product": product });
    assert_eq!(
        data["supplier"]["inflows"],
        json!({ "totalCount": 3, "nodes": [inflow("3", &one), inflow("2", &two), inflow("1", &one)] })
    );
}

async fn inflows_and_outflows_form_one_list(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 10).await;
    let supplier = gateway.root.make(Kind::Supplier, json!({ "name": "S" })).await;
    for step in 0..3 {
        gateway.advance_clock(1);
        let inflow = json!({ "supplier": supplier, "product": product, "quantity": 10 + step });
        gateway.root.make(Kind::Inflow, inflow).await;
        // The third pair has equal times.
        gateway.advance_clock(u64::from(step < 2));
        gateway
            .root
            .make(Kind::Outflow, json!({ "product": product, "quantity": 1 + step }))
            .await;
    }
    let page = "totalCount pageInfo { hasNextPage hasPreviousPage endCursor } nodes { __typename id quantity product { title }
        ... on Inflow { supplier { name } } }";
    let document = format!(
        "{{ product(id: {product}) {{ all: movements {{ {page} }} first: movements(first: 4) {{ {page} }}
        last: movements(last: 2) {{ {page} }} second: movements(first: 2, offset: 2) {{ {page} }} }} }}"
    );
    let data = gateway.viewer.data(&document, json!({})).await["product"].clone();
    let all = data["all"]["nodes"].as_array().unwrap().clone();
    let quantities: Vec<i64> = all
        .iter()
        .map(|node| node["quantity"].as_i64().unwrap())
        .collect();
    assert_eq!(quantities[2..], [2, 11, 1, 10]);
    assert_eq!(
        quantities[..2].iter().sum::<i64>(),
        3 + 12,
        "the pair with equal times"
    );
    for node in &all {
        assert_eq!(node["product"]["title"], "Bolts");
        let is_inflow = node["quantity"].as_i64() >= Some(10);
        assert_eq!(node["__typename"], if is_inflow { "Inflow" } else { "Outflow" });
        assert_eq!(
            node["supplier"]["name"],
            if is_inflow { json!("S") } else { Value::Null }
        );
        assert!(id(node) > 0);
    }
    assert_eq!(data["first"]["nodes"], json!(all[..4]));
    assert_eq!(data["last"]["nodes"], json!(all[4..]));
    assert_eq!(data["second"]["nodes"], json!(all[2..4]));
    assert_eq!(
        (&data["all"]["totalCount"], &data["last"]["totalCount"]),
        (&json!(6), &json!(6))
    );
    let document = format!(
        "{{ product(id: {product}) {{ movements(first: 5, after: {}) {{ {page} }} }} }}",
        data["first"]["pageInfo"]["endCursor"]
    );
    let rest = gateway.viewer.data(&document, json!({})).await;
    assert_eq!(rest["product"]["movements"]["nodes"], json!(all[4..]));
}
