//! Output of commands, and error messages.

use std::io::Write as _;
use std::process::ExitCode;

use request_telemetry::flush_log;

use crate::error::{Error, Result};

pub(super) fn fail(message: &str) -> ExitCode {
    flush_log();
    // A closed standard error can't be reported anywhere.
    let _ = writeln!(std::io::stderr(), "stockroom: {message}");
    ExitCode::FAILURE
}

/// Writes a note for the operator to standard error.
pub(super) fn note(message: &str) {
    flush_log();
    // A closed standard error can't be reported anywhere.
    let _ = writeln!(std::io::stderr(), "stockroom: note: {message}");
}

/// Returns an error message for the terminal.
pub(super) fn explain(error: &Error) -> String {
    match error {
        Error::Internal(cause) => format!("{cause:?}"),
        Error::Unavailable(cause) => format!("the database is not available: {cause:?}"),
        Error::NotFound => "no such user".to_owned(),
        Error::Invalid(faults) => faults
            .iter()
            .map(|fault| format!("{}: {}", fault.field, fault.message))
            .collect::<Vec<_>>()
            .join("\n"),
        other => format!("{other:?}"),
    }
}

/// Writes a line to standard output.
pub(super) fn print(line: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{line}").map_err(Error::internal)
}

/// Writes a value to standard output as formatted JSON.
pub(super) fn print_json(value: &serde_json::Value) -> Result<()> {
    print(&serde_json::to_string_pretty(value).map_err(Error::internal)?)
}

/// Returns a number with thousands separators, followed by its unit: `1,000 products`.
pub(super) fn with_unit(count: usize, unit: &str) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1 + unit.len());
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text.push(' ');
    text.push_str(unit);
    text
}
