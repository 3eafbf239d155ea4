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

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Part of the test below, in a process of its own: the hook is the whole process'.
    #[test]
    #[ignore = "it is run by another test"]
    fn panics() {
        start(LogFormat::Json, false);
        let panicked = std::panic::catch_unwind(|| panic!("something that never happens"));
        assert!(panicked.is_err());
    }

    #[test]
    fn a_panic_is_one_line_of_the_log() {
        let run = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "cli::telemetry::tests::panics",
                "--ignored",
                "--nocapture",
            ])
            .env_remove("RUST_LOG")
            .output()
            .unwrap();
        assert!(run.status.success(), "{run:?}");
        let said = String::from_utf8(run.stderr).unwrap();
        let lines: Vec<_> = said.lines().collect();
        assert_eq!(lines.len(), 1, "{said}");
        let line: serde_json::Value = serde_json::from_str(lines[0]).unwrap();
        assert_eq!(
            (&line["level"], &line["message"]),
            (&"ERROR".into(), &"a panic".into())
        );
        assert_eq!(line["panic.message"], "something that never happens");
        assert!(
            line["panic.location"]
                .as_str()
                .unwrap()
                .contains("src/cli/telemetry.rs:")
        );
    }
}
