//! Mutations of a database and the files beside it.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::{bytes, rebuild, schema};

pub fn mutate(rng: &mut fastrand::Rng, file: &Path) {
    if rng.u8(..8) == 0 {
        rebuild::rewrite(rng, file);
    }
    if rng.u8(..4) > 0 {
        schema::mutate(rng, file);
    }
    match rng.u8(..10) {
        0 | 1 => leave_log(rng, file),
        2 => leave_journal(rng, file),
        _ => {}
    }
    if rng.u8(..3) > 0 {
        change_bytes(rng, file);
    }
}

fn change_bytes(rng: &mut fastrand::Rng, file: &Path) {
    let mut content = std::fs::read(file).expect("the file");
    bytes::mutate(rng, &mut content);
    std::fs::write(file, content).expect("the file is written");
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Leaves the database and its log as after a crash, with bytes of the log changed. There is no `-shm` file: with it the
/// database would count as open, and SQLite may write to that file.
fn leave_log(rng: &mut fastrand::Rng, file: &Path) {
    let Ok(writer) = Connection::open(file) else {
        return;
    };
    let result = writer.execute_batch("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = OFF; BEGIN");
    if result.is_err() {
        return;
    }
    schema::statements(rng, &writer);
    let _ = writer.execute_batch("COMMIT");
    let log = with_suffix(file, "-wal");
    let content = std::fs::read(file).expect("the file");
    let log_content = std::fs::read(&log).unwrap_or_default();
    drop(writer);
    std::fs::write(file, content).expect("the file is written");
    if rng.u8(..8) > 0 {
        std::fs::write(&log, log_content).expect("the file is written");
        if rng.bool() {
            change_bytes(rng, &log);
        }
    }
}

/// Leaves the rollback journal of an unfinished transaction beside the database, or one with bytes changed.
fn leave_journal(rng: &mut fastrand::Rng, file: &Path) {
    let Ok(writer) = Connection::open(file) else {
        return;
    };
    let result = writer.execute_batch("PRAGMA cache_size = 1; PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE");
    if result.is_err() {
        return;
    }
    schema::statements(rng, &writer);
    let content = std::fs::read(file).expect("the file");
    let journal = std::fs::read(with_suffix(file, "-journal")).unwrap_or_default();
    drop(writer);
    std::fs::write(file, content).expect("the file is written");
    std::fs::write(with_suffix(file, "-journal"), journal).expect("the file is written");
    if rng.bool() {
        change_bytes(rng, &with_suffix(file, "-journal"));
    }
}
