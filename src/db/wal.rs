//! The write-ahead log of SQLite, kept from growing.
//!
//! SQLite writes the log into the file by itself, but begins it anew only at a moment when nobody reads from it. Where
//! reads overlap without a pause there is no such moment, and the log would grow for ever. So when it has grown the
//! writer waits a little for those who read from it: whoever begins in the meantime reads from the file.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::sqlite::Connection;

/// From this size on, in bytes, the log is emptied.
const LONG: u64 = 64 * 1024 * 1024;
/// How long those who read are waited for; nobody can write meanwhile.
const PATIENCE: Duration = Duration::from_millis(250);
/// How often its size is looked at.
const INTERVAL: Duration = Duration::from_secs(2);

/// The log beside a file.
pub struct Wal {
    path: PathBuf,
    long: u64,
    interval: Duration,
    looked_at: Instant,
}

impl Wal {
    /// The log of this file.
    pub fn of(file: &Path) -> Self {
        let mut path = file.as_os_str().to_owned();
        path.push("-wal");
        Self {
            path: path.into(),
            long: LONG,
            interval: INTERVAL,
            looked_at: Instant::now(),
        }
    }

    /// Empties the log if it has grown, to be called now and then between transactions.
    pub fn keep_short(&mut self, connection: &Arc<Mutex<Connection>>) {
        if self.looked_at.elapsed() < self.interval {
            return;
        }
        self.looked_at = Instant::now();
        if std::fs::metadata(&self.path).map_or(0, |log| log.len()) < self.long {
            return;
        }
        let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        match connection.empty_log(PATIENCE) {
            Ok(true) => tracing::debug!("the write-ahead log was emptied"),
            Ok(false) => tracing::debug!("the write-ahead log is being read from and goes on to grow"),
            Err(error) => tracing::warn!(%error, "the write-ahead log could not be emptied"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    const LIMIT: u64 = 1024 * 1024;
    const WRITTEN: u64 = 12 * LIMIT;

    /// Writes while there is always somebody who reads, and says how long the log has become.
    fn log_after_writing(keeps_short: bool) -> u64 {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("test.db");
        let connection = Connection::writer(&file).unwrap();
        connection.run("PRAGMA synchronous = OFF").unwrap();
        connection.run("CREATE TABLE item (words TEXT)").unwrap();
        let connection = Arc::new(Mutex::new(connection));
        let mut wal = Wal {
            long: LIMIT,
            interval: Duration::ZERO,
            ..Wal::of(&file)
        };
        let over = AtomicBool::new(false);
        // One of the two ends only when the other has begun anew, so that there is always one who reads.
        let turn = AtomicUsize::new(0);
        thread::scope(|scope| {
            let (begun, begins) = std::sync::mpsc::channel();
            for own in 0..2 {
                let (file, over, turn, begun) = (&file, &over, &turn, begun.clone());
                scope.spawn(move || {
                    let reader = rusqlite::Connection::open(file).unwrap();
                    let is_over = || over.load(Ordering::SeqCst);
                    let wait_for_turn = || {
                        while turn.load(Ordering::SeqCst) != own && !is_over() {
                            thread::sleep(Duration::from_millis(1));
                        }
                    };
                    wait_for_turn();
                    while !is_over() {
                        reader.execute_batch("BEGIN; SELECT COUNT(*) FROM item").unwrap();
                        let _ = begun.send(());
                        turn.store(1 - own, Ordering::SeqCst);
                        wait_for_turn();
                        reader.execute_batch("COMMIT").unwrap();
                    }
                });
            }
            begins.recv().unwrap();
            let insert = format!("INSERT INTO item VALUES ('{}')", "x".repeat(16 * 1024));
            for _ in 0..WRITTEN / (16 * 1024) {
                connection.lock().unwrap().run(&insert).unwrap();
                if keeps_short {
                    wal.keep_short(&connection);
                }
            }
            over.store(true, Ordering::SeqCst);
        });
        std::fs::metadata(&wal.path).unwrap().len()
    }

    #[test]
    fn the_log_stays_short_while_somebody_always_reads() {
        let (kept, left) = (log_after_writing(true), log_after_writing(false));
        assert!(kept < 4 * LIMIT, "{kept}");
        // Else this would show nothing.
        assert!(left > 8 * LIMIT, "{left}");
    }
}
