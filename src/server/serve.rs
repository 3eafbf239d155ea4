//! Serves the router until the program stops, then closes the database and the exporter of traces.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use http_server::Program;
use request_telemetry::OpenConnection;
use tokio::net::TcpListener;

use super::router::router;
use crate::error::Result;
use crate::services::Services;

/// The maximum time for the database to close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

impl Program for Services {
    type Connection = OpenConnection;

    fn connection_accepted(&self) -> OpenConnection {
        self.metrics.http.count_connection()
    }

    fn shutdown_started(&self) {
        self.stop();
    }

    /// Waits for WebSockets and the webhook worker, which are not connections of the server.
    async fn wait_until_finished(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Serves until `stop` completes, then lets running requests finish and closes the database.
///
/// # Errors
/// Fails if the router can't be built from the settings.
pub async fn serve(
    services: Arc<Services>,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let router = router(Arc::clone(&services))?;
    http_server::serve(&services, router, listener, stop).await;
    let finish = async {
        if let Some(traces) = &services.traces {
            traces.finish().await;
        }
    };
    let close = tokio::time::timeout(CLOSE_TIMEOUT, services.db.close());
    if futures_util::future::join(close, finish).await.0.is_err() {
        tracing::warn!("the database did not close in time");
    }
    Ok(())
}
