//! `stockroom serve`: brings the database up to date, then serves until it is told to stop.

use std::process::ExitCode;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::App;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::{http, webhooks};

/// Runs the command.
pub async fn serve(config: Config) -> Result<ExitCode> {
    let app = super::open_migrated(config).await?;
    listen(app).await
}

/// Listens on the configured address until SIGTERM or SIGINT.
pub async fn listen(app: Arc<App>) -> Result<ExitCode> {
    let listener = TcpListener::bind(app.config.bind)
        .await
        .map_err(|error| Error::internal(format!("can't listen on {}: {error}", app.config.bind)))?;
    tracing::info!(address = %app.config.bind, database = ?app.db.backend(), "serving");
    webhooks::start(&app).await?;
    let stopping = Arc::clone(&app);
    let stop = async move {
        asked_to_stop().await;
        tracing::info!("stopping: finishing what runs");
        stopping.stop();
    };
    http::serve(app, listener, stop).await?;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

async fn asked_to_stop() {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::warn!("signals can't be received; only a kill will end this");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
