//! `stockroom serve`: brings the database up to date, then serves until it is told to stop.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::App;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::http;

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
    // With port 0 the system chose one.
    let address = listener.local_addr().map_err(Error::internal)?;
    tracing::info!(%address, database = ?app.db.backend(), "serving");
    let stopping = Arc::clone(&app);
    let stop = async move {
        let notice = asked_to_stop().await;
        tracing::info!("stopping: finishing what runs");
        stopping.stop();
        tokio::time::sleep(notice).await;
    };
    http::serve(app, listener, stop).await?;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// For how long it goes on to serve after SIGTERM, while it says that it is about to leave: `/readyz` to whoever sends
/// the requests here, `Connection: close` to those who have a connection.
const NOTICE: Duration = Duration::from_secs(1);

/// Returns when the program is told to stop, with how long it goes on to serve.
async fn asked_to_stop() -> Duration {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::warn!("signals can't be received; only a kill will end this");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => NOTICE,
        // Somebody sits at the terminal.
        _ = interrupt.recv() => Duration::ZERO,
    }
}
