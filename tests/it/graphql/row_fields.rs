//! Lists read only the columns that the selected fields need: each field has the same value alone as in the whole row.

use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;

on_both_databases![fields_of_lists_have_their_values_alone];

/// The fields without arguments of an object type, each with a selection of the object that it refers to.
async fn fields(gateway: &Gateway, ty: &str) -> Vec<String> {
    let document = format!(
        "{{ __type(name: \"{ty}\") {{ fields {{ name args {{ name }} type {{ kind ofType {{ kind }} }} }} }} }}"
    );
    let data = gateway.viewer.data(&document, json!({})).await;
    let fields = data["__type"]["fields"].as_array().expect("fields");
    let without_arguments = fields.iter().filter(|field| field["args"] == json!([]));
    without_arguments
        .map(|field| {
            let name = field["name"].as_str().expect("a name");
            let is_object = field["type"]["kind"] == "OBJECT" || field["type"]["ofType"]["kind"] == "OBJECT";
            let selection = if is_object { " { id name: __typename }" } else { "" };
            format!("{name}{selection}")
        })
        .collect()
}

async fn fields_of_lists_have_their_values_alone(gateway: Gateway) {
    let root = &gateway.root;
    for kind in [Kind::Brand, Kind::Category, Kind::Supplier] {
        root.make(kind, json!({ "name": "N", "description": "d" })).await;
    }
    // No field has the value that an unread column would give it.
    let product = root
        .make(
            Kind::Product,
            json!({ "title": "Bolts", "brand": 1, "category": 1, "description": "M8", "serie_number": "S-1",
                "cost_price": "1.25", "selling_price": "2.50", "quantity": 900 }),
        )
        .await;
    gateway.advance_clock(60);
    root.make(
        Kind::Inflow,
        json!({ "supplier": 1, "product": product, "quantity": 7, "description": "in" }),
    )
    .await;
    gateway.advance_clock(60);
    root.make(
        Kind::Outflow,
        json!({ "product": product, "quantity": 3, "description": "out" }),
    )
    .await;
    for (ty, one, lists) in [
        ("Product", "product", ["products", "brand(id: 1) { products"]),
        ("Inflow", "inflow", ["inflows", "product(id: 1) { inflows"]),
        ("Outflow", "outflow", ["outflows", "product(id: 1) { outflows"]),
    ] {
        let fields = fields(&gateway, ty).await;
        assert!(fields.len() >= 7, "{fields:?}");
        let document = format!("{{ {one}(id: 1) {{ {} }} }}", fields.join(" "));
        let row = gateway.viewer.data(&document, json!({})).await[one].clone();
        for list in lists {
            let end = "}".repeat(list.matches('{').count());
            let path = list
                .split(" { ")
                .map(|field| field.split('(').next().unwrap_or_default());
            for field in &fields {
                for selection in [
                    format!("nodes {{ {field} }}"),
                    format!("edges {{ node {{ {field} }} }}"),
                    format!("... {{ nodes {{ ... {{ {field} }} }} }}"),
                    format!("nodes {{ id }} more: nodes {{ {field} }}"),
                ] {
                    let document = format!("{{ {list} {{ {selection} }} {end} }}");
                    let data = gateway.viewer.data(&document, json!({})).await;
                    let page = path.clone().fold(&data, |data, field| &data[field]);
                    let node = match page {
                        page if page["more"].is_array() => &page["more"][0],
                        page if page["edges"].is_array() => &page["edges"][0]["node"],
                        page => &page["nodes"][0],
                    };
                    let name = field.split(' ').next().unwrap_or_default();
                    assert_eq!(node[name], row[name], "{document}");
                    assert_ne!(node[name], Value::Null, "{document}");
                }
            }
        }
    }
}
