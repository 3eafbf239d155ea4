//! `stockroom serve`: brings the database up to date, then serves until it is told to stop.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::app::App;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::services::Services;

/// Runs the command.
pub async fn serve(config: Config) -> Result<ExitCode> {
    let stop = Stop::hear()?;
    let services = super::open_migrated(config).await?;
    let listener = listen(services.config.bind).await?;
    // With port 0 the system chose one.
    let address = listener.local_addr().map_err(Error::internal)?;
    tracing::info!(%address, database = ?services.db.backend(), "serving");
    answer(services, listener, stop).await
}

/// Listens on an address: from here on clients connect and wait.
pub async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        Error::internal(match error.kind() {
            ErrorKind::AddrInUse => {
                let mut other = address;
                other.set_port(address.port().checked_add(1).unwrap_or(8000));
                format!("{address} is taken by another program; choose another address, such as BIND={other}")
            }
            _ => format!("can't listen on {address}: {error}"),
        })
    })
}

/// Serves until a signal asks the program to stop.
pub async fn answer(services: Arc<Services>, listener: TcpListener, stop: Stop) -> Result<ExitCode> {
    open_many_files();
    let app = App::new(Arc::clone(&services))?;
    app.start_workers().await?;
    let stop = async move {
        let notice = stop.asked().await;
        services.stop();
        tracing::info!("stopping: finishing what runs");
        tokio::time::sleep(notice).await;
    };
    app.serve(listener, stop).await?;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Each connection is an open file, and many systems begin with 1,024: takes as many as there may be.
fn open_many_files() {
    match rlimit::increase_nofile_limit(FILES) {
        Ok(files) => tracing::debug!(files, "so many files may be open"),
        Err(error) => tracing::warn!(%error, "the limit of open files stays as it is"),
    }
}

/// As many files as are of use: connections, and what else is open.
const FILES: u64 = 65_536;

/// For how long it goes on to serve after SIGTERM, while it says that it is about to leave: `/readyz` to whoever sends
/// the requests here, `Connection: close` to those who have a connection.
const NOTICE: Duration = Duration::from_secs(1);

/// The signals that ask the program to end.
pub struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    /// From here on the signals are kept for [`Stop::asked`] and no longer end the program by themselves.
    pub fn hear() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(Error::internal)?,
            interrupt: signal(SignalKind::interrupt()).map_err(Error::internal)?,
        })
    }

    /// Returns when the program is told to stop, with how long it goes on to serve.
    async fn asked(mut self) -> Duration {
        tokio::select! {
            _ = self.terminate.recv() => NOTICE,
            // Somebody sits at the terminal.
            _ = self.interrupt.recv() => Duration::ZERO,
        }
    }
}
