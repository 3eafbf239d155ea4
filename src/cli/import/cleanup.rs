//! Removes the files of a SQLite database that a failed import or copy has created.

use std::path::PathBuf;

use database::Location;

use crate::config::Config;

/// The files of the database that did not exist before.
pub(in crate::cli) struct Created(Vec<PathBuf>);

impl Created {
    /// Must be called before the database is opened. Has no files on PostgreSQL or for a database that exists.
    pub(in crate::cli) fn before(config: &Config) -> Self {
        let Location::Sqlite(database) = &config.database_url else {
            return Self(Vec::new());
        };
        if database.exists() {
            return Self(Vec::new());
        }
        let beside = |suffix: &str| {
            let mut name = database.clone().into_os_string();
            name.push(suffix);
            PathBuf::from(name)
        };
        let files = [
            Some(database.clone()),
            Some(beside("-wal")),
            Some(beside("-shm")),
            config.secret_file(),
        ];
        Self(
            files
                .into_iter()
                .flatten()
                .filter(|file| !file.exists())
                .collect(),
        )
    }

    pub(in crate::cli) fn remove(self) {
        for file in self.0 {
            match std::fs::remove_file(&file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    tracing::warn!(%error, file = %file.display(), "a file of the unfinished database was left behind");
                }
                _ => {}
            }
        }
    }
}
