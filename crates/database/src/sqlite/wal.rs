//! Bounds the size of SQLite's write-ahead log.
//!
//! SQLite copies the log into the database file on its own, but starts the log over only when no reader is using it. If
//! reads overlap without a pause, that never happens and the log grows without bound. So when the log is long, the writer
//! waits briefly for the readers of the log, while new readers read only the database file.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Connection;

/// The log is truncated when it has reached this size in bytes.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// How long the writer waits for readers. Nothing is written during that time.
const TIMEOUT: Duration = Duration::from_millis(250);
/// The time between two checks of the size.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// The write-ahead log of a database file.
pub(super) struct Wal {
    path: PathBuf,
    max_bytes: u64,
    interval: Duration,
    checked_at: Instant,
}

impl Wal {
    pub(super) fn of(file: &Path) -> Self {
        let mut path = file.as_os_str().to_owned();
        path.push("-wal");
        Self {
            path: path.into(),
            max_bytes: MAX_BYTES,
            interval: CHECK_INTERVAL,
            checked_at: Instant::now(),
        }
    }

    /// Truncates the log if it is long. Must be called between transactions.
    pub(super) fn truncate_if_long(&mut self, connection: &Arc<Mutex<Connection>>) {
        if self.checked_at.elapsed() < self.interval {
            return;
        }
        self.checked_at = Instant::now();
        if std::fs::metadata(&self.path).map_or(0, |log| log.len()) < self.max_bytes {
            return;
        }
        let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        match connection.truncate_wal(TIMEOUT) {
            Ok(true) => tracing::debug!("truncated the write-ahead log"),
            Ok(false) => tracing::debug!("the write-ahead log has readers and was not truncated"),
            Err(error) => tracing::warn!(%error, "could not truncate the write-ahead log"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    const LIMIT: u64 = 1024 * 1024;
    const TOTAL_BYTES: u64 = 12 * LIMIT;

    /// Writes while there is always a reader, and returns the final size of the log.
    fn log_size_after_writing(truncates: bool) -> u64 {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("test.db");
        let connection = Connection::writer(&file).unwrap();
        connection.run("PRAGMA synchronous = OFF").unwrap();
        connection.run("CREATE TABLE item (words TEXT)").unwrap();
        let connection = Arc::new(Mutex::new(connection));
        let mut wal = Wal {
            max_bytes: LIMIT,
            interval: Duration::ZERO,
            ..Wal::of(&file)
        };
        let finished = AtomicBool::new(false);
        // Each of two readers ends only after the other has begun, so that there is always one.
        let turn = AtomicUsize::new(0);
        thread::scope(|scope| {
            let (started_sender, started) = std::sync::mpsc::channel();
            for index in 0..2 {
                let (file, finished, turn, started_sender) =
                    (&file, &finished, &turn, started_sender.clone());
                scope.spawn(move || {
                    let reader = rusqlite::Connection::open(file).unwrap();
                    let is_finished = || finished.load(Ordering::SeqCst);
                    let wait_for_turn = || {
                        while turn.load(Ordering::SeqCst) != index && !is_finished() {
                            thread::sleep(Duration::from_millis(1));
                        }
                    };
                    wait_for_turn();
                    while !is_finished() {
                        reader.execute_batch("BEGIN; SELECT COUNT(*) FROM item").unwrap();
                        let _ = started_sender.send(());
                        turn.store(1 - index, Ordering::SeqCst);
                        wait_for_turn();
                        reader.execute_batch("COMMIT").unwrap();
                    }
                });
            }
            started.recv().unwrap();
            let insert = format!("INSERT INTO item VALUES ('{}')", "x".repeat(16 * 1024));
            for _ in 0..TOTAL_BYTES / (16 * 1024) {
                connection.lock().unwrap().run(&insert).unwrap();
                if truncates {
                    wal.truncate_if_long(&connection);
                }
            }
            finished.store(true, Ordering::SeqCst);
        });
        std::fs::metadata(&wal.path).unwrap().len()
    }

    #[test]
    fn the_log_is_truncated_while_there_is_always_a_reader() {
        let (truncated, untruncated) = (log_size_after_writing(true), log_size_after_writing(false));
        assert!(truncated < 4 * LIMIT, "{truncated}");
        // Without truncation the log is long, which shows that the readers overlap.
        assert!(untruncated > 8 * LIMIT, "{untruncated}");
    }
}
