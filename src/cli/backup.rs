//! `stockroom backup`: a copy of a SQLite database, as it is at one moment, while others work with it.
//!
//! The copy is written beside its place and put there when it is whole and on the disk, so under that name there is never
//! half a copy. It holds the data and not the secret key, which is a file of its own.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use database::Location;
use tempfile::{NamedTempFile, PersistError};

use crate::config::Config;
use crate::error::{Error, Result};

/// The command's flags.
#[derive(Args, Debug)]
pub struct Backup {
    /// Where the copy goes; only its owner can read it
    file: PathBuf,
    /// Replace a file that is there already
    #[arg(long)]
    force: bool,
}

/// Runs the command.
pub async fn run(config: &Config, backup: Backup) -> Result<ExitCode> {
    let Location::Sqlite(database) = &config.database_url else {
        return Err(Error::internal(
            "PostgreSQL has tools of its own for this: pg_dump --format=custom --file=FILE --dbname=\"$DATABASE_URL\"",
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
        return Err(Error::internal(format!("there is no {}", database.display())));
    }
    let is_same = || Some(database.canonicalize().ok()? == file.canonicalize().ok()?);
    if is_same() == Some(true) {
        return Err(Error::internal("a database is no copy of itself"));
    }
    // Long before it is found out again at the end.
    if !backup.force && file.exists() {
        return Err(taken(file));
    }
    let begin = Instant::now();
    let directory = match file.parent() {
        Some(directory) if directory != Path::new("") => directory,
        _ => Path::new("."),
    };
    // Only the owner may read it from the beginning, and it goes when something fails.
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
        ErrorKind::AlreadyExists => taken(file),
        _ => failed(error),
    })?;
    // The name is as durable as the copy.
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(failed)?;
    let seconds = begin.elapsed().as_secs_f64();
    super::print(&format!("{}: {bytes} bytes in {seconds:.1} s", file.display()))?;
    if let Some(secret) = secret.filter(|secret| secret.exists()) {
        super::print(&format!(
            "The secret key is not in it; keep a copy of {} elsewhere.",
            secret.display()
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn taken(file: &Path) -> Error {
    Error::internal(format!(
        "{} is there already; --force replaces it",
        file.display()
    ))
}
