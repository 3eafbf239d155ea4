//! Face one: the documented REST API, `/api/v1`. It translates names and renders; the rules are in `resolvers`.
//!
//! This file is the route table. Each route answers with and without its trailing slash, which `http` trims.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};

use self::face::Rest;
use self::problem::{Problem, not_allowed};
use crate::app::App;
use crate::kind::Kind;
use crate::resolvers::Editable;

pub mod caller;
pub mod etag;
pub mod face;
pub mod form;
pub mod inflow;
pub mod label;
pub mod outflow;
pub mod page;
pub mod problem;
pub mod product;
pub mod query;
pub mod token;
pub mod verbs;

/// Where the API begins.
pub const ROOT: &str = "/api/v1";

/// The routes of the document.
pub fn routes() -> Router<Arc<App>> {
    let api = Router::new()
        .merge(editable::<::entity::brand::Entity>())
        .merge(editable::<::entity::category::Entity>())
        .merge(editable::<::entity::supplier::Entity>())
        .merge(editable::<::entity::product::Entity>())
        .merge(fixed::<::entity::inflow::Entity>())
        .merge(fixed::<::entity::outflow::Entity>())
        .route(
            "/authentication/token",
            allowing("POST, OPTIONS", post(token::log_in)),
        )
        .route(
            "/authentication/token/refresh",
            allowing("POST, OPTIONS", post(token::refresh)),
        )
        .route(
            "/authentication/token/verify",
            allowing("POST, OPTIONS", post(token::verify)),
        )
        .route(
            "/authentication/logout",
            allowing("POST, OPTIONS", post(token::log_out)),
        );
    Router::new()
        .route(ROOT, allowing("GET, HEAD, OPTIONS", get(index)))
        .nest(ROOT, api)
}

/// The routes of what can be updated.
fn editable<R: Rest + Editable>() -> Router<Arc<App>> {
    let one = get(verbs::show::<R>)
        .put(verbs::edit::<R>)
        .patch(verbs::edit::<R>)
        .delete(verbs::remove::<R>);
    collection::<R>(allowing("GET, HEAD, PUT, PATCH, DELETE, OPTIONS", one))
}

/// The routes of what never changes once it is there.
fn fixed<R: Rest>() -> Router<Arc<App>> {
    let one = get(verbs::show::<R>).delete(verbs::remove::<R>);
    collection::<R>(allowing("GET, HEAD, DELETE, OPTIONS", one))
}

fn collection<R: Rest>(one: MethodRouter<Arc<App>>) -> Router<Arc<App>> {
    let all = get(verbs::list::<R>).post(verbs::add::<R>);
    let name = R::KIND.plural();
    Router::new()
        .route(&format!("/{name}"), allowing("GET, HEAD, POST, OPTIONS", all))
        .route(&format!("/{name}/{{id}}"), one)
}

/// Answers `OPTIONS`, and every other method with 405, naming those that are there.
pub(crate) fn allowing(methods: &'static str, routes: MethodRouter<Arc<App>>) -> MethodRouter<Arc<App>> {
    let allow = (header::ALLOW, HeaderValue::from_static(methods));
    let refuse = allow.clone();
    routes
        .options(async move || (StatusCode::NO_CONTENT, [allow]))
        .fallback(async move || ([refuse], not_allowed()).into_response())
}

/// The six collections and where they are.
async fn index(origin: caller::Origin) -> Result<Response, Problem> {
    let links: Vec<(&str, String)> = Kind::ALL
        .iter()
        .map(|kind| (kind.plural(), origin.collection(*kind)))
        .collect();
    Ok(page::object(StatusCode::OK, &face::InOrder(links)))
}
