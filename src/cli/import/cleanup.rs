//! Removes the files of a SQLite database that a failed import or copy has created.

use std::path::PathBuf;

use database::Location;

use crate::config::Config;

/// The files that opening a new SQLite database creates.
pub(in crate::cli) struct NewFiles(Vec<PathBuf>);

impl NewFiles {
    /// Lists the files that do not exist. Must be called before the database is opened. The list is empty for PostgreSQL
    /// and for an existing database.
    pub(in crate::cli) fn list(config: &Config) -> Self {
        let Location::Sqlite(database) = &config.database_url else {
            return Self(Vec::new());
        };
        if database.exists() {
            return Self(Vec::new());
        }
        let with_suffix = |suffix: &str| {
            let mut name = database.clone().into_os_string();
            name.push(suffix);
            PathBuf::from(name)
        };
        let files = [
            Some(database.clone()),
            Some(with_suffix("-wal")),
            Some(with_suffix("-shm")),
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
                    tracing::warn!(%error, file = %file.display(), "a file of the incomplete database could not be removed");
                }
                _ => {}
            }
        }
    }
}
