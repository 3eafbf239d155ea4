//! Clients without a login, and users with increasing permissions.

use std::net::SocketAddr;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::api::Api;
use crate::support::response::Response;
use crate::support::rest_over_graphql::translate;

/// A client that sends requests with a fixed token.
#[derive(Clone)]
pub struct Actor {
    pub name: &'static str,
    pub token: Option<String>,
    pub address: SocketAddr,
    /// The API that its requests to the collections use.
    pub api: Api,
    http: reqwest::Client,
}

impl Actor {
    /// A client with this token, or without a login.
    pub fn new(
        http: &reqwest::Client,
        address: SocketAddr,
        token: Option<String>,
        name: &'static str,
    ) -> Self {
        Self {
            name,
            token,
            address,
            api: Api::Rest,
            http: http.clone(),
        }
    }

    /// The same client, using this API.
    #[must_use]
    pub fn through(mut self, api: Api) -> Self {
        self.api = api;
        self
    }

    /// Sends a request through the client's API.
    async fn send_by_api(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        if self.api == Api::GraphQl
            && let Some(response) = translate(self, &method, path, body.as_ref()).await
        {
            return response;
        }
        let request = self.request(method, path);
        send(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    /// Builds a request, to be sent with [`send`]. A path without a leading slash is relative to `/api/v1/`.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/api/v1/{path}")
        };
        let request = self
            .http
            .request(method, format!("http://{}{path}", self.address));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Response {
        self.send_by_api(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Response {
        self.send_by_api(Method::POST, path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Response {
        self.send_by_api(Method::PUT, path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Response {
        self.send_by_api(Method::PATCH, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Response {
        self.send_by_api(Method::DELETE, path, None).await
    }

    /// Sends a body literally, declared as JSON.
    pub async fn raw(&self, method: Method, path: &str, body: impl Into<reqwest::Body>) -> Response {
        let request = self
            .request(method, path)
            .header("content-type", "application/json");
        send(request.body(body)).await
    }

    /// Sends a GraphQL document.
    pub async fn gql(&self, query: &str, variables: Value) -> Response {
        let body = json!({ "query": query, "variables": variables });
        send(self.request(Method::POST, "/graphql").json(&body)).await
    }

    /// Creates an object and returns its id.
    pub async fn make(&self, kind: Kind, body: Value) -> i64 {
        let created = self.post(&format!("{}/", kind.plural()), body).await.expect(201);
        created["id"].as_i64().expect("an id")
    }

    /// Creates a product of a new brand and category.
    pub async fn product(&self, title: &str, quantity: i64) -> i64 {
        let brand = self.make(Kind::Brand, json!({ "name": "A brand" })).await;
        let category = self.make(Kind::Category, json!({ "name": "A category" })).await;
        let product = json!({
            "title": title, "category": category, "brand": brand,
            "cost_price": "5.00", "selling_price": "9.90", "quantity": quantity,
        });
        self.make(Kind::Product, product).await
    }

    /// The quantity of a product in stock.
    pub async fn quantity(&self, product: i64) -> i64 {
        let product = self.get(&format!("products/{product}/")).await.expect(200);
        product["quantity"].as_i64().expect("a number")
    }
}

pub async fn send(request: RequestBuilder) -> Response {
    let (http, request) = request.build_split();
    let request = request.expect("a request");
    let (method, path) = (request.method().clone(), request.url().path().to_owned());
    let response = http.execute(request).await;
    Response::read(
        &method,
        &path,
        response.unwrap_or_else(|error| panic!("{method} {path}: {error:?}")),
    )
    .await
}
