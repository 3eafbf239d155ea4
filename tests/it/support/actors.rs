//! Those who send requests: nobody, and users with more and more rights.

use std::net::SocketAddr;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::answer::Answer;
use crate::support::api::Face;
use crate::support::rest_over_graphql::interpret;

/// Somebody who sends requests, with the same token each time.
#[derive(Clone)]
pub struct Actor {
    pub name: &'static str,
    pub token: Option<String>,
    pub address: SocketAddr,
    /// The face that its requests to the collections go to.
    pub face: Face,
    http: reqwest::Client,
}

impl Actor {
    /// Somebody with this token, or nobody.
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
            face: Face::Rest,
            http: http.clone(),
        }
    }

    /// The same, through this face.
    #[must_use]
    pub fn through(mut self, face: Face) -> Self {
        self.face = face;
        self
    }

    /// Sends a request to the face that it goes to.
    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        if self.face == Face::GraphQl
            && let Some(answer) = interpret(self, &method, path, body.as_ref()).await
        {
            return answer;
        }
        let request = self.request(method, path);
        send(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    /// A request to be completed and sent with [`send`]. A path without a leading slash is below `/api/v1/`.
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

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::PUT, path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::PATCH, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.ask(Method::DELETE, path, None).await
    }

    /// A body as it stands, declared as JSON.
    pub async fn raw(&self, method: Method, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        let request = self
            .request(method, path)
            .header("content-type", "application/json");
        send(request.body(body)).await
    }

    /// A GraphQL document.
    pub async fn gql(&self, query: &str, variables: Value) -> Answer {
        let body = json!({ "query": query, "variables": variables });
        send(self.request(Method::POST, "/graphql").json(&body)).await
    }

    /// Makes one and returns its id.
    pub async fn make(&self, kind: Kind, body: Value) -> i64 {
        let made = self.post(&format!("{}/", kind.plural()), body).await.expect(201);
        made["id"].as_i64().expect("an id")
    }

    /// Makes a product of a new brand and category.
    pub async fn product(&self, title: &str, quantity: i64) -> i64 {
        let brand = self.make(Kind::Brand, json!({ "name": "A brand" })).await;
        let category = self.make(Kind::Category, json!({ "name": "A category" })).await;
        let product = json!({
            "title": title, "category": category, "brand": brand,
            "cost_price": "5.00", "selling_price": "9.90", "quantity": quantity,
        });
        self.make(Kind::Product, product).await
    }

    /// How many of a product are in stock.
    pub async fn quantity(&self, product: i64) -> i64 {
        let product = self.get(&format!("products/{product}/")).await.expect(200);
        product["quantity"].as_i64().expect("a number")
    }
}

/// Sends a request.
pub async fn send(request: RequestBuilder) -> Answer {
    let (http, request) = request.build_split();
    let request = request.expect("a request");
    let (method, path) = (request.method().clone(), request.url().path().to_owned());
    let response = http.execute(request).await;
    Answer::of(
        &method,
        &path,
        response.unwrap_or_else(|error| panic!("{method} {path}: {error:?}")),
    )
    .await
}
