//! `Answer`: the response of GraphQL, as every way of sending it writes it.

use async_graphql::{Response, ServerError, Value};
use serde::Serialize;

use super::cost::QueryCost;
use super::limits::MAX_COST;
use super::problem::BAD_USER_INPUT;
use super::refusal::{LIMIT_EXCEEDED, Refusal, SERVER_ERROR, TIMEOUT, presentable};

/// What a client is told.
#[derive(Debug, Serialize)]
pub struct Answer {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ServerError>,
    /// Not there when nothing was executed, null when that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<Extensions>,
    #[serde(skip)]
    refused: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Extensions {
    cost: Cost,
}

/// What an operation asked for, beside what it may.
#[derive(Debug, Serialize)]
struct Cost {
    requested: u64,
    limit: u64,
    depth: u64,
    fields: u64,
}

impl Answer {
    /// What the library made of an operation.
    pub fn executed(response: Response) -> Self {
        Self {
            errors: presentable(response.errors, BAD_USER_INPUT),
            data: Some(response.data),
            extensions: None,
            refused: None,
        }
    }

    /// The same, with what it cost.
    #[must_use]
    pub fn with_cost(mut self, weight: QueryCost) -> Self {
        self.extensions = Some(Extensions {
            cost: Cost {
                requested: weight.cost,
                limit: MAX_COST,
                depth: weight.depth,
                fields: weight.fields,
            },
        });
        self
    }

    /// The code of the reason why nothing was executed.
    pub const fn refused(&self) -> Option<&'static str> {
        self.refused
    }

    /// The code of the first error, for the figures: one of those that the program knows.
    pub fn error_code(&self) -> Option<&'static str> {
        const KNOWN: [&str; 8] = [
            "UNAUTHENTICATED",
            "FORBIDDEN",
            "TOO_MANY_REQUESTS",
            "UNAVAILABLE",
            BAD_USER_INPUT,
            LIMIT_EXCEEDED,
            TIMEOUT,
            SERVER_ERROR,
        ];
        let extensions = self.errors.first()?.extensions.as_ref();
        let known = match extensions.and_then(|extensions| extensions.get("code")) {
            Some(Value::String(code)) => KNOWN.into_iter().find(|known| known == code),
            _ => None,
        };
        known.or(Some("_OTHER"))
    }

    /// How many seconds to wait before trying again, where nothing was executed because of that.
    pub fn retry_after(&self) -> Option<u64> {
        let first = self.errors.first().filter(|_| self.refused.is_some())?;
        match first.extensions.as_ref()?.get("retryAfter")? {
            Value::Number(seconds) => seconds.as_u64(),
            _ => None,
        }
    }

    /// The errors of an operation that was not executed.
    pub fn errors(&self) -> &[ServerError] {
        &self.errors
    }

    /// As JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|error| {
            tracing::error!(%error, "an answer can't be written");
            r#"{"errors":[{"message":"Something went wrong on our side.","extensions":{"code":"SERVER_ERROR"}}]}"#
                .to_owned()
        })
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self {
            errors: refusal.errors,
            data: None,
            extensions: None,
            refused: Some(refusal.code),
        }
    }
}
