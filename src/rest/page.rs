//! JSON answers: one object, or a page of a list with its absolute links, and what their values look like.

use std::borrow::Cow;

use ::entity::Money;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, SecondsFormat, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::query::Query;

/// `{count, next, previous, results}`.
#[derive(Serialize, JsonSchema)]
pub struct Page<V> {
    /// How many there are on all pages together.
    count: u64,
    /// The next page: an absolute link, with every other parameter of this one.
    #[schemars(url)]
    next: Option<String>,
    /// The page before.
    #[schemars(url)]
    previous: Option<String>,
    /// What is on this page.
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
#[derive(Clone, Copy, Debug)]
pub struct Moment(pub DateTime<Utc>);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

impl JsonSchema for Moment {
    fn schema_name() -> Cow<'static, str> {
        "Moment".into()
    }

    fn schema_id() -> Cow<'static, str> {
        concat!(module_path!(), "::Moment").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "date-time",
            "description": "A moment in UTC, RFC 3339, in whole seconds.",
        })
    }
}

/// A price as the document shows it: a string with two decimals.
#[derive(Clone, Copy, Debug)]
pub struct Price(pub Money);

impl Serialize for Price {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl JsonSchema for Price {
    fn schema_name() -> Cow<'static, str> {
        "Price".into()
    }

    fn schema_id() -> Cow<'static, str> {
        concat!(module_path!(), "::Price").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "decimal",
            "pattern": "^[0-9]{1,20}\\.[0-9]{2}$",
            "description": "An exact price with two decimals, as a string so that nothing rounds it.",
        })
    }
}

/// A reference as it is shown, by name.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "NamedReference")]
pub struct Named {
    /// The id to write it with.
    #[schemars(range(min = 1))]
    pub id: i64,
    /// What people call it.
    pub name: String,
}

/// A product as movements show it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "ProductReference")]
pub struct Titled {
    /// The id to write it with.
    #[schemars(range(min = 1))]
    pub id: i64,
    /// What people call it.
    pub title: String,
}
