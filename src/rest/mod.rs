//! Face one: the documented REST API, `/api/v1`. It translates names and renders; the rules are in `resolvers`.
//!
//! This file is the route table: what is served, and what the OpenAPI description describes. Paths are spelled as in the
//! document; each route answers with and without its trailing slash.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value};

use self::face::Rest;
use self::openapi::{operations, sessions, webhooks as described};
use self::problem::Problem;
use self::route::Route;
use crate::kind::Kind;
use crate::resource::Editable;
use crate::services::Services;

pub mod caller;
pub mod delivery;
pub mod etag;
pub mod face;
pub mod form;
pub mod inflow;
pub mod label;
pub mod openapi;
pub mod outflow;
pub mod page;
pub mod problem;
pub mod product;
pub mod query;
pub mod route;
pub mod token;
pub mod verbs;
pub mod webhook_endpoint;

/// Where the API begins.
pub const ROOT: &str = "/api/v1";

/// Where the token routes begin.
const AUTHENTICATION: &str = "/api/v1/authentication";

/// The route table, in the order of the document.
pub fn table() -> Vec<Route> {
    let mut table = vec![
        Route::at("/").get(index, operations::index),
        Route::at("/openapi.json").get(openapi::serve, operations::description),
        Route::at("/authentication/token/").post(token::log_in, sessions::log_in),
        Route::at("/authentication/token/refresh/").post(token::refresh, sessions::refresh),
        Route::at("/authentication/token/verify/").post(token::verify, sessions::verify),
        Route::at("/authentication/logout/").post(token::log_out, sessions::log_out),
    ];
    table.extend(editable::<::entity::brand::Entity>());
    table.extend(editable::<::entity::category::Entity>());
    table.extend(editable::<::entity::supplier::Entity>());
    table.extend(editable::<::entity::product::Entity>());
    table.extend(fixed::<::entity::inflow::Entity>());
    table.extend(fixed::<::entity::outflow::Entity>());
    table.extend(webhooks());
    table
}

/// Webhooks, of which the document says nothing but that they are told.
fn webhooks() -> [Route; 8] {
    use ::entity::webhook_endpoint::Entity;
    [
        Route::at("/webhooks/")
            .get(verbs::list::<Entity>, described::list)
            .post(webhook_endpoint::add, described::add),
        Route::at("/webhooks/{id}/")
            .get(verbs::show::<Entity>, described::show)
            .put(verbs::edit::<Entity>, described::put)
            .patch(verbs::edit::<Entity>, described::patch)
            .delete(verbs::remove::<Entity>, described::remove),
        Route::at("/webhooks/{id}/rotate-secret/").post(webhook_endpoint::rotate, described::rotate),
        Route::at("/webhooks/{id}/test/").post(webhook_endpoint::test, described::test),
        Route::at("/webhooks/{id}/replay/").post(webhook_endpoint::replay, described::replay_failed),
        Route::at("/webhooks/{id}/deliveries/").get(delivery::list, described::deliveries),
        Route::at("/webhooks/{id}/deliveries/{delivery}/").get(delivery::show, described::delivery),
        Route::at("/webhooks/{id}/deliveries/{delivery}/replay/").post(delivery::replay, described::replay),
    ]
}

/// The routes of what can be updated.
fn editable<R: Rest + Editable>() -> [Route; 2] {
    let one = one::<R>()
        .put(verbs::edit::<R>, operations::put::<R>)
        .patch(verbs::edit::<R>, operations::patch::<R>)
        .delete(verbs::remove::<R>, operations::remove::<R>);
    [all::<R>(), one]
}

/// The routes of what never changes once it is there.
fn fixed<R: Rest>() -> [Route; 2] {
    [
        all::<R>(),
        one::<R>().delete(verbs::remove::<R>, operations::remove::<R>),
    ]
}

fn all<R: Rest>() -> Route {
    Route::at(format!("/{}/", R::KIND.plural()))
        .get(verbs::list::<R>, operations::list::<R>)
        .post(verbs::add::<R>, operations::add::<R>)
}

fn one<R: Rest>() -> Route {
    Route::at(format!("/{}/{{id}}/", R::KIND.plural())).get(verbs::show::<R>, operations::show::<R>)
}

/// The routes of the document.
pub fn routes() -> Router<Arc<Services>> {
    table()
        .into_iter()
        .fold(Router::new(), |router, route| route.serve(router))
}

/// The six collections and where they are.
async fn index(_: caller::Anonymous, origin: caller::Origin) -> Result<Response, Problem> {
    let links: Map<String, Value> = Kind::ALL
        .iter()
        .map(|kind| (kind.plural().to_owned(), origin.collection(*kind).into()))
        .collect();
    Ok(page::object(StatusCode::OK, &links))
}
