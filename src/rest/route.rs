//! `Route`: a path with the handler and the OpenAPI description of each of its methods.
//!
//! A method cannot be added without its description, so the description is complete.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, MethodRouter};
use openapi_document::Schemas;
use serde_json::Value;

use super::error::ErrorResponse;
use super::path::ROOT;
use crate::services::Services;

/// Describes an operation for OpenAPI, and adds the schemas that it refers to.
pub(super) type Describe = fn(&mut Schemas) -> Value;

/// A path and its methods.
#[must_use]
pub(crate) struct Route {
    /// The path below [`ROOT`], with a trailing slash.
    pub(crate) path: String,
    /// Methods in lower case, as in OpenAPI, with their descriptions.
    pub(crate) operations: Vec<(&'static str, Describe)>,
    handlers: MethodRouter<Arc<Services>>,
}

impl Route {
    pub(crate) fn at(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            operations: Vec::new(),
            handlers: MethodRouter::new(),
        }
    }

    /// Adds `GET` and `HEAD`.
    pub(crate) fn get<H: Handler<T, Arc<Services>>, T: 'static>(
        self,
        handler: H,
        describe: Describe,
    ) -> Self {
        self.on(MethodFilter::GET, "get", handler, describe)
    }

    pub(crate) fn post<H: Handler<T, Arc<Services>>, T: 'static>(
        self,
        handler: H,
        describe: Describe,
    ) -> Self {
        self.on(MethodFilter::POST, "post", handler, describe)
    }

    pub(crate) fn put<H: Handler<T, Arc<Services>>, T: 'static>(
        self,
        handler: H,
        describe: Describe,
    ) -> Self {
        self.on(MethodFilter::PUT, "put", handler, describe)
    }

    pub(crate) fn patch<H: Handler<T, Arc<Services>>, T: 'static>(
        self,
        handler: H,
        describe: Describe,
    ) -> Self {
        self.on(MethodFilter::PATCH, "patch", handler, describe)
    }

    pub(crate) fn delete<H: Handler<T, Arc<Services>>, T: 'static>(
        self,
        handler: H,
        describe: Describe,
    ) -> Self {
        self.on(MethodFilter::DELETE, "delete", handler, describe)
    }

    fn on<H, T>(mut self, filter: MethodFilter, method: &'static str, handler: H, describe: Describe) -> Self
    where
        H: Handler<T, Arc<Services>>,
        T: 'static,
    {
        self.operations.push((method, describe));
        self.handlers = self.handlers.on(filter, handler);
        self
    }

    /// Returns the methods for the `Allow` header.
    pub(crate) fn allow(&self) -> String {
        let mut methods = Vec::new();
        for (method, _) in &self.operations {
            methods.push(method.to_uppercase());
            if *method == "get" {
                methods.push("HEAD".to_owned());
            }
        }
        methods.push("OPTIONS".to_owned());
        methods.join(", ")
    }

    /// Adds the route to a router, with `OPTIONS`, and with 405 for all other methods.
    ///
    /// The path is added without its trailing slash, which the crate `http-server` removes from requests.
    pub(crate) fn add_to(self, router: Router<Arc<Services>>) -> Router<Arc<Services>> {
        let allow = self.allow();
        let options = HeaderValue::from_str(&allow)
            .ok()
            .map(|allow| [(header::ALLOW, allow)]);
        let handlers = self
            .handlers
            .options(async move || (StatusCode::NO_CONTENT, options, ()))
            .fallback(async move || ErrorResponse::method_not_allowed_except(&allow).into_response());
        let path = format!("{}{}", ROOT, self.path.trim_end_matches('/'));
        let ids: Arc<[usize]> = path
            .split('/')
            .enumerate()
            .filter(|(_, part)| part.starts_with('{'))
            .map(|(position, _)| position)
            .collect();
        let handlers = if ids.is_empty() {
            handlers
        } else {
            handlers.layer(middleware::from_fn_with_state(ids, require_numeric_ids))
        };
        router.route(&path, handlers)
    }
}

/// Responds with 404 if an id is not a number. This comes before all other checks, because such a path does not exist for
/// any method or caller. The state has the positions of the ids in the path.
async fn require_numeric_ids(State(ids): State<Arc<[usize]>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_number = |position: &usize| {
        let id = path.split('/').nth(*position).unwrap_or_default();
        id.bytes().all(|byte| byte.is_ascii_digit())
    };
    if ids.iter().all(is_number) {
        next.run(request).await
    } else {
        ErrorResponse::not_found().into_response()
    }
}
