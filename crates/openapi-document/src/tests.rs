//! Tests on a small API of books.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Completeness, ErrorExample, Schemas, error_references, error_response, response, responses};

/// A decimal number.
#[derive(Serialize, JsonSchema)]
struct Weight(String);

/// A reference to an author.
#[derive(Serialize, JsonSchema)]
struct AuthorReference {
    id: i64,
}

#[derive(Serialize, JsonSchema)]
struct Book {
    #[schemars(extend("readOnly" = true))]
    id: i64,
    title: String,
    subtitle: Option<String>,
    #[schemars(range(min = 1), extend("default" = 1))]
    pages: i64,
    author: AuthorReference,
    weight: Weight,
}

#[derive(Serialize, JsonSchema)]
struct Page<T> {
    count: u64,
    results: Vec<T>,
}

fn schemas() -> Schemas {
    Schemas::new(|name| (name == "Weight").then_some("WeightInput"))
}

#[test]
fn bodies_are_derived_from_views() {
    let mut schemas = schemas();
    schemas.body::<Book>("NewBook", "A new book.", Completeness::Complete);
    schemas.body::<Book>("BookChanges", "Changes.", Completeness::Partial);
    let schemas = schemas.finish();
    let new = &schemas["NewBook"];
    assert_eq!(new["required"], json!(["title", "author", "weight"]));
    assert_eq!(new["properties"].get("id"), None);
    assert_eq!(
        new["properties"]["pages"]["oneOf"],
        json!([
            { "type": "integer", "format": "int64", "minimum": 1 },
            { "type": "string", "pattern": "^0*[1-9][0-9]*$" },
        ])
    );
    assert_eq!(new["properties"]["pages"]["default"], 1);
    assert_eq!(
        new["properties"]["author"]["$ref"],
        "#/components/schemas/ReferenceInput"
    );
    assert_eq!(
        new["properties"]["weight"]["$ref"],
        "#/components/schemas/WeightInput"
    );
    let changes = &schemas["BookChanges"];
    assert_eq!(changes.get("required"), None);
    assert_eq!(changes["properties"]["pages"].get("default"), None);
}

#[test]
fn pages_list_their_items_and_faults_every_field() {
    let mut schemas = schemas();
    let book = schemas.view::<Book>("Book", "A book.");
    schemas.page::<Page<Value>>("BookPage", "A page of books.", book);
    schemas.faults::<Book>("BookFaults");
    let schemas = schemas.finish();
    let names: Vec<&String> = schemas.as_object().expect("an object").keys().collect();
    assert!(names.is_sorted(), "{names:?}");
    assert_eq!(
        schemas["BookPage"]["properties"]["results"]["items"],
        json!({ "$ref": "#/components/schemas/Book" })
    );
    let faults = schemas["BookFaults"]["properties"]
        .as_object()
        .expect("an object");
    let faults: Vec<&String> = faults.keys().collect();
    assert_eq!(
        faults,
        [
            "title",
            "subtitle",
            "pages",
            "author",
            "weight",
            "non_field_errors"
        ]
    );
}

fn example(name: &'static str, body: Value, header: Option<&str>) -> ErrorExample {
    ErrorExample {
        name,
        body,
        header: header.map(str::to_owned),
    }
}

#[test]
fn errors_are_described_by_their_examples() {
    let error = |code: &str| json!({ "error": { "code": code, "message": "…", "details": {} } });
    let examples = [
        example("busy", error("BUSY"), Some("retry-after")),
        example("closed", error("CLOSED"), None),
        example("busy_too", error("BUSY"), None),
    ];
    let described = error_response("Not now.", &examples, &json!({ "type": "object" }));
    assert_eq!(
        described["headers"],
        json!({ "Retry-After": { "$ref": "#/components/headers/Optional-Retry-After" } })
    );
    let content = &described["content"]["application/json"];
    let code = "/schema/properties/error/properties/code/enum";
    assert_eq!(content.pointer(code), Some(&json!(["BUSY", "CLOSED"])));
    assert_eq!(content["examples"]["closed"]["value"], error("CLOSED"));
}

#[test]
fn details_have_the_form_of_django_rest_framework() {
    let body = json!({ "detail": "No token.", "code": "token_not_valid" });
    let examples = [example("missing", body, Some("www-authenticate"))];
    let described = error_response("No login.", &examples, &json!({}));
    assert_eq!(
        described["headers"],
        json!({ "WWW-Authenticate": { "$ref": "#/components/headers/WWW-Authenticate" } })
    );
    let properties = &described["content"]["application/json"]["schema"]["properties"];
    assert_eq!(properties["detail"]["enum"], json!(["No token."]));
    assert_eq!(properties["code"]["enum"], json!(["token_not_valid"]));
}

#[test]
fn responses_are_sorted_by_status() {
    let errors = error_references([(404, "NotFound".to_owned()), (400, "Invalid".to_owned())]);
    let success = response("The book.", &json!({}), &json!({}), &["ETag"]);
    let all = responses("200", success, errors);
    let statuses: Vec<&String> = all.as_object().expect("an object").keys().collect();
    assert_eq!(statuses, ["200", "400", "404"]);
    assert_eq!(all["404"], json!({ "$ref": "#/components/responses/NotFound" }));
    assert_eq!(
        all["200"]["headers"]["ETag"],
        json!({ "$ref": "#/components/headers/ETag" })
    );
}
