//! Liveness and readiness probes.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use http_server::json::json_response;
use serde_json::json;

use crate::schema;
use crate::services::Services;

/// The time the database may take to answer.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(2);

/// `/livez` and `/readyz`.
pub(super) fn routes() -> Router<Arc<Services>> {
    Router::new()
        .route("/livez", get(async || "ok"))
        .route("/readyz", get(ready))
}

/// Whether this is the path of a probe or of the metrics.
pub(super) fn is_probe(path: &str) -> bool {
    matches!(path, "/livez" | "/readyz" | "/metrics")
}

/// Responds with 200 if the database answers, all migrations are applied and the program is not stopping.
async fn ready(State(services): State<Arc<Services>>) -> Response {
    let database = match tokio::time::timeout(DATABASE_TIMEOUT, schema::is_current(&services.db)).await {
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
    json_response(status, &json!({ "status": state, "database": database }))
}
