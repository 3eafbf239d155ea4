//! The order of lists: every column of every collection, in both directions, the same on every database.

use std::cmp::Ordering;

use ::entity::fold;
use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::actors::Actor;
use crate::support::gateway::Gateway;
use crate::support::samples::{LABELS, MOVEMENTS, list};

on_both_databases![repeated_ordering_parameters_are_joined];

on_both_databases_and_apis![
    labels_order_by_every_column,
    products_order_by_every_column,
    movements_order_by_every_column,
    lists_have_default_orders,
    lists_are_ordered_by_several_columns,
    text_order_is_the_same_on_every_database,
    pages_neither_repeat_nor_skip,
];

/// Compares values of a column: strings by their folded form.
fn compare(left: &Value, right: &Value, column: &str) -> Ordering {
    match (left, right) {
        (Value::String(left), Value::String(right)) if column.ends_with("_price") => {
            let cents = |price: &str| price.replace('.', "").parse::<u128>().expect("a price");
            cents(left).cmp(&cents(right))
        }
        (Value::String(left), Value::String(right)) => fold(left).cmp(&fold(right)),
        (left, right) => left
            .as_i64()
            .expect("a number")
            .cmp(&right.as_i64().expect("a number")),
    }
}

/// Asserts the order by each column, ascending and descending, with any page size: ids break ties in the same
/// direction, and rows without a value come last in both.
async fn assert_orders_by(actor: &Actor, kind: Kind, columns: &[&str]) {
    let rows = actor
        .get(&format!("{}?page_size=100", list(kind)))
        .await
        .expect(200);
    let rows = rows["results"].as_array().expect("results").clone();
    for column in columns {
        for descending in [false, true] {
            let mut sorted = rows.clone();
            sorted.sort_by(|left, right| {
                let in_direction = |order: Ordering| if descending { order.reverse() } else { order };
                let values = match (&left[column], &right[column]) {
                    (Value::Null, Value::Null) => Ordering::Equal,
                    (Value::Null, _) => Ordering::Greater,
                    (_, Value::Null) => Ordering::Less,
                    (left, right) => in_direction(compare(left, right, column)),
                };
                values.then_with(|| in_direction(left["id"].as_i64().cmp(&right["id"].as_i64())))
            });
            let expected: Vec<i64> = sorted
                .iter()
                .map(|row| row["id"].as_i64().expect("an id"))
                .collect();
            let sign = if descending { "-" } else { "" };
            let path = format!("{}?ordering={sign}{column}", list(kind));
            assert_eq!(
                actor.get(&format!("{path}&page_size=100")).await.ids(),
                expected,
                "{path}"
            );
            let mut paged = Vec::new();
            for page in 1..=expected.len().div_ceil(4) {
                paged.extend(actor.get(&format!("{path}&page_size=4&page={page}")).await.ids());
            }
            assert_eq!(paged, expected, "{path} in pages");
        }
    }
}

/// Names that differ in letter case, alphabet or length, and equal names.
const NAMES: [&str; 14] = [
    "banana",
    "Banana",
    "apple",
    "Zebra",
    "zebra",
    "_underscore",
    "Ångström",
    "água",
    "ÁGUA",
    "Äpfel",
    "жук",
    "Жук",
    "10",
    "9",
];

async fn labels_order_by_every_column(gateway: Gateway) {
    for kind in LABELS {
        for (index, name) in NAMES.iter().enumerate() {
            let description = if index % 3 == 0 {
                Value::Null
            } else {
                json!(NAMES[13 - index])
            };
            gateway
                .root
                .make(kind, json!({ "name": name, "description": description }))
                .await;
            gateway.advance_clock(u64::from(index % 2 == 0));
        }
        for id in [3, 9, 5] {
            gateway.advance_clock(1);
            gateway
                .root
                .patch(&format!("{}/{id}/", kind.plural()), json!({ "name": "Banana" }))
                .await
                .expect(200);
        }
        assert_orders_by(
            &gateway.viewer,
            kind,
            &["id", "name", "description", "created_at", "updated_at"],
        )
        .await;
    }
}

