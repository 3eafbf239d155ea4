//! `stockroom serve`: applies missing migrations, then serves until a signal arrives.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use database::Location;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::open::open_migrated;
use crate::app::App;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::services::Services;

pub(super) async fn serve(config: Config) -> Result<ExitCode> {
    let stop = Stop::listen()?;
    require_writable(&config.database_url)?;
    let services = open_migrated(config).await?;
    let listener = listen(services.config.bind).await?;
    // If the configured port is 0, the kernel has chosen one.
    let address = listener.local_addr().map_err(Error::internal)?;
    tracing::info!(%address, database = ?services.db.backend(), "serving");
    run_until_stopped(services, listener, stop).await
}

/// Checks that a SQLite file, the files of its log beside it, and their directory can be written. Otherwise SQLite would open
/// it read-only, and every change would fail.
///
/// # Errors
/// Fails if one of these files exists but can't be written, or if no file can be created in the directory of an existing
/// database.
fn require_writable(location: &Location) -> Result<()> {
    let Location::Sqlite(file) = location else {
        return Ok(());
    };
    let with_suffix = |suffix: &str| {
        let mut name = file.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let not_writable = |path: &Path, error: &std::io::Error| {
        let (file, path) = (file.display(), path.display());
        Err(Error::internal(format!(
            "the database {file} can't be written: {path}: {error}"
        )))
    };
    let mut exists = false;
    for path in [file.clone(), with_suffix("-wal"), with_suffix("-shm")] {
        match OpenOptions::new().append(true).open(&path) {
            Ok(_) => exists = true,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return not_writable(&path, &error),
        }
    }
    // If the database or its directory does not exist, creating the database reports the error.
    let probe = with_suffix(&format!("-probe-{}", std::process::id()));
    match OpenOptions::new().write(true).create_new(true).open(&probe) {
        Err(error) if exists => not_writable(file.parent().unwrap_or(file), &error),
        Err(_) => Ok(()),
        Ok(_) => std::fs::remove_file(&probe).map_err(Error::internal),
    }
}

/// Binds the address. From then on clients can connect; their requests wait until the program serves.
pub(super) async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        Error::internal(match error.kind() {
            ErrorKind::AddrInUse => {
                let mut other = address;
                other.set_port(address.port().checked_add(1).unwrap_or(8000));
                format!(
                    "{address} is in use by another program; choose another address, such as BIND={other}"
                )
            }
            _ => format!("can't listen on {address}: {error}"),
        })
    })
}

/// Serves until a signal arrives, then lets running requests finish.
pub(super) async fn run_until_stopped(
    services: Arc<Services>,
    listener: TcpListener,
    stop: Stop,
) -> Result<ExitCode> {
    raise_file_limit();
    let app = App::new(Arc::clone(&services))?;
    app.start_workers().await?;
    let notice = Duration::from_secs(services.config.shutdown_notice);
    let mut stop = stop;
    let stop = async move {
        let notice = if stop.next().await.needs_notice() {
            notice
        } else {
            Duration::ZERO
        };
        services.stop();
        tracing::info!(
            notice_s = notice.as_secs(),
            "stopping; running requests can finish"
        );
        // A second signal ends the wait.
        tokio::select! {
            () = tokio::time::sleep(notice) => {}
            _ = stop.next() => {}
        }
    };
    app.serve(listener, stop).await?;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Raises the limit of open files as far as allowed. Every connection is an open file, and the default is often 1,024.
fn raise_file_limit() {
    match rlimit::increase_nofile_limit(MAX_FILES) {
        Ok(files) => tracing::debug!(files, "raised the limit of open files"),
        Err(error) => tracing::warn!(%error, "the limit of open files can't be raised"),
    }
}

/// More files than the connections and the rest of the program need.
const MAX_FILES: u64 = 65_536;

/// The signals that stop the program.
pub(super) struct Stop {
    terminate: Signal,
    interrupt: Signal,
    /// SIGHUP, sent when the terminal is closed. `None` if it was ignored when the program was started, as with `nohup`.
    hang_up: Option<Signal>,
}

impl Stop {
    /// Starts to handle the signals, so that they do not terminate the process themselves.
    pub(super) fn listen() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(Error::internal)?,
            interrupt: signal(SignalKind::interrupt()).map_err(Error::internal)?,
            hang_up: if ignores_hang_up() {
                None
            } else {
                Some(signal(SignalKind::hangup()).map_err(Error::internal)?)
            },
        })
    }

    async fn next(&mut self) -> StopSignal {
        let hang_up = async {
            match &mut self.hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => StopSignal::Terminate,
            _ = hang_up => StopSignal::Terminate,
            _ = self.interrupt.recv() => StopSignal::Interrupt,
        }
    }
}

/// A signal that stops the program.
enum StopSignal {
    /// SIGTERM or SIGHUP.
    Terminate,
    /// Ctrl-C in a terminal.
    Interrupt,
}

impl StopSignal {
    /// Whether load balancers get time to notice the shutdown before connections are refused. Ctrl-C is pressed in a terminal,
    /// where there are no load balancers.
    const fn needs_notice(&self) -> bool {
        matches!(self, Self::Terminate)
    }
}

/// Whether SIGHUP is ignored, according to the bit mask `SigIgn` in proc(5). Without `/proc`, it counts as not ignored.
fn ignores_hang_up() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // The lowest bit is signal 1, which is SIGHUP.
    mask.is_some_and(|mask| mask & 1 == 1)
}
