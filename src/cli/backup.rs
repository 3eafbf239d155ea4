//! `stockroom backup`: copies a SQLite database while it is in use. The copy is a consistent snapshot.
//!
//! The copy is written to a temporary file in the same directory and renamed once it is complete and on disk, so that the
//! target is never incomplete. It does not contain the secret key, which is in a file of its own.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use database::Location;
use tempfile::{NamedTempFile, PersistError};

use super::output::print;
use crate::config::Config;
use crate::error::{Error, Result};

#[derive(Args, Debug)]
pub(super) struct Backup {
    /// The path of the copy, which only its owner can read
    file: PathBuf,
    /// Replace an existing file
    #[arg(long)]
    force: bool,
}

pub(super) async fn run(config: &Config, backup: Backup) -> Result<ExitCode> {
    let Location::Sqlite(database) = &config.database_url else {
        return Err(Error::internal(
            "a PostgreSQL database is backed up with its own tools: pg_dump --format=custom --file=FILE --dbname=\"$DATABASE_URL\"",
        ));
    };
    let (database, secret) = (database.clone(), config.secret_file());
    let copying = tokio::task::spawn_blocking(move || copy(&database, secret.as_deref(), &backup));
    copying.await.map_err(Error::internal)?
}

fn copy(database: &Path, secret: Option<&Path>, backup: &Backup) -> Result<ExitCode> {
    let file = &backup.file;
    let failed = |error: io::Error| Error::internal(format!("{} can't be written: {error}", file.display()));
    if !database.exists() {
        return Err(Error::internal(format!("{} does not exist", database.display())));
    }
    let is_same = || Some(database.canonicalize().ok()? == file.canonicalize().ok()?);
    if is_same() == Some(true) {
        return Err(Error::internal("the copy can't replace the database itself"));
    }
    // Checked again when the copy is complete; this check fails before the work.
    if !backup.force && file.exists() {
        return Err(exists(file));
    }
    let begin = Instant::now();
    let directory = match file.parent() {
        Some(directory) if directory != Path::new("") => directory,
        _ => Path::new("."),
    };
    // Readable by the owner only, and removed on failure.
    let copy = NamedTempFile::new_in(directory).map_err(failed)?;
    database::sqlite::copy(database, copy.path())?;
    copy.as_file().sync_all().map_err(failed)?;
    let bytes = copy.as_file().metadata().map_err(failed)?.len();
    let persisted = if backup.force {
        copy.persist(file)
    } else {
        copy.persist_noclobber(file)
    };
    persisted.map_err(|PersistError { error, .. }| match error.kind() {
        ErrorKind::AlreadyExists => exists(file),
        _ => failed(error),
    })?;
    // Makes the rename durable.
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(failed)?;
    let seconds = begin.elapsed().as_secs_f64();
    print(&format!(
        "copied {bytes} bytes to {} in {seconds:.1} s",
        file.display()
    ))?;
    if let Some(secret) = secret.filter(|secret| secret.exists()) {
        print(&format!(
            "The copy does not contain the secret key; back up {} separately.",
            secret.display()
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn exists(file: &Path) -> Error {
    Error::internal(format!("{} exists already; --force replaces it", file.display()))
}
