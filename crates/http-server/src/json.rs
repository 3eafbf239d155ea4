//! JSON responses.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

/// A JSON response. The keys of all maps in `body` must be strings.
pub fn json_response(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(json) => {
            let content_type = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            (status, [content_type], json).into_response()
        }
        Err(error) => {
            // Fails only for a map with keys that are not strings.
            tracing::error!(%error, "a response body could not be serialized");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
