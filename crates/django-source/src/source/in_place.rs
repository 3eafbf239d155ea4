//! Decides whether a SQLite file can be read in place or has to be copied.
//!
//! Opening a database in WAL mode makes SQLite create `-wal` and `-shm` beside it, even for reading. The same happens with
//! a database that has a `-wal` file beside it, regardless of its header. If no process has the database open (there is no
//! `-shm`), its files are copied and the copy is read, so that the folder of the source remains unchanged.

use std::fs::{File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::{Error, Result};

/// The suffixes of files beside a database that contain a part of it.
const LOGS: [&str; 2] = ["-wal", "-journal"];

/// The file to open, and the temporary folder if it is a copy. The folder is removed on drop.
pub(super) struct SourceFile {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    _copy: Option<TempDir>,
}

/// Decides where to read the database, and copies it if necessary.
pub(super) fn find(path: &Path) -> Result<SourceFile> {
    let metadata = std::fs::metadata(path)?;
    // Opening a pipe would wait for its writer.
    if !metadata.is_file() {
        return Err(Error::Address("the source is not a file".to_owned()));
    }
    let mut header = [0; 20];
    let complete = File::open(path)?.read_exact(&mut header).is_ok();
    if !complete || !header.starts_with(b"SQLite format 3\0") {
        return Err(Error::Damaged("it is not a SQLite database".to_owned()));
    }
    // Only the version for reading counts; a damaged file may have a different one for writing.
    let in_wal_mode = header.ends_with(&[2]) || with_suffix(path, "-wal").exists();
    if in_wal_mode && !with_suffix(path, "-shm").exists() {
        // If a program opens the database during the copy, the copy is useless. But then the program has created `-shm`, and
        // reading in place creates no further files.
        for _ in 0..3 {
            if let Some(source) = try_copy(path)? {
                return Ok(source);
            }
        }
    }
    Ok(SourceFile {
        path: path.to_owned(),
        bytes: metadata.len(),
        _copy: None,
    })
}

/// A copy of the database and its logs; `None` if another program opened or changed them during the copy.
fn try_copy(path: &Path) -> Result<Option<SourceFile>> {
    let state = || -> Result<_> {
        let logs = LOGS.map(|log| {
            std::fs::metadata(with_suffix(path, log))
                .ok()
                .map(|log| stamp(&log))
        });
        let is_open = with_suffix(path, "-shm").exists();
        Ok((stamp(&std::fs::metadata(path)?), logs, is_open))
    };
    let initial_state = state()?;
    let folder = tempfile::tempdir()?;
    let copy = folder.path().join("source.sqlite3");
    let bytes = std::fs::copy(path, &copy)?;
    for (log, found) in LOGS.iter().zip(&initial_state.1) {
        if found.is_some() {
            std::fs::copy(with_suffix(path, log), with_suffix(&copy, log))?;
        }
    }
    if initial_state.2 || state()? != initial_state {
        return Ok(None);
    }
    Ok(Some(SourceFile {
        path: copy,
        bytes,
        _copy: Some(folder),
    }))
}

fn stamp(metadata: &Metadata) -> (u64, Option<std::time::SystemTime>) {
    (metadata.len(), metadata.modified().ok())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
