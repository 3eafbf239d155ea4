//! Every example of the documented API, byte by byte: keys, their order, and values.
//!
//! `src/rest/openapi/examples.json` has the examples. The tests create the objects of the examples at the times of the
//! examples, with the documented address in links. Responses are compared exactly, except for the whitespace of the
//! examples. The example of a list contains only its first result.

use std::sync::LazyLock;

use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::gateway::{Gateway, at};
use crate::support::response::{Response, compact};
use crate::support::test_database::PASSWORD;

on_both_databases![
    token_examples_match,
    brand_examples_match,
    brand_list_matches,
    category_examples_match,
    category_list_matches,
    supplier_examples_match,
    supplier_list_matches,
    error_examples_match,
    page_examples_match,
    curl_examples_match,
];

/// A documented example, formatted.
pub fn example(name: &str) -> String {
    static EXAMPLES: LazyLock<Value> =
        LazyLock::new(|| value(include_str!("../../../src/rest/openapi/examples.json")));
    let example = EXAMPLES
        .get(name)
        .unwrap_or_else(|| panic!("there is no example {name}"));
    format!("{example:#}")
}

/// The value of an example.
pub fn value(example: &str) -> Value {
    serde_json::from_str(example).expect("an example")
}

impl Response {
    /// Asserts that a response equals this example.
    #[track_caller]
    pub fn assert_example(&self, status: u16, example: &str) {
        self.expect_body(status, &compact(example));
    }

    /// Asserts that a list starts with the single result of this example.
    #[track_caller]
    pub fn assert_list_example(&self, example: &str) {
        let example = compact(example);
        let beginning = example.strip_suffix("]}").expect("a list");
        assert_eq!(self.status, 200, "{}", self.text);
        assert_eq!(self.text.get(..beginning.len()), Some(beginning), "{}", self.text);
    }
}

/// The same gateway at another time, under the documented address, with fresh tokens.
pub async fn at_time(gateway: Gateway, time: &str) -> Gateway {
    gateway
        .restart_at(&["--public-url", "http://localhost:8000"], at(time))
        .await
}

