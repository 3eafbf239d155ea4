//! Writes the log to standard error. Busy workers of the runtime write several lines with one system call.
//!
//! A line logged by a worker waits in memory until a worker has nothing to do and parks, or 4 KiB are waiting. Warnings, errors
//! and lines of other threads are written immediately, after the lines that wait, so that the order is kept.

use std::cell::Cell;
use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// The maximum size of the waiting lines in bytes; a single line may be longer. Linux writes this much to a pipe atomically
/// (`PIPE_BUF`), so the lines of several processes do not mix.
const MAX_WAITING: usize = 4 * 1024;

static WAITING: Mutex<Vec<u8>> = Mutex::new(Vec::new());

thread_local! {
    /// Whether the thread is a worker that calls [`flush_log_on_park`].
    static FLUSHES_ON_PARK: Cell<bool> = const { Cell::new(false) };
}

/// Writes the lines that wait in memory. Call it before the process ends, and before writing to standard error by other means.
pub fn flush_log() {
    write_waiting(&mut waiting());
}

/// Writes the lines that wait in memory, and lets later lines of this thread wait. Pass it to
/// [`tokio::runtime::Builder::on_thread_park`]; without it, every line is written immediately.
///
/// Not for runtimes whose tasks call [`tokio::task::block_in_place`]: their threads can log without parking again.
pub fn flush_log_on_park() {
    FLUSHES_ON_PARK.set(true);
    match WAITING.try_lock() {
        Ok(mut waiting) => write_waiting(&mut waiting),
        Err(TryLockError::Poisoned(poisoned)) => write_waiting(&mut poisoned.into_inner()),
        // Another thread is writing these lines, or is a worker that will park. If it is blocked by a full pipe, this worker
        // must be able to go on serving.
        Err(TryLockError::WouldBlock) => {}
    }
}

fn waiting() -> MutexGuard<'static, Vec<u8>> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// If standard error can't be written, the lines are lost: there is nowhere else to report it.
fn write_waiting(waiting: &mut Vec<u8>) {
    if !waiting.is_empty() {
        let _ = io::stderr().write_all(waiting);
        waiting.clear();
    }
}

/// Makes a writer for each event.
pub(crate) struct LogWriter;

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = EventWriter;

    fn make_writer(&'a self) -> EventWriter {
        EventWriter { may_wait: false }
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> EventWriter {
        EventWriter {
            may_wait: *event.level() > Level::WARN && FLUSHES_ON_PARK.get(),
        }
    }
}

/// Writes the line of one event, which arrives in a single call.
pub(crate) struct EventWriter {
    may_wait: bool,
}

impl Write for EventWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = waiting();
        if waiting.len() + line.len() > MAX_WAITING {
            write_waiting(&mut waiting);
        }
        waiting.extend_from_slice(line);
        if !self.may_wait {
            write_waiting(&mut waiting);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        flush_log();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::log::{LogFormat, start_log};

    /// Run by the test below in a separate process, because the log is global.
    #[test]
    #[ignore = "run by another test"]
    fn waits_and_aborts() {
        start_log(LogFormat::Json, false, None);
        flush_log_on_park();
        tracing::info!("before the warning");
        tracing::warn!("a warning");
        tracing::info!("before another thread");
        std::thread::spawn(|| tracing::info!("another thread"))
            .join()
            .unwrap();
        tracing::info!("before parking");
        flush_log_on_park();
        for line in 0..100 {
            tracing::info!(line, long = "x".repeat(1_000), "too long to wait together");
        }
        std::process::abort();
    }

    #[test]
    fn lines_are_written_in_order_with_warnings_and_before_parking() {
        let run = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "log_writer::tests::waits_and_aborts",
                "--ignored",
                "--nocapture",
            ])
            .env_remove("RUST_LOG")
            .output()
            .unwrap();
        let output = String::from_utf8(run.stderr).unwrap();
        let lines: Vec<serde_json::Value> = output
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let messages: Vec<_> = lines
            .iter()
            .map(|line| line["message"].as_str().unwrap())
            .collect();
        let (short, long) = messages.split_at(5);
        assert_eq!(
            short,
            [
                "before the warning",
                "a warning",
                "before another thread",
                "another thread",
                "before parking"
            ]
        );
        // The last ones were still waiting when the process was aborted.
        assert!((96..100).contains(&long.len()), "{}", long.len());
        assert!(long.iter().all(|message| *message == "too long to wait together"));
        assert!(
            lines[5..]
                .iter()
                .enumerate()
                .all(|(index, line)| line["line"] == index)
        );
    }
}
