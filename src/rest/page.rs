//! JSON answers: one object, or a page of a list with its absolute links.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use super::query::Query;

/// `{count, next, previous, results}`.
#[derive(Serialize)]
pub struct Page<V> {
    count: u64,
    next: Option<String>,
    previous: Option<String>,
    results: Vec<V>,
}

impl<V: Serialize> Page<V> {
    /// A page of a list that was asked for at `collection` with these parameters.
    pub fn new(collection: &str, query: &Query, number: u64, size: u64, count: u64, results: Vec<V>) -> Self {
        let next = (number.saturating_mul(size) < count).then(|| query.link(collection, number + 1));
        let previous = (number > 1).then(|| query.link(collection, number - 1));
        Self {
            count,
            next,
            previous,
            results,
        }
    }
}

/// An answer with a JSON body.
pub fn object(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(json) => {
            let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            (status, [kind], json).into_response()
        }
        Err(error) => {
            // Views are plain structs: this can't happen, and would be ours.
            tracing::error!(%error, "an answer could not be written as JSON");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A moment as the document shows it: RFC 3339, `Z`, whole seconds.
pub fn seconds<S: Serializer>(moment: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&moment.format("%Y-%m-%dT%H:%M:%SZ"))
}

/// A reference as it is shown, by name.
#[derive(Clone, Debug, Serialize)]
pub struct Named {
    /// The id to write it with.
    pub id: i64,
    /// What people call it.
    pub name: String,
}

/// A product as movements show it.
#[derive(Clone, Debug, Serialize)]
pub struct Titled {
    /// The id to write it with.
    pub id: i64,
    /// What people call it.
    pub title: String,
}
