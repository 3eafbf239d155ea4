//! Whether the program lives, and whether it can answer.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde_json::json;

use crate::rest::page::object;
use crate::schema;
use crate::services::Services;

/// How long the database may take to say that it is there.
const PATIENCE: Duration = Duration::from_secs(2);

/// `/livez` and `/readyz`.
pub fn routes() -> Router<Arc<Services>> {
    Router::new()
        .route("/livez", get(async || "ok"))
        .route("/readyz", get(ready))
}

/// Whether this is the path of one of them, or of the figures.
pub fn is_health(path: &str) -> bool {
    matches!(path, "/livez" | "/readyz" | "/metrics")
}

/// 200 while the database answers, all migrations are applied and the program has not been told to stop.
async fn ready(State(services): State<Arc<Services>>) -> Response {
    let database = match tokio::time::timeout(PATIENCE, schema::is_current(&services.db)).await {
        Ok(Ok(true)) => "ok",
        Ok(Ok(false)) => "migrations are missing",
        Ok(Err(error)) => {
            crate::telemetry::log_failure(&error);
            "not available"
        }
        Err(_) => "too slow",
    };
    let stopping = services.is_stopping();
    let status = if database == "ok" && !stopping {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let state = if stopping {
        "stopping"
    } else if status.is_success() {
        "ready"
    } else {
        "not ready"
    };
    object(status, &json!({ "status": state, "database": database })).into_response()
}
