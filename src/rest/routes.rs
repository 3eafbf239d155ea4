//! The table of routes, from which both the router and the OpenAPI description are built.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use http_server::json::json_response;
use serde_json::{Map, Value};

use super::openapi::{
    self, delivery as delivery_docs, operations, token as token_docs, webhook_endpoint as endpoint_docs,
};
use super::path::ROOT;
use super::representation::RestResource;
use super::route::Route;
use super::verbs::{self, HandlerResult};
use super::{caller, delivery, token, webhook_endpoint};
use crate::http::pages::EXAMPLE_URL;
use crate::kind::Kind;
use crate::resource::Editable;
use crate::services::Services;

/// Returns the table of routes, in the order of the documentation.
fn table() -> Vec<Route> {
    let mut table = vec![
        Route::at("/").get(index, operations::index),
        Route::at("/openapi.json").get(description, operations::description),
        Route::at("/authentication/token/").post(token::log_in, token_docs::log_in),
        Route::at("/authentication/token/refresh/").post(token::refresh, token_docs::refresh),
        Route::at("/authentication/token/verify/").post(token::verify, token_docs::verify),
        Route::at("/authentication/logout/").post(token::log_out, token_docs::log_out),
    ];
    table.extend(editable::<::entity::brand::Entity>());
    table.extend(editable::<::entity::category::Entity>());
    table.extend(editable::<::entity::supplier::Entity>());
    table.extend(editable::<::entity::product::Entity>());
    table.extend(immutable::<::entity::inflow::Entity>());
    table.extend(immutable::<::entity::outflow::Entity>());
    table.extend(webhooks());
    table
}

fn webhooks() -> [Route; 8] {
    use ::entity::webhook_endpoint::Entity;
    [
        Route::at("/webhooks/")
            .get(verbs::list::<Entity>, endpoint_docs::list)
            .post(webhook_endpoint::add, endpoint_docs::add),
        Route::at("/webhooks/{id}/")
            .get(verbs::show::<Entity>, endpoint_docs::show)
            .put(verbs::edit::<Entity>, endpoint_docs::put)
            .patch(verbs::edit::<Entity>, endpoint_docs::patch)
            .delete(verbs::remove::<Entity>, endpoint_docs::remove),
        Route::at("/webhooks/{id}/rotate-secret/").post(webhook_endpoint::rotate, endpoint_docs::rotate),
        Route::at("/webhooks/{id}/test/").post(webhook_endpoint::test, endpoint_docs::test),
        Route::at("/webhooks/{id}/replay/").post(webhook_endpoint::replay, endpoint_docs::replay_failed),
        Route::at("/webhooks/{id}/deliveries/").get(delivery::list, delivery_docs::list),
        Route::at("/webhooks/{id}/deliveries/{delivery}/").get(delivery::show, delivery_docs::show),
        Route::at("/webhooks/{id}/deliveries/{delivery}/replay/")
            .post(delivery::replay, delivery_docs::replay),
    ]
}

/// The routes of a collection whose objects can be updated.
fn editable<R: RestResource + Editable>() -> [Route; 2] {
    let object = object::<R>()
        .put(verbs::edit::<R>, operations::put::<R>)
        .patch(verbs::edit::<R>, operations::patch::<R>)
        .delete(verbs::remove::<R>, operations::remove::<R>);
    [collection::<R>(), object]
}

/// The routes of a collection whose objects never change.
fn immutable<R: RestResource>() -> [Route; 2] {
    [
        collection::<R>(),
        object::<R>().delete(verbs::remove::<R>, operations::remove::<R>),
    ]
}

fn collection<R: RestResource>() -> Route {
    Route::at(format!("/{}/", R::KIND.plural()))
        .get(verbs::list::<R>, operations::list::<R>)
        .post(verbs::add::<R>, operations::add::<R>)
}

fn object<R: RestResource>() -> Route {
    Route::at(format!("/{}/{{id}}/", R::KIND.plural())).get(verbs::show::<R>, operations::show::<R>)
}

/// Returns the router of the API.
pub(crate) fn routes() -> Router<Arc<Services>> {
    table()
        .into_iter()
        .fold(Router::new(), |router, route| route.add_to(router))
}

/// `GET /`: the URL of each collection.
async fn index(_: caller::Anonymous, base_url: caller::BaseUrl) -> HandlerResult {
    let links: Map<String, Value> = Kind::ALL
        .iter()
        .map(|kind| (kind.plural().to_owned(), base_url.collection(*kind).into()))
        .collect();
    Ok(json_response(StatusCode::OK, &links))
}

/// Returns the OpenAPI description as formatted JSON.
pub fn openapi_description() -> &'static str {
    static DESCRIPTION: LazyLock<String> = LazyLock::new(|| format!("{:#}", openapi::describe(table())));
    &DESCRIPTION
}

/// `GET /openapi.json`: clients can cache it but must revalidate it. The URL of the server is absolute, because generated
/// clients use it unchanged.
async fn description(base_url: caller::BaseUrl) -> Response {
    let relative = format!("\"url\": \"{ROOT}\"");
    let absolute = format!("\"url\": {}", Value::from(base_url.root()));
    let description = openapi_description()
        .replacen(&relative, &absolute, 1)
        .replace(EXAMPLE_URL, base_url.as_str());
    let mut hasher = DefaultHasher::new();
    description.hash(&mut hasher);
    // Weak, because the tag is the same for every content coding.
    let etag = format!("W/\"{:016x}\"", hasher.finish());
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::ETAG, &*etag),
    ];
    (headers, description).into_response()
}