async fn token_examples_match(gateway: Gateway) {
    let response = gateway
        .anon
        .post("authentication/token/", value(&example("token-request")))
        .await;
    assert_eq!(value(&example("token-request"))["password"], PASSWORD);
    let pair = response.expect(200);
    let (access, refresh) = (
        pair["access"].as_str().unwrap(),
        pair["refresh"].as_str().unwrap(),
    );
    assert_eq!(
        response.text,
        format!(r#"{{"access":"{access}","refresh":"{refresh}"}}"#)
    );
    let beginning = value(&example("token-response"))["access"]
        .as_str()
        .unwrap()
        .replace("...", "");
    assert!(access.starts_with(&format!("{beginning}.")) && refresh.starts_with(&format!("{beginning}.")));

    // "Authorization: Bearer <access_token>"
    gateway.with_token(access).get("brands/").await.expect(200);

    let mut request = value(&example("refresh-request"));
    request["refresh"] = refresh.into();
    let response = gateway.anon.post("authentication/token/refresh/", request).await;
    let access = response.expect(200)["access"].as_str().unwrap().to_owned();
    assert_eq!(response.text, format!(r#"{{"access":"{access}"}}"#));
    assert!(access.starts_with(&beginning));
    gateway.with_token(&access).get("brands/").await.expect(200);

    let mut request = value(&example("verify-request"));
    gateway
        .anon
        .post("authentication/token/verify/", request.clone())
        .await
        .expect(401);
    request["token"] = access.into();
    gateway
        .anon
        .post("authentication/token/verify/", request)
        .await
        .expect_body(200, "{}");
}

async fn brand_examples_match(gateway: Gateway) {
    let samsung = json!({ "name": "Samsung", "description": "Electronics brand" });
    assert_eq!(gateway.root.make(Kind::Brand, samsung).await, 1);
    let gateway = at_time(gateway, "2024-01-16T14:20:00Z").await;
    gateway
        .root
        .post("brands/", value(&example("brand-create")))
        .await
        .assert_example(201, &example("brand-created"));
    gateway
        .root
        .get("brands/1/")
        .await
        .assert_example(200, &example("brand-one"));
    let gateway = at_time(gateway, "2024-01-16T15:00:00Z").await;
    gateway
        .root
        .put("brands/1/", value(&example("brand-update")))
        .await
        .assert_example(200, &example("brand-updated"));
    gateway
        .root
        .patch("brands/1/", value(&example("brand-update")))
        .await
        .assert_example(200, &example("brand-updated"));
    gateway.root.delete("brands/1/").await.expect_body(204, "");
    gateway
        .root
        .get("brands/1/")
        .await
        .assert_example(404, &example("error-404"));
}

/// Creates the object of the example, and further ones that come after it in the order of the list, up to the count of
/// the example.
async fn create_labels(gateway: &Gateway, kind: Kind, example: &str) {
    let list = value(example);
    let first =
        json!({ "name": list["results"][0]["name"], "description": list["results"][0]["description"] });
    assert_eq!(gateway.root.make(kind, first).await, 1);
    for number in 2..=list["count"].as_i64().unwrap() {
        gateway
            .root
            .make(kind, json!({ "name": format!("Zebra {number}") }))
            .await;
    }
}

async fn brand_list_matches(gateway: Gateway) {
    let gateway = at_time(gateway, "2024-01-15T10:30:00Z").await;
    create_labels(&gateway, Kind::Brand, &example("brand-list")).await;
    gateway
        .viewer
        .get("brands/")
        .await
        .assert_list_example(&example("brand-list"));
    assert_eq!(gateway.viewer.get("brands/").await.ids().len(), 10);
}

async fn category_examples_match(gateway: Gateway) {
    let gateway = at_time(gateway, "2024-01-10T08:00:00Z").await;
    let electronics = json!({ "name": "Electronics", "description": "Electronic devices and accessories" });
    assert_eq!(gateway.root.make(Kind::Category, electronics).await, 1);
    let gateway = at_time(gateway, "2024-01-16T14:30:00Z").await;
    let created = gateway
        .root
        .post("categories/", value(&example("category-create")))
        .await;
    created.assert_example(201, &example("category-created"));
    gateway
        .root
        .get("categories/1/")
        .await
        .assert_example(200, &example("category-one"));
    // This response is not documented; it has the shape of the others.
    let updated = r#"{
        "id": 1,
        "name": "Consumer Electronics",
        "description": "Updated description",
        "created_at": "2024-01-10T08:00:00Z",
        "updated_at": "2024-01-16T14:30:00Z"
    }"#;
    gateway
        .root
        .patch("categories/1/", value(&example("category-update")))
        .await
        .assert_example(200, updated);
    gateway
        .root
        .put("categories/1/", value(&example("category-update")))
        .await
        .assert_example(200, updated);
    gateway.root.delete("categories/1/").await.expect_body(204, "");
}

async fn category_list_matches(gateway: Gateway) {
    let gateway = at_time(gateway, "2024-01-10T08:00:00Z").await;
    create_labels(&gateway, Kind::Category, &example("category-list")).await;
    // A count of 30 without a next page requires a page size of at least 30.
    gateway
        .viewer
        .get("categories/?page_size=30")
        .await
        .assert_list_example(&example("category-list"));
}

async fn supplier_examples_match(gateway: Gateway) {
    let gateway = at_time(gateway, "2024-01-05T09:00:00Z").await;
    let tech = json!({ "name": "Tech Distributors Inc.", "description": "Main electronics distributor" });
    assert_eq!(gateway.root.make(Kind::Supplier, tech).await, 1);
    let gateway = at_time(gateway, "2024-01-16T14:45:00Z").await;
    let created = gateway
        .root
        .post("suppliers/", value(&example("supplier-create")))
        .await;
    created.assert_example(201, &example("supplier-created"));
    let one = value(&example("supplier-list"))["results"][0].clone();
    gateway.root.get("suppliers/1/").await.expect_json(200, &one);
    let mut updated = one;
    updated["name"] = "Tech Distributors Ltd.".into();
    updated["updated_at"] = "2024-01-16T14:45:00Z".into();
    gateway
        .root
        .patch("suppliers/1/", json!({ "name": "Tech Distributors Ltd." }))
        .await
        .expect_json(200, &updated);
    gateway
        .root
        .put("suppliers/1/", json!({ "name": "Tech Distributors Ltd." }))
        .await
        .expect_json(200, &updated);
    gateway.root.delete("suppliers/1/").await.expect_body(204, "");
}

async fn supplier_list_matches(gateway: Gateway) {
    let gateway = at_time(gateway, "2024-01-05T09:00:00Z").await;
    create_labels(&gateway, Kind::Supplier, &example("supplier-list")).await;
    gateway
        .viewer
        .get("suppliers/?page_size=25")
        .await
        .assert_list_example(&example("supplier-list"));
}

/// Creates the first documented product, as of 14:30 on the 15th, and the objects it refers to.
pub async fn create_samsung_galaxy(gateway: Gateway) -> Gateway {
    let gateway = at_time(gateway, "2024-01-10T10:00:00Z").await;
    assert_eq!(
        gateway
            .root
            .make(Kind::Category, json!({ "name": "Electronics" }))
            .await,
        1
    );
    assert_eq!(
        gateway.root.make(Kind::Brand, json!({ "name": "Samsung" })).await,
        1
    );
    assert_eq!(
        gateway.root.make(Kind::Brand, json!({ "name": "Apple" })).await,
        2
    );
    assert_eq!(
        gateway
            .root
            .make(Kind::Supplier, json!({ "name": "Tech Distributors Inc." }))
            .await,
        1
    );
    let galaxy = json!({
        "title": "Samsung Galaxy S23", "category": 1, "brand": 1, "serie_number": "SN123456789",
        "cost_price": "500.00", "selling_price": "749.99", "quantity": 50,
    });
    assert_eq!(gateway.root.make(Kind::Product, galaxy).await, 1);
    let gateway = at_time(gateway, "2024-01-15T14:30:00Z").await;
    let changes = json!({ "description": "Latest flagship smartphone", "selling_price": "799.99" });
    gateway.root.patch("products/1/", changes).await.expect(200);
    gateway
}

async fn error_examples_match(gateway: Gateway) {
    gateway
        .anon
        .get("brands/")
        .await
        .assert_example(401, &example("error-401"));
    gateway
        .viewer
        .post("brands/", json!({ "name": "LG" }))
        .await
        .assert_example(403, &example("error-403"));
    gateway
        .viewer
        .get("brands/1/")
        .await
        .assert_example(404, &example("error-404"));
    let brand = gateway.root.make(Kind::Brand, json!({ "name": "Samsung" })).await;
    let category = gateway
        .root
        .make(Kind::Category, json!({ "name": "Electronics" }))
        .await;
    let product = json!({
        "category": category, "brand": brand, "cost_price": "1.00", "selling_price": "123456789012345678901.00",
    });
    gateway
        .root
        .post("products/", product)
        .await
        .assert_example(422, &example("error-422"));

    // The envelope of all other errors has its keys in the documented order.
    let response = gateway.root.delete("brands/").await;
    let error = response.expect(405)["error"].clone();
    let mut envelope = value(&example("error-envelope"));
    envelope["error"]["code"] = "METHOD_NOT_ALLOWED".into();
    envelope["error"]["message"] = error["message"].clone();
    envelope["error"]["details"] = error["details"].clone();
    assert_eq!(response.json(), envelope);
    let positions = ["\"code\"", "\"message\"", "\"details\""].map(|key| response.text.find(key).expect(key));
    assert!(positions.is_sorted(), "{}", response.text);
}

async fn page_examples_match(gateway: Gateway) {
    let gateway = create_samsung_galaxy(gateway).await;
    for number in 2..=100 {
        let product = json!({
            "title": format!("Zebra {number:03}"), "category": 1, "brand": 2, "cost_price": 1, "selling_price": 2,
        });
        gateway.manager.make(Kind::Product, product).await;
    }
    let first = gateway.viewer.get("products/").await;
    let beginning =
        r#"{"count":100,"next":"http://localhost:8000/api/v1/products/?page=2","previous":null,"results":["#;
    assert!(first.text.starts_with(beginning), "{}", first.text);
    assert_eq!(first.ids(), (1..=10).collect::<Vec<_>>());
    let second = gateway.viewer.get("products/?page=2").await;
    assert_eq!(second.ids(), (11..=20).collect::<Vec<_>>());
    assert_eq!(
        second.json()["previous"],
        "http://localhost:8000/api/v1/products/"
    );
    let larger = gateway.viewer.get("products/?page=2&page_size=25").await;
    assert_eq!(larger.ids(), (26..=50).collect::<Vec<_>>());
}

async fn curl_examples_match(gateway: Gateway) {
    let gateway = create_samsung_galaxy(gateway).await;
    let system = gateway.system();
    stockroom::resolvers::account::set_password(&system, "admin".into(), "password".into())
        .await
        .unwrap();
    let post = reqwest::Method::POST;
    let login = r#"{"username":"admin","password":"password"}"#;
    let pair = gateway
        .anon
        .raw(post.clone(), "authentication/token/", login)
        .await
        .expect(200);
    let admin = gateway.with_token(pair["access"].as_str().unwrap());
    assert_eq!(
        admin.get("products/").await.texts("title"),
        ["Samsung Galaxy S23"]
    );
    let product = r#"{
        "title": "New Product",
        "category": 1,
        "brand": 1,
        "cost_price": "10.00",
        "selling_price": "20.00",
        "quantity": 100
    }"#;
    let created = admin.raw(post, "products/", product).await.expect(201);
    assert_eq!(
        (&created["id"], &created["title"], &created["quantity"]),
        (&2.into(), &"New Product".into(), &100.into())
    );
}
