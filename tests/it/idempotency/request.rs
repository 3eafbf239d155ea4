//! Requests with a key, for both APIs.

use reqwest::Method;
use sea_orm::{EntityTrait as _, PaginatorTrait as _};
use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::actors::{Actor, send};
use crate::support::gateway::Gateway;
use crate::support::response::Response;
use crate::support::samples::{Sample, list};

/// A `POST` that changes something.
#[derive(Clone, Debug)]
pub struct Request {
    /// Relative to `/api/v1/`, or `/graphql`.
    pub path: String,
    pub body: Value,
}

impl Request {
    pub fn rest(path: &str, body: Value) -> Self {
        Self {
            path: path.to_owned(),
            body,
        }
    }

    pub fn graphql(document: &str) -> Self {
        Self::rest("/graphql", json!({ "query": document }))
    }

    /// Creates an outflow, through both APIs. The GraphQL response contains the product's quantity.
    pub fn outflows(product: i64, quantity: i64) -> [Self; 2] {
        let document = format!(
            "mutation {{ createOutflow(input: {{productId: \"{product}\", quantity: {quantity}}}) {{
                outflow {{ id quantity product {{ title quantity }} }} userErrors {{ code }} }} }}"
        );
        [
            Self::rest("outflows/", json!({ "product": product, "quantity": quantity })),
            Self::graphql(&document),
        ]
    }

    /// A `POST` for every kind, and mutations that create, update and delete.
    pub fn all(sample: &Sample) -> Vec<Self> {
        let mut all: Vec<Self> = Kind::ALL
            .iter()
            .map(|kind| Self::rest(&list(*kind), sample.body(*kind)))
            .collect();
        let (brand, category, supplier, product) =
            (sample.brand, sample.category, sample.supplier, sample.product);
        for document in [
            "mutation { createBrand(input: {name: \"New\"}) { brand { id name createdAt } userErrors { code } } }"
                .to_owned(),
            format!(
                "mutation {{ createProduct(input: {{title: \"New\", brandId: \"{brand}\", categoryId: \"{category}\",
                    costPrice: \"1.50\", sellingPrice: \"2\", quantity: 3}}) {{
                    product {{ id title quantity sellingPrice brand {{ name }} }} userErrors {{ code }} }} }}"
            ),
            format!(
                "mutation {{ createInflow(input: {{productId: \"{product}\", supplierId: \"{supplier}\", quantity: 2}}) {{
                    inflow {{ id supplier {{ name }} product {{ quantity }} }} userErrors {{ code }} }} }}"
            ),
            format!(
                "mutation {{ createOutflow(input: {{productId: \"{product}\", quantity: 2}}) {{
                    outflow {{ id product {{ quantity }} }} userErrors {{ code }} }} }}"
            ),
            format!(
                "mutation {{ createOutflows(input: {{items: [{{productId: \"{product}\", quantity: 1}},
                    {{productId: \"{product}\", quantity: 2}}]}}) {{
                    outflows {{ id quantity product {{ title }} }} userErrors {{ code }} }} }}"
            ),
            format!(
                "mutation {{ createInflows(input: {{items: [{{productId: \"{product}\", supplierId: \"{supplier}\", quantity: 4}}]}}) {{
                    inflows {{ id quantity }} userErrors {{ code }} }} }}"
            ),
            format!(
                "mutation {{ updateBrand(input: {{id: \"{brand}\", name: \"Renamed\"}}) {{
                    brand {{ id name version }} userErrors {{ code }} }} }}"
            ),
            format!(
                "mutation {{ deleteOutflow(input: {{id: \"{}\"}}) {{
                    deletedId product {{ quantity }} userErrors {{ code }} }} }}",
                sample.outflow
            ),
        ] {
            all.push(Self::graphql(&document));
        }
        all
    }

    /// Sends the request with a key.
    pub async fn send(&self, actor: &Actor, key: &str) -> Response {
        let request = actor.request(Method::POST, &self.path);
        send(request.header("idempotency-key", key).json(&self.body)).await
    }

    /// Sends the request without a key.
    pub async fn send_without_key(&self, actor: &Actor) -> Response {
        send(actor.request(Method::POST, &self.path).json(&self.body)).await
    }

    /// Whether the response reports success, in the form of the request's API.
    pub fn is_success(&self, response: &Response) -> bool {
        match response.status {
            201 | 202 if self.path != "/graphql" => true,
            200 if self.path == "/graphql" => {
                let body = response.json();
                let payload = body["data"].as_object().and_then(|data| data.values().next());
                body.get("errors").is_none()
                    && payload.is_some_and(|payload| payload["userErrors"] == json!([]))
            }
            _ => false,
        }
    }

    /// Asserts that the response is an error with this code, in the form of the request's API.
    #[track_caller]
    pub fn assert_refused(&self, response: &Response, status: u16, code: &str) {
        let body = response.expect(status);
        let actual_code = if self.path == "/graphql" {
            assert!(body.get("data").is_none(), "{body}");
            &body["errors"][0]["extensions"]["code"]
        } else {
            &body["error"]["code"]
        };
        assert_eq!(actual_code, code, "{body}");
    }
}

/// Whether the response is marked as a replay of an earlier one.
pub fn is_replayed(response: &Response) -> bool {
    response.header("idempotent-replayed") == Some("true")
}

/// Asserts that a response is marked as a replay and equals the first one in status, body and headers.
#[track_caller]
pub fn assert_replay(response: &Response, first: &Response) {
    assert_eq!((response.status, &response.text), (first.status, &first.text));
    for name in ["content-type", "etag", "location", "cache-control"] {
        assert_eq!(response.header(name), first.header(name), "{name}");
    }
    assert!(is_replayed(response), "{response:?}");
    assert!(!is_replayed(first), "{first:?}");
}

/// The numbers of rows in the tables that requests change; the last one is the number of keys.
pub async fn row_counts(gateway: &Gateway) -> Vec<u64> {
    use ::entity::{brand, category, idempotency_key, inflow, outflow, product, stock_change, supplier};
    let db = &gateway.services.db;
    vec![
        brand::Entity::find().count(db).await.unwrap(),
        category::Entity::find().count(db).await.unwrap(),
        supplier::Entity::find().count(db).await.unwrap(),
        product::Entity::find().count(db).await.unwrap(),
        inflow::Entity::find().count(db).await.unwrap(),
        outflow::Entity::find().count(db).await.unwrap(),
        stock_change::Entity::find().count(db).await.unwrap(),
        idempotency_key::Entity::find().count(db).await.unwrap(),
    ]
}

/// The number of stored keys.
pub async fn key_count(gateway: &Gateway) -> u64 {
    row_counts(gateway).await[7]
}
