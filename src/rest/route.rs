//! A route: where it is, and for each of its methods who answers and how that is described. There is no way to add one
//! without the other, so no route can be left out of the description.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, MethodRouter};

use super::openapi::Describe;
use super::problem::{Refusal, not_found};
use crate::services::Services;

/// One path and what can be done there.
#[must_use]
pub struct Route {
    /// The path as the document spells it, below [`super::ROOT`].
    pub path: String,
    /// Each method, in small letters as OpenAPI has them, with its description.
    pub operations: Vec<(&'static str, Describe)>,
    handlers: MethodRouter<Arc<Services>>,
}

impl Route {
    /// A path where nothing can be done yet.
    pub fn at(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            operations: Vec::new(),
            handlers: MethodRouter::new(),
        }
    }

    /// Answers `GET`, and `HEAD` with it.
    pub fn get<H: Handler<T, Arc<Services>>, T: 'static>(self, handler: H, describe: Describe) -> Self {
        self.on(MethodFilter::GET, "get", handler, describe)
    }

    /// Answers `POST`.
    pub fn post<H: Handler<T, Arc<Services>>, T: 'static>(self, handler: H, describe: Describe) -> Self {
        self.on(MethodFilter::POST, "post", handler, describe)
    }

    /// Answers `PUT`.
    pub fn put<H: Handler<T, Arc<Services>>, T: 'static>(self, handler: H, describe: Describe) -> Self {
        self.on(MethodFilter::PUT, "put", handler, describe)
    }

    /// Answers `PATCH`.
    pub fn patch<H: Handler<T, Arc<Services>>, T: 'static>(self, handler: H, describe: Describe) -> Self {
        self.on(MethodFilter::PATCH, "patch", handler, describe)
    }

    /// Answers `DELETE`.
    pub fn delete<H: Handler<T, Arc<Services>>, T: 'static>(self, handler: H, describe: Describe) -> Self {
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

    /// Every method that is answered, as `Allow` lists them.
    pub fn allow(&self) -> String {
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

    /// Adds it to a router, without the slash at its end, which `http` trims from requests. `OPTIONS` is answered, and
    /// every other method with 405, naming those that are there.
    pub fn serve(self, router: Router<Arc<Services>>) -> Router<Arc<Services>> {
        let allow = self.allow();
        let options = HeaderValue::from_str(&allow)
            .ok()
            .map(|allow| [(header::ALLOW, allow)]);
        let handlers = self
            .handlers
            .options(async move || (StatusCode::NO_CONTENT, options, ()))
            .fallback(async move || Refusal::of_method_among(&allow).into_response());
        let path = format!("{}{}", super::ROOT, self.path.trim_end_matches('/'));
        let ids: Arc<[usize]> = path
            .split('/')
            .enumerate()
            .filter(|(_, part)| part.starts_with('{'))
            .map(|(place, _)| place)
            .collect();
        let handlers = if ids.is_empty() {
            handlers
        } else {
            handlers.layer(middleware::from_fn_with_state(ids, with_numbers_for_ids))
        };
        router.route(&path, handlers)
    }
}

/// What is no number is no path of ours, whatever the method and whoever asks: it comes before every other check. The
/// state says which parts of the path are ids.
async fn with_numbers_for_ids(State(ids): State<Arc<[usize]>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_number = |place: &usize| {
        let id = path.split('/').nth(*place).unwrap_or_default();
        id.bytes().all(|byte| byte.is_ascii_digit())
    };
    if ids.iter().all(is_number) {
        next.run(request).await
    } else {
        not_found()
    }
}
