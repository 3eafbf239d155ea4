//! The log: to the standard error, as text or JSON, as detailed as `RUST_LOG` asks.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::config::LogFormat;
use crate::telemetry::Record;

/// A panic becomes a line like any other, instead of the runtime's own, which no reader of JSON understands.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(
            request_id = Record::current_id(),
            panic.message = panic.payload_as_str().unwrap_or("not a text"),
            panic.location = panic.location().map(tracing::field::display),
            "a panic"
        );
    }));
}

/// Starts to log: what matters, or only what goes wrong.
pub fn start(format: LogFormat, quiet: bool) {
    let level = if quiet {
        LevelFilter::WARN
    } else {
        LevelFilter::INFO
    };
    let filter = EnvFilter::builder()
        .with_default_directive(level.into())
        .from_env_lossy();
    // SeaORM tells of each migration that there is none to apply.
    let filter = ["sea_orm_migration=warn", "sqlx=warn"]
        .iter()
        .filter_map(|directive| directive.parse().ok())
        .fold(filter, EnvFilter::add_directive);
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    if started.is_err() {
        tracing::debug!("somebody else logs already");
    }
    log_panics();
}
