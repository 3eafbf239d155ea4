//! The response to a request, in the form that every transport sends.

use std::collections::BTreeMap;

use async_graphql::{Response, ServerError, Value, value};
use axum::http::HeaderMap;

use crate::cost::QueryCost;
use crate::error::{ErrorCode, RequestError, sanitize};
use crate::json::{separate, write, write_key};
use crate::limits::Limits;

/// A response; its errors are bounded and have codes.
#[derive(Debug)]
pub struct GraphQlResponse {
    pub(crate) errors: Vec<ServerError>,
    /// Absent for a request error, null if a non-null field of the root has failed.
    pub(crate) data: Option<Value>,
    pub(crate) extensions: BTreeMap<String, Value>,
    /// Headers that resolvers have set for the HTTP response.
    pub(crate) headers: HeaderMap,
    request_error: Option<ErrorCode>,
}

impl GraphQlResponse {
    pub(crate) fn from_execution(response: Response) -> Self {
        Self {
            errors: sanitize(response.errors, ErrorCode::BadUserInput),
            data: Some(response.data),
            extensions: response.extensions,
            headers: response.http_headers,
            request_error: None,
        }
    }

    /// Adds `extensions.cost`.
    #[must_use]
    pub(crate) fn with_cost(mut self, cost: QueryCost, limits: &Limits) -> Self {
        let cost = value!({
            "requested": cost.cost,
            "limit": limits.cost,
            "depth": cost.depth,
            "fields": cost.fields,
        });
        self.extensions.insert("cost".to_owned(), cost);
        self
    }

    /// The code of the request error, if nothing was executed.
    pub const fn request_error(&self) -> Option<ErrorCode> {
        self.request_error
    }

    /// Whether a part of the data is missing because of an [`ErrorCode::Unavailable`] error.
    pub(crate) fn is_incomplete(&self) -> bool {
        let unavailable = Value::from(ErrorCode::Unavailable.as_str());
        let mut codes = self
            .errors
            .iter()
            .filter_map(|error| error.extensions.as_ref()?.get("code"));
        codes.any(|code| *code == unavailable)
    }

    /// The code of the first error, as [`crate::Observation::operation_ended`] expects it.
    pub(crate) fn error_type(&self) -> Option<&'static str> {
        let extensions = self.errors.first()?.extensions.as_ref();
        let code = match extensions.and_then(|extensions| extensions.get("code")) {
            Some(Value::String(code)) => ErrorCode::from_name(code),
            _ => None,
        };
        Some(code.map_or("_OTHER", ErrorCode::as_str))
    }

    /// Seconds until a request that was not executed can be retried, if the error has them.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        let first = self.errors.first().filter(|_| self.request_error.is_some())?;
        match first.extensions.as_ref()?.get("retryAfter")? {
            Value::Number(seconds) => seconds.as_u64(),
            _ => None,
        }
    }

    /// The errors.
    pub fn errors(&self) -> &[ServerError] {
        &self.errors
    }

    /// The response as JSON.
    pub fn to_json(&self) -> String {
        self.write_json().unwrap_or_else(|error| {
            tracing::error!(%error, "a response can't be serialized");
            r#"{"errors":[{"message":"Something went wrong on our side.","extensions":{"code":"SERVER_ERROR"}}]}"#
                .to_owned()
        })
    }

    fn write_json(&self) -> serde_json::Result<String> {
        let mut json = vec![b'{'];
        if !self.errors.is_empty() {
            write_key(&mut json, "errors");
            serde_json::to_writer(&mut json, &self.errors)?;
        }
        if let Some(data) = &self.data {
            separate(&mut json, usize::from(!self.errors.is_empty()));
            write_key(&mut json, "data");
            write(&mut json, data);
        }
        if !self.extensions.is_empty() {
            let index = usize::from(json.len() > 1);
            separate(&mut json, index);
            write_key(&mut json, "extensions");
            serde_json::to_writer(&mut json, &self.extensions)?;
        }
        json.push(b'}');
        String::from_utf8(json).map_err(serde::ser::Error::custom)
    }
}

impl From<RequestError> for GraphQlResponse {
    fn from(error: RequestError) -> Self {
        Self {
            errors: error.errors,
            data: None,
            extensions: BTreeMap::new(),
            headers: HeaderMap::new(),
            request_error: Some(error.code),
        }
    }
}