/// Creates fourteen products with many equal values.
async fn create_products(gateway: &Gateway) {
    let brand = gateway.root.make(Kind::Brand, json!({ "name": "A brand" })).await;
    let category = gateway
        .root
        .make(Kind::Category, json!({ "name": "A category" }))
        .await;
    let prices = [
        "9",
        "10",
        "100",
        "99.99",
        "99.9",
        "0",
        "0.01",
        "12345678901234567890.98",
        "12345678901234567890.99",
        "9",
    ];
    for (index, title) in NAMES.iter().enumerate() {
        let text_or_null = |text: &str| if index % 4 == 1 { Value::Null } else { json!(text) };
        let product = json!({
            "title": title, "brand": brand, "category": category,
            "description": text_or_null(NAMES[13 - index]), "serie_number": text_or_null(&format!("{}{index}", NAMES[(index * 5) % 14])),
            "cost_price": prices[index % 10], "selling_price": prices[(index * 3) % 10], "quantity": (index * 7) % 5,
        });
        gateway.root.make(Kind::Product, product).await;
        gateway.advance_clock(u64::from(index % 3 == 0));
    }
}

async fn products_order_by_every_column(gateway: Gateway) {
    create_products(&gateway).await;
    for id in [2, 7] {
        gateway
            .root
            .patch(&format!("products/{id}/"), json!({ "quantity": 4 }))
            .await
            .expect(200);
    }
    let columns = [
        "id",
        "title",
        "description",
        "serie_number",
        "cost_price",
        "selling_price",
        "quantity",
        "created_at",
        "updated_at",
    ];
    assert_orders_by(&gateway.viewer, Kind::Product, &columns).await;
}

async fn movements_order_by_every_column(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 1000).await;
    let supplier = gateway
        .root
        .make(Kind::Supplier, json!({ "name": "Bolts and Nuts" }))
        .await;
    for kind in MOVEMENTS {
        for (index, name) in NAMES.iter().enumerate() {
            let description = if index % 4 == 2 { Value::Null } else { json!(name) };
            let movement = json!({
                "product": product, "supplier": supplier, "quantity": 1 + (index * 5) % 4, "description": description,
            });
            gateway.root.make(kind, movement).await;
            gateway.advance_clock(u64::from(index % 2 == 0));
        }
        assert_orders_by(
            &gateway.viewer,
            kind,
            &["id", "quantity", "description", "created_at", "updated_at"],
        )
        .await;
    }
}

async fn lists_have_default_orders(gateway: Gateway) {
    create_products(&gateway).await;
    for kind in LABELS {
        for name in ["b", "C", "a", "B", "A"] {
            gateway
                .root
                .make(kind, json!({ "name": format!("The {name}") }))
                .await;
        }
        let names = gateway
            .viewer
            .get(&format!("{}?search=the", list(kind)))
            .await
            .texts("name");
        assert_eq!(names, ["The a", "The A", "The b", "The B", "The C"]);
    }
    let by_title = gateway
        .viewer
        .get("products/?ordering=title&page_size=100")
        .await
        .ids();
    assert_eq!(
        gateway.viewer.get("products/?page_size=100").await.ids(),
        by_title
    );
    // Movements are ordered by time, newest first, and then by descending id.
    let supplier = gateway
        .root
        .make(Kind::Supplier, json!({ "name": "Bolts and Nuts" }))
        .await;
    for kind in MOVEMENTS {
        for _ in 0..3 {
            let movement = json!({ "product": 2, "supplier": supplier, "quantity": 1 });
            gateway.root.make(kind, movement.clone()).await;
            gateway.root.make(kind, movement).await;
            gateway.advance_clock(1);
        }
        assert_eq!(gateway.viewer.get(&list(kind)).await.ids(), [6, 5, 4, 3, 2, 1]);
    }
}

