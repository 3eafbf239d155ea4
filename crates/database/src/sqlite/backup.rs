//! Copies a database that is in use. An incomplete copy is removed.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

use sea_orm::DbErr;
use tempfile::{NamedTempFile, PersistError};

use super::Connection;

/// The reason why a backup failed. An existing file at its path is unchanged.
#[derive(Debug)]
pub enum BackupError {
    /// There is no database to copy.
    Missing,
    /// The backup would replace the database itself.
    Same,
    /// The file exists, and replacing it was not requested.
    Exists,
    /// The file can't be written.
    File(io::Error),
    /// The database can't be read.
    Database(DbErr),
}

/// Copies the state of a database at one moment, while other connections continue to read and write it. Returns the size in
/// bytes once the copy is on disk.
///
/// The copy is written to a temporary file in the same directory and renamed once it is complete. Only its owner can read it.
/// Blocks the calling thread.
///
/// # Errors
/// When the database does not exist, when `file` exists and `replace` is false, or when one of the two can't be used.
pub fn backup(database: &Path, file: &Path, replace: bool) -> Result<u64, BackupError> {
    if !database.exists() {
        return Err(BackupError::Missing);
    }
    let is_same = || Some(database.canonicalize().ok()? == file.canonicalize().ok()?);
    if is_same() == Some(true) {
        return Err(BackupError::Same);
    }
    // This is checked again when the copy is complete. Failing here saves the time for copying.
    if !replace && file.exists() {
        return Err(BackupError::Exists);
    }
    let directory = match file.parent() {
        Some(directory) if directory != Path::new("") => directory,
        _ => Path::new("."),
    };
    // Readable by the owner only, and removed on failure.
    let copy = NamedTempFile::new_in(directory).map_err(BackupError::File)?;
    Connection::copy(database, copy.path()).map_err(BackupError::Database)?;
    copy.as_file().sync_all().map_err(BackupError::File)?;
    let bytes = copy.as_file().metadata().map_err(BackupError::File)?.len();
    let persisted = if replace {
        copy.persist(file)
    } else {
        copy.persist_noclobber(file)
    };
    persisted.map_err(|PersistError { error, .. }| match error.kind() {
        ErrorKind::AlreadyExists => BackupError::Exists,
        _ => BackupError::File(error),
    })?;
    // Makes the rename durable.
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(BackupError::File)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(file: &Path) -> i64 {
        let file = rusqlite::Connection::open(file).unwrap();
        file.query_row("SELECT SUM(n) FROM number", [], |row| row.get(0))
            .unwrap()
    }

    #[test]
    fn a_file_is_replaced_only_on_request() {
        let folder = tempfile::tempdir().unwrap();
        let (database, copy) = (folder.path().join("a.db"), folder.path().join("b.db"));
        assert!(matches!(
            backup(&database, &copy, false),
            Err(BackupError::Missing)
        ));
        let open = rusqlite::Connection::open(&database).unwrap();
        open.execute_batch(
            "PRAGMA journal_mode = wal; CREATE TABLE number (n INTEGER); INSERT INTO number VALUES (5)",
        )
        .unwrap();

        let bytes = backup(&database, &copy, false).unwrap();
        assert_eq!((bytes, sum(&copy)), (copy.metadata().unwrap().len(), 5));
        open.execute_batch("INSERT INTO number VALUES (6)").unwrap();
        assert!(matches!(
            backup(&database, &copy, false),
            Err(BackupError::Exists)
        ));
        assert_eq!(sum(&copy), 5);
        backup(&database, &copy, true).unwrap();
        assert_eq!(sum(&copy), 11);

        assert!(matches!(
            backup(&database, &database, true),
            Err(BackupError::Same)
        ));
        let nowhere = folder.path().join("nowhere/c.db");
        assert!(matches!(
            backup(&database, &nowhere, true),
            Err(BackupError::File(_))
        ));
        let names = std::fs::read_dir(folder.path()).unwrap();
        let leftovers = names.filter(|entry| {
            !entry
                .as_ref()
                .unwrap()
                .file_name()
                .to_str()
                .unwrap()
                .contains(".db")
        });
        assert_eq!(leftovers.count(), 0);
    }
}
