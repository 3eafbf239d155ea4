//! Liveness and readiness probes.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use database::Database;
use http_server::json::json_response;
use serde_json::json;

use crate::error::Result;
use crate::schema::{self, SchemaStatus};
use crate::services::Services;

/// The maximum time for the database to respond.
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

/// The state of the database.
enum State {
    Ready,
    /// The database is read-only: a standby, or a primary that was switched to read-only.
    ReadOnly,
    /// Migrations are missing.
    Outdated,
    /// A newer version has changed the schema in a way that is not marked as compatible.
    TooNew,
}

async fn state(db: &Database) -> Result<State> {
    Ok(match SchemaStatus::of(&schema::migrations(db).await?) {
        SchemaStatus::Outdated => State::Outdated,
        SchemaStatus::TooNew(_) => State::TooNew,
        SchemaStatus::Current | SchemaStatus::Compatible(_) if db.is_writable().await? => State::Ready,
        SchemaStatus::Current | SchemaStatus::Compatible(_) => State::ReadOnly,
    })
}

/// Responds with 200 if the database can be written, all migrations are applied and the program is not stopping.
async fn ready(extract::State(services): extract::State<Arc<Services>>) -> Response {
    let database = match tokio::time::timeout(DATABASE_TIMEOUT, state(&services.db)).await {
        Ok(Ok(State::Ready)) => "ok",
        Ok(Ok(State::ReadOnly)) => "read-only",
        Ok(Ok(State::Outdated)) => "migrations are missing",
        Ok(Ok(State::TooNew)) => "migrated by a newer version",
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