async fn lists_are_ordered_by_several_columns(gateway: Gateway) {
    create_products(&gateway).await;
    let response = gateway
        .viewer
        .get("products/?ordering=-quantity,selling_price,-id&page_size=100")
        .await;
    let rows = response.json();
    let rows: Vec<_> = rows["results"].as_array().unwrap().iter().collect();
    assert_eq!(rows.len(), 14);
    assert!(rows.is_sorted_by(|left, right| {
        let order = compare(&right["quantity"], &left["quantity"], "quantity")
            .then_with(|| compare(&left["selling_price"], &right["selling_price"], "selling_price"))
            .then_with(|| compare(&right["id"], &left["id"], "id"));
        order == Ordering::Less
    }));
    // Spaces and empty items are ignored.
    let with_spaces = gateway
        .viewer
        .get("products/?ordering=-quantity,%20selling_price%20,,-id,&page_size=100")
        .await;
    assert_eq!(with_spaces.ids(), response.ids());
    // Ties are broken in the direction of the last column.
    let ascending = gateway
        .viewer
        .get("products/?ordering=quantity&page_size=100")
        .await
        .ids();
    let mut descending = gateway
        .viewer
        .get("products/?ordering=-quantity&page_size=100")
        .await
        .ids();
    descending.reverse();
    assert_eq!(ascending, descending);
}

async fn text_order_is_the_same_on_every_database(gateway: Gateway) {
    let names = [
        "b", "B", "água", "agua", "AGUA", "a b", "a-b", "ab", "a_b", "ß", "ss", "SS", "é", "z", "Z", "Ω",
        "ω", "水", "🐑", "\u{ffff}", "#", "1",
    ];
    for name in names {
        gateway.root.make(Kind::Brand, json!({ "name": name })).await;
    }
    // The order is that of the code points of the folded form, which equals the order of its UTF-8 bytes, and then of the
    // ids.
    let mut sorted = names.map(|name| (fold(name), name));
    sorted.sort_by(|left, right| left.0.cmp(&right.0));
    let mut sorted = sorted.map(|(_, name)| name);
    let found = gateway.viewer.get("brands/?page_size=100").await.texts("name");
    assert_eq!(found, sorted);
    assert_eq!(found[..8], ["#", "1", "a b", "a-b", "a_b", "ab", "água", "agua"]);
    sorted.reverse();
    let path = "brands/?page_size=100&ordering=-name";
    assert_eq!(gateway.viewer.get(path).await.texts("name"), sorted);
}

async fn pages_neither_repeat_nor_skip(gateway: Gateway) {
    for _ in 0..23 {
        gateway
            .root
            .make(
                Kind::Brand,
                json!({ "name": "The same", "description": "The same" }),
            )
            .await;
    }
    for ordering in ["name", "-name", "description", "created_at", "-updated_at"] {
        let mut ids = Vec::new();
        for page in 1..=5 {
            let path = format!("brands/?ordering={ordering}&page_size=5&page={page}");
            ids.extend(gateway.viewer.get(&path).await.ids());
        }
        if ordering.starts_with('-') {
            ids.reverse();
        }
        assert_eq!(ids, (1..=23).collect::<Vec<_>>(), "{ordering}");
    }
}

/// Generated clients repeat the parameter for each column.
async fn repeated_ordering_parameters_are_joined(gateway: Gateway) {
    create_products(&gateway).await;
    let order = async |query: &str| {
        let path = format!("products/?{query}&page_size=100");
        gateway.viewer.get(&path).await.ids()
    };
    let joined = order("ordering=-quantity,selling_price,-id").await;
    assert_eq!(joined.len(), 14);
    let repeated = order("ordering=-quantity&ordering=selling_price,-id&ordering=").await;
    assert_eq!(repeated, joined);
    let path = "products/?ordering=title&ordering=colour";
    gateway
        .viewer
        .get(path)
        .await
        .expect_error(400, "INVALID_PARAMETER");
}
