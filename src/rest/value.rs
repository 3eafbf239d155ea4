//! Values within views: timestamps, prices, and references to other objects.

use std::borrow::Cow;

use ::entity::Money;
use chrono::{DateTime, SecondsFormat, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// A timestamp in RFC 3339, in UTC and whole seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timestamp(pub(crate) DateTime<Utc>);

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn schema_id() -> Cow<'static, str> {
        concat!(module_path!(), "::Timestamp").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "date-time",
            "description": "A timestamp in RFC 3339, in UTC and whole seconds.",
        })
    }
}

/// A price as a string with two decimals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Price(pub(crate) Money);

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
            "description": "An exact price with two decimals, as a string so that no JSON parser rounds it.",
        })
    }
}

/// A reference to a brand, category or supplier.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct NamedReference {
    /// The id. Request bodies have only the id here.
    #[schemars(range(min = 1))]
    pub(crate) id: i64,
    /// The name.
    pub(crate) name: String,
}

/// A reference to a product.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ProductReference {
    /// The id. Request bodies have only the id here.
    #[schemars(range(min = 1))]
    pub(crate) id: i64,
    /// The title.
    pub(crate) title: String,
}
