//! The databases of `cases/make.py`, written once, and their expected results.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use django_source::{Options, Plan, Progress, Source};
use serde_json::Value;

fn cases() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

/// The file of a case. It is shared by all runs with the same `make.py`, so tests that change it have to copy it.
pub fn path(case: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let script = std::fs::read(cases().join("make.py")).expect("make.py is there");
        let name = format!(
            "cases-{:016x}",
            BuildHasherDefault::<DefaultHasher>::default().hash_one(&script)
        );
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        if !folder.exists() {
            let new = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
            let status = Command::new("python3")
                .arg(cases().join("make.py"))
                .arg(new.path())
                .status();
            assert!(status.expect("python3 runs make.py").success());
            // Fails if another process has created the folder in the meantime, with the same files.
            if std::fs::rename(new.path(), &folder).is_ok() {
                let _ = new.keep();
            }
        }
        folder
    });
    folder.join(format!("{case}.sqlite3"))
}

/// A copy of a case, changed by some statements.
pub fn changed(case: &str, sql: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("source.sqlite3");
    std::fs::copy(path(case), &file).expect("a copy");
    rusqlite::Connection::open(&file)
        .expect("the file opens")
        .execute_batch(&format!("PRAGMA foreign_keys = OFF; {sql}"))
        .expect("the statements run");
    let address = file.display().to_string();
    (folder, address)
}

/// The expected result of a case.
pub fn expected(case: &str) -> Value {
    let text =
        std::fs::read_to_string(cases().join("expected.json")).expect("expected.json is beside make.py");
    let all: Value = serde_json::from_str(&text).expect("expected.json is JSON");
    all[case].clone()
}

/// Options with these flags and a fixed time.
pub fn options(flags: &[&str]) -> Options {
    let mut options = Options::new("2026-11-26T12:00:00Z".parse().expect("a time"));
    for flag in flags {
        options.set(flag).expect("a known flag");
    }
    options
}

/// Opens and checks a source.
pub async fn check(address: &str, flags: &[&str]) -> django_source::Result<Plan> {
    Source::open(address)
        .await?
        .check(options(flags), Progress::default())
        .await
}
