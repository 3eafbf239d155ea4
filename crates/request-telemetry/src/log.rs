//! The log: text or JSON on standard error, filtered by directives as in `RUST_LOG`.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::log_writer::LogWriter;
use crate::record::Record;

/// The format of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Human-readable lines.
    Text,
    /// One JSON object for each line.
    Json,
}

/// Logs panics like other events. The default panic message would not be valid JSON.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(
            request_id = Record::current_id(),
            panic.message = panic.payload_as_str().unwrap_or("not a string"),
            panic.location = panic.location().map(tracing::field::display),
            "a thread panicked"
        );
    }));
}

/// Starts the log of the process. `directives` sets the level of each target; the default is `info`, or `warn` if `quiet`.
/// Directives that can't be parsed are ignored. Panics are logged as one event each, with the id of the request.
pub fn start_log(format: LogFormat, quiet: bool, directives: Option<&str>) {
    let level = if quiet {
        LevelFilter::WARN
    } else {
        LevelFilter::INFO
    };
    let filter = EnvFilter::builder()
        .with_default_directive(level.into())
        .parse_lossy(directives.unwrap_or_default());
    // At `info`, SeaORM logs that there are no migrations to apply. At `debug`, the PostgreSQL driver logs the values of
    // parameters.
    let filter = ["sea_orm_migration=warn", "tokio_postgres=warn"]
        .iter()
        .filter_map(|directive| directive.parse().ok())
        .fold(filter, EnvFilter::add_directive);
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(has_colours())
        .with_writer(LogWriter);
    let result = match format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    if result.is_err() {
        tracing::debug!("a logger is already installed");
    }
    log_panics();
}

/// Whether to use colour codes: on a terminal, unless `NO_COLOR` is set and not empty.
fn has_colours() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Run by the test below in a separate process, because the panic hook is global.
    #[test]
    #[ignore = "run by another test"]
    fn panics() {
        start_log(LogFormat::Json, false, None);
        let result = std::panic::catch_unwind(|| panic!("a panic of this test"));
        assert!(result.is_err());
    }

    #[test]
    fn a_panic_is_one_line_of_the_log() {
        let run = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "log::tests::panics", "--ignored", "--nocapture"])
            .env_remove("RUST_LOG")
            .output()
            .unwrap();
        assert!(run.status.success(), "{run:?}");
        let output = String::from_utf8(run.stderr).unwrap();
        let lines: Vec<_> = output.lines().collect();
        assert_eq!(lines.len(), 1, "{output}");
        let line: serde_json::Value = serde_json::from_str(lines[0]).unwrap();
        assert_eq!(
            (&line["level"], &line["message"]),
            (&"ERROR".into(), &"a thread panicked".into())
        );
        assert_eq!(line["panic.message"], "a panic of this test");
        assert!(line["panic.location"].as_str().unwrap().contains("src/log.rs:"));
    }
}
