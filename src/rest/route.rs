//! `Route`: a path with the handler and the OpenAPI description of each of its methods.
//!
//! A method cannot be added without its description, so the description is complete.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse as _;
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
        router.route(&path, handlers)
    }
}

/// Whether the path of a request has a number wherever its route has an id. Otherwise the path does not exist for any method
/// or caller. Always true outside of the REST API.
pub(crate) fn has_numeric_ids(route: &str, path: &str) -> bool {
    !route.starts_with(ROOT)
        || route
            .split('/')
            .zip(path.split('/'))
            .filter(|(part, _)| part.starts_with('{'))
            .all(|(_, id)| id.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::has_numeric_ids;

    #[test]
    fn ids_are_numbers() {
        for (route, path, is_numeric) in [
            ("/api/v1/brands/{id}", "/api/v1/brands/17", true),
            ("/api/v1/brands/{id}", "/api/v1/brands/x", false),
            ("/api/v1/brands/{id}", "/api/v1/brands/1x", false),
            ("/api/v1/a/{id}/b/{other}", "/api/v1/a/1/b/2", true),
            ("/api/v1/a/{id}/b/{other}", "/api/v1/a/1/b/x", false),
            ("/api/v1/brands", "/api/v1/brands", true),
            ("/static/{name}", "/static/x", true),
        ] {
            assert_eq!(has_numeric_ids(route, path), is_numeric, "{route} {path}");
        }
    }
}
