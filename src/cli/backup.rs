//! `stockroom backup`: copies a SQLite database while it is in use. The copy is a consistent snapshot.
//!
//! It does not contain the secret key, which is in a separate file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use database::Location;
use database::sqlite::{self, BackupError};

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
    let begin = Instant::now();
    let file = backup.file.clone();
    let task = {
        let (database, file) = (database.clone(), file.clone());
        tokio::task::spawn_blocking(move || sqlite::backup(&database, &file, backup.force))
    };
    let result = task.await.map_err(Error::internal)?;
    let bytes = result.map_err(|error| backup_error(error, database, &file))?;
    let seconds = begin.elapsed().as_secs_f64();
    print(&format!(
        "copied {bytes} bytes to {} in {seconds:.1} s",
        file.display()
    ))?;
    if let Some(secret) = config.secret_file().filter(|secret| secret.exists()) {
        print(&format!(
            "The copy does not contain the secret key; back up {} separately.",
            secret.display()
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn backup_error(error: BackupError, database: &Path, file: &Path) -> Error {
    let (database, file) = (database.display(), file.display());
    Error::internal(match error {
        BackupError::Missing => format!("{database} does not exist"),
        BackupError::Same => "the copy can't replace the database itself".to_owned(),
        BackupError::Exists => format!("{file} exists already; --force replaces it"),
        BackupError::File(error) => format!("{file} can't be written: {error}"),
        BackupError::Database(error) => return error.into(),
    })
}
