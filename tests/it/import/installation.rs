//! Databases of Django installations: the cases of `crates/django-source/tests/cases`, as SQLite files or in
//! PostgreSQL.

#[expect(clippy::disallowed_methods, reason = "not a setting of the program")]
#[path = "../../../crates/django-source/tests/it/postgres.rs"]
mod postgres;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::test_database::Database;

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/django-source/tests/cases")
}

/// The expected result of a case.
pub fn expected(case: &str) -> Value {
    let text = std::fs::read_to_string(cases().join("expected.json")).expect("expected.json");
    serde_json::from_str::<Value>(&text).expect("JSON")[case].clone()
}

/// One installation with its own file or database.
pub struct Installation {
    file: PathBuf,
    /// Deleted with the installation.
    _directory: TempDir,
    database: Option<postgres::Database>,
}

impl Installation {
    /// The installation of a case; `None` if it needs PostgreSQL and no server is configured.
    pub async fn of(case: &str, kind: Database) -> Option<Self> {
        Self::with_changes(case, kind, "").await
    }

    /// The installation of a case, changed by these statements on SQLite before it is loaded into PostgreSQL.
    pub async fn with_changes(case: &str, kind: Database, sql: &str) -> Option<Self> {
        static ALL_CASES: LazyLock<TempDir> = LazyLock::new(|| {
            let directory = tempfile::tempdir().expect("a directory");
            let script = cases().join("make.py");
            let created = Command::new("python3").arg(script).arg(directory.path()).output();
            assert!(created.expect("python3 runs make.py").status.success());
            directory
        });
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("django.sqlite3");
        std::fs::copy(ALL_CASES.path().join(format!("{case}.sqlite3")), &file).expect("a copy");
        rusqlite::Connection::open(&file)
            .and_then(|source| source.execute_batch(sql))
            .expect("the statements run");
        let database = match kind {
            Database::Sqlite => None,
            Database::Postgres => {
                static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
                let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                Some(postgres::Database::load(&format!("{case}_{number}"), &file).await?)
            }
        };
        Some(Self {
            file,
            _directory: directory,
            database,
        })
    }

    /// The `SOURCE` argument of the command.
    pub fn address(&self) -> String {
        match &self.database {
            Some(database) => database.url(),
            None => self.file.display().to_string(),
        }
    }

    /// The content of the SQLite file; asserts that no other file was left beside it.
    pub fn bytes(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.file.parent().expect("a directory")).expect("a directory");
        assert_eq!(files.count(), 1, "a file was left beside the source");
        std::fs::read(&self.file).expect("the file")
    }

    pub async fn remove(self) {
        if let Some(database) = self.database {
            database.drop().await;
        }
    }
}
