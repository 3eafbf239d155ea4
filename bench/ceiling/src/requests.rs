//! The handlers of the requests of `bench/cases.py`.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use crate::Error;
use crate::json::Json;
use crate::store::{Search, Store};
use crate::token::Verifier;

const PAGE_SIZE: i64 = 10;

pub(crate) struct App {
    store: Store,
    verifier: Verifier,
    /// The number of products, which no case changes.
    count: i64,
}

impl App {
    pub(crate) async fn new(store: Store, verifier: Verifier) -> Result<Self, Error> {
        let count = store.count().await?;
        Ok(Self {
            store,
            verifier,
            count,
        })
    }
}

pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/livez", get(async || "ok"))
        .route("/readyz", get(async || "ok"))
        .route("/api/v1/products/", get(products))
        .route("/api/v1/products/{id}/", get(product))
        .route("/api/v1/outflows/", post(outflow))
        .route("/graphql", post(graphql))
        .with_state(app)
}

enum Failure {
    Status(StatusCode),
    Internal(Error),
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Internal(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Status(status) => status.into_response(),
            Self::Internal(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        }
    }
}

/// An extractor that rejects requests without a valid access token.
struct Authenticated;

impl FromRequestParts<Arc<App>> for Authenticated {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, StatusCode> {
        let accepted = app.verifier.accepts(&parts.headers);
        accepted.then_some(Self).ok_or(StatusCode::UNAUTHORIZED)
    }
}

impl IntoResponse for Json {
    fn into_response(self) -> Response {
        let mut response = Response::new(self.0.into());
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        response
    }
}

async fn product(
    State(app): State<Arc<App>>,
    _: Authenticated,
    Path(id): Path<i64>,
) -> Result<Json, Failure> {
    let mut json = Json::with_capacity(512);
    if app.store.product(id, Json::rest_product, &mut json).await? {
        Ok(json)
    } else {
        Err(Failure::Status(StatusCode::NOT_FOUND))
    }
}

async fn products(State(app): State<Arc<App>>, _: Authenticated, request: Request) -> Result<Json, Failure> {
    let query = request.uri().query().unwrap_or_default();
    let parameter = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find_map(|(key, value)| (key == name).then_some(value))
    };
    let page = parameter("page").map_or(Ok(1), str::parse)?;
    let mut rows = Json::with_capacity(4_096);
    let count = match parameter("search") {
        Some(word) => {
            let word = &word.to_lowercase();
            let category = parameter("category").unwrap_or_default().parse()?;
            let min_price = parameter("min_price").unwrap_or_default();
            let max_price = parameter("max_price").unwrap_or_default();
            let search = Search {
                word,
                category,
                min_price,
                max_price,
            };
            app.store.search(search, &mut rows).await?
        }
        None => {
            app.store.page((page - 1) * PAGE_SIZE, &mut rows).await?;
            app.count
        }
    };

    let host = request.headers().get(HOST).map_or(Ok(""), HeaderValue::to_str)?;
    let link = |json: &mut Json, page: Option<i64>| {
        let Some(page) = page else {
            json.raw("null");
            return;
        };
        json.raw("\"http://").raw(host).raw("/api/v1/products/");
        let mut separator = "?";
        for pair in query
            .split('&')
            .filter(|pair| !pair.is_empty() && !pair.starts_with("page="))
        {
            json.raw(separator).raw(pair);
            separator = "&";
        }
        if page > 1 {
            json.raw(separator).raw("page=").integer(page);
        }
        json.raw("\"");
    };
    let mut json = Json::with_capacity(rows.0.len() + 512);
    json.raw("{\"count\":").integer(count).raw(",\"next\":");
    link(&mut json, (page * PAGE_SIZE < count).then_some(page + 1));
    link(json.raw(",\"previous\":"), (page > 1).then_some(page - 1));
    json.raw(",\"results\":[").0.append(&mut rows.0);
    json.raw("]}");
    Ok(json)
}

#[derive(Deserialize)]
struct NewOutflow {
    product: i64,
    quantity: i64,
}

async fn outflow(State(app): State<Arc<App>>, _: Authenticated, body: Bytes) -> Result<Response, Failure> {
    let new: NewOutflow = serde_json::from_slice(&body)?;
    let Some(outflow) = app.store.record_outflow(new.product, new.quantity).await? else {
        return Err(Failure::Status(StatusCode::UNPROCESSABLE_ENTITY));
    };
    let mut json = Json::with_capacity(256);
    json.rest_outflow(&outflow);
    Ok((StatusCode::CREATED, json).into_response())
}

#[derive(Deserialize)]
struct GraphQlRequest<'a> {
    #[serde(borrow)]
    query: Cow<'a, str>,
    #[serde(borrow, default)]
    variables: Variables<'a>,
}

#[derive(Default, Deserialize)]
struct Variables<'a> {
    id: Option<&'a str>,
    #[serde(borrow)]
    input: Option<OutflowInput<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OutflowInput<'a> {
    product_id: &'a str,
    quantity: i64,
}

/// Recognizes a document by the name of its operation, the second word.
async fn graphql(State(app): State<Arc<App>>, _: Authenticated, body: Bytes) -> Result<Json, Failure> {
    let request: GraphQlRequest = serde_json::from_slice(&body)?;
    let variables = request.variables;
    let mut words = request
        .query
        .split(|character: char| !character.is_alphanumeric());
    let mut json = Json::with_capacity(1_024);
    match (words.nth(1), variables.id, variables.input) {
        (Some("Product"), Some(id), _) => {
            json.raw("{\"data\":{\"product\":");
            if !app
                .store
                .product(id.parse()?, Json::graphql_product, &mut json)
                .await?
            {
                json.raw("null");
            }
            json.raw("}}");
        }
        (Some("Products"), ..) => {
            json.raw("{\"data\":{\"products\":{\"totalCount\":")
                .integer(app.count)
                .raw(",\"nodes\":[");
            app.store.first_50(&mut json).await?;
            json.raw("]}}}");
        }
        (Some("Categories"), ..) => {
            json.0.reserve(65_536);
            json.raw("{\"data\":{\"categories\":{\"nodes\":[");
            app.store.tree(&mut json).await?;
            json.raw("]}}}");
        }
        (Some("CreateOutflow"), _, Some(input)) => {
            let outflow = app
                .store
                .record_outflow(input.product_id.parse()?, input.quantity)
                .await?;
            json.raw("{\"data\":{\"createOutflow\":");
            json.graphql_outflow(&outflow.ok_or(Failure::Status(StatusCode::UNPROCESSABLE_ENTITY))?);
            json.raw("}}");
        }
        _ => return Err(Failure::Status(StatusCode::BAD_REQUEST)),
    }
    Ok(json)
}
