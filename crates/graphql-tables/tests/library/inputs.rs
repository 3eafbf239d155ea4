//! Inputs of mutations, and values of scalars.

use async_graphql::Value;
use serde_json::json;

use crate::Library;

#[tokio::test(flavor = "multi_thread")]
async fn inputs_fill_drafts() {
    let library = Library::new().await;
    let create = async |input: &str| {
        let response = library
            .execute(&format!("mutation {{ create(input: {input}) }}"))
            .await;
        response["data"]["create"].as_str().map(str::to_owned)
    };
    assert_eq!(
        create(r#"{authorId: "1", price: 9.5, pages: null}"#)
            .await
            .unwrap(),
        r#"Draft { texts: Texts([("title", Absent)]), author_id: Set(1), price: Set("9.5"), pages: Null, faults: [] }"#
    );
    let draft = create(r#"{title: "Dune", authorId: "x", price: 12345678901234567890}"#)
        .await
        .unwrap();
    for part in [
        r#"("title", Set("Dune"))"#,
        "author_id: Unreadable, price: Unreadable, pages: Absent",
        r#"field: "author_id", item: None, code: NotFound"#,
        r#"field: "price", item: None, code: OutOfRange"#,
    ] {
        assert!(draft.contains(part), "{part} is not in {draft}");
    }
    assert_eq!(create(r#"{authorId: "1"}"#).await, None, "a price is required");
    let response = library
        .execute(
            r#"mutation { update(input: {id: "7", expectedVersion: 3, pages: 5}) delete(input: {id: "8"}) }"#,
        )
        .await;
    assert_eq!(
        response["data"],
        json!({
            "update": r#"(ID("7"), Some(3), Draft { texts: Texts([("title", Absent)]), author_id: Absent, price: Absent, pages: Set(5), faults: [] })"#,
            "delete": "8",
        })
    );
}

#[test]
fn only_values_of_a_scalar_are_valid() {
    let text = |text: &str| Value::from(text);
    for (name, value, valid) in [
        ("Decimal", text("x"), true),
        ("Decimal", Value::from(true), false),
        ("Date", text("2024-02-29"), true),
        ("Date", text("2023-02-29"), false),
        ("DateTime", text("2024-01-15"), false),
        ("Other", Value::Null, true),
    ] {
        assert_eq!(
            graphql_tables::is_valid_scalar(name, &value),
            valid,
            "{name} {value}"
        );
    }
}
