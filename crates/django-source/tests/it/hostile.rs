//! Malicious files, files with a concurrent writer, and files that are not databases.

use std::path::{Path, PathBuf};

use django_source::{CheckResult, Error, Progress, Source};
use rusqlite::Connection;

use crate::collected::Collected;
use crate::databases::{check, options, path};

struct Copy {
    _folder: tempfile::TempDir,
    file: PathBuf,
}

impl Copy {
    fn of(case: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("source.sqlite3");
        std::fs::copy(path(case), &file).expect("a copy");
        Self {
            _folder: folder,
            file,
        }
    }

    fn after(case: &str, sql: &str) -> Self {
        let copy = Self::of(case);
        copy.connect()
            .execute_batch(&format!("PRAGMA foreign_keys = OFF; {sql}"))
            .expect("the statements run");
        copy
    }

    fn connect(&self) -> Connection {
        Connection::open(&self.file).expect("the file opens")
    }

    fn address(&self) -> String {
        self.file.display().to_string()
    }

    /// The names and bytes of all files in its folder.
    fn folder(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let entries = std::fs::read_dir(self.file.parent().expect("a folder")).expect("the folder");
        let mut files: Vec<_> = entries
            .map(|entry| entry.expect("an entry").path())
            .map(|path| (path.clone(), std::fs::read(path).expect("the file")))
            .collect();
        files.sort();
        files
    }
}

async fn error_of(address: &str) -> Error {
    match check(address, &[]).await {
        Ok(plan) => panic!("{:?}", plan.report().result),
        Err(error) => error,
    }
}

#[tokio::test]
async fn other_files_are_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: &[u8]| {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).expect("the file can be written");
        file.display().to_string()
    };
    assert!(matches!(error_of(&write("empty", b"")).await, Error::Damaged(_)));
    assert!(matches!(
        error_of(&write("text", &[b'x'; 9000])).await,
        Error::Damaged(_)
    ));
    assert!(matches!(
        error_of(&write("header", b"SQLite format 3\0 and no more than that")).await,
        Error::Damaged(_)
    ));
    assert!(matches!(
        error_of(&folder.path().join("absent").display().to_string()).await,
        Error::Io(_)
    ));
    assert!(matches!(
        error_of(&folder.path().display().to_string()).await,
        Error::Address(_)
    ));
    assert!(matches!(error_of("mysql://shop").await, Error::Address(_)));
    let error = error_of("postgres://shop:se:cret@nowhere.invalid:x/shop")
        .await
        .to_string();
    assert!(!error.contains("cret"), "{error}");
}

#[tokio::test]
async fn reading_a_file_in_wal_mode_does_not_change_its_folder() {
    let copy = Copy::after(
        "01_documented",
        "PRAGMA journal_mode = WAL; UPDATE brands_brand SET name = 'Changed' WHERE id = 1",
    );
    let before = copy.folder();
    assert_eq!(before.len(), 1, "closing the database removes the log");
    let rows = Collected::of(check(&copy.address(), &[]).await.expect("the source can be read"))
        .await
        .expect("rows");
    assert_eq!(rows.cell("brand", 1, "name"), "Changed");
    assert!(copy.folder() == before);
}

#[tokio::test]
async fn reading_other_header_versions_does_not_change_the_folder() {
    for versions in [[1, 2], [2, 4], [1, 1]] {
        let copy = Copy::after("01_documented", "PRAGMA journal_mode = WAL");
        let writer = copy.connect();
        writer
            .execute_batch("UPDATE brands_brand SET name = 'In the log' WHERE id = 1")
            .expect("an update");
        let crashed = Copy::of("01_documented");
        let mut bytes = std::fs::read(&copy.file).expect("the file");
        bytes[18..20].copy_from_slice(&versions);
        std::fs::write(&crashed.file, bytes).expect("the file is written");
        let log = |file: &Path| PathBuf::from(format!("{}-wal", file.display()));
        std::fs::copy(log(&copy.file), log(&crashed.file)).expect("a copy");
        let before = crashed.folder();
        // SQLite rejects unknown versions.
        match check(&crashed.address(), &[]).await {
            Ok(plan) => {
                let rows = Collected::of(plan).await.expect("rows");
                assert_eq!(rows.cell("brand", 1, "name"), "In the log");
            }
            Err(error) => assert!(
                versions == [2, 4] && matches!(error, Error::Damaged(_)),
                "{error:?}"
            ),
        }
        assert!(crashed.folder() == before, "{versions:?}");
    }
}

#[tokio::test]
async fn the_log_of_a_crash_is_read_and_kept() {
    let copy = Copy::after("01_documented", "PRAGMA journal_mode = WAL");
    let writer = copy.connect();
    writer
        .execute_batch("UPDATE brands_brand SET name = 'In the log' WHERE id = 1")
        .expect("an update");
    // The files as a crash leaves them, in another folder.
    let crashed = Copy::of("01_documented");
    std::fs::copy(&copy.file, &crashed.file).expect("a copy");
    let log = |file: &Path| PathBuf::from(format!("{}-wal", file.display()));
    std::fs::copy(log(&copy.file), log(&crashed.file)).expect("a copy");
    let before = crashed.folder();
    let rows = Collected::of(
        check(&crashed.address(), &[])
            .await
            .expect("the source can be read"),
    )
    .await
    .expect("rows");
    assert_eq!(rows.cell("brand", 1, "name"), "In the log");
    assert!(crashed.folder() == before);
}

#[tokio::test]
async fn a_concurrent_writer_does_not_affect_reading() {
    let copy = Copy::after("01_documented", "PRAGMA journal_mode = WAL");
    let writer = copy.connect();
    writer
        .execute_batch("UPDATE products_product SET title = 'Before' WHERE id = 1")
        .expect("an update");
    let source = Source::open(&copy.address()).await.expect("the source opens");
    writer
        .execute_batch("UPDATE products_product SET title = 'After' WHERE id = 1")
        .expect("an update");
    let plan = source
        .check(options(&[]), Progress::default())
        .await
        .expect("the source can be read");
    writer
        .execute_batch("DELETE FROM inflows_inflow")
        .expect("a deletion");
    let rows = Collected::of(plan).await.expect("rows");
    assert_eq!(rows.cell("product", 1, "title"), "Before");
    assert_eq!(rows.inflows.len(), 2);
}

#[tokio::test]
async fn a_lock_that_is_not_released_is_an_error() {
    let copy = Copy::of("01_documented");
    let writer = copy.connect();
    writer.execute_batch("BEGIN EXCLUSIVE").expect("a transaction");
    assert!(matches!(error_of(&copy.address()).await, Error::Busy));
}

#[tokio::test]
async fn the_journal_of_a_crash_is_an_error() {
    let copy = Copy::of("01_documented");
    let writer = copy.connect();
    let sql = "PRAGMA cache_size = 1; BEGIN; UPDATE auth_permission SET name = hex(randomblob(100)); UPDATE brands_brand SET name = 'x'";
    writer.execute_batch(sql).expect("a transaction");
    let crashed = Copy::of("01_documented");
    let journal = |file: &Path| PathBuf::from(format!("{}-journal", file.display()));
    std::fs::copy(&copy.file, &crashed.file).expect("a copy");
    std::fs::copy(journal(&copy.file), journal(&crashed.file)).expect("a copy");
    let before = crashed.folder();
    let error = error_of(&crashed.address()).await;
    assert!(matches!(error, Error::HotJournal), "{error:?}");
    assert!(crashed.folder() == before);
}

#[tokio::test]
async fn views_are_not_read() {
    let sql = "CREATE TABLE t AS SELECT * FROM brands_brand; DROP TABLE brands_brand;
        CREATE VIEW brands_brand AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n)
        SELECT id, 'x' AS name, '' AS description, '2024-01-01' AS created_at, '2024-01-01' AS updated_at FROM n";
    let copy = Copy::after("01_documented", sql);
    let plan = check(&copy.address(), &[]).await.expect("the source can be read");
    assert_eq!(plan.report().result, CheckResult::Refuse);
    let because = serde_json::to_value(&plan.report().because).expect("JSON");
    assert_eq!(
        because,
        serde_json::json!([{"code": "no_table", "roles": ["brand"]}])
    );
}

#[tokio::test]
async fn generated_columns_are_not_evaluated() {
    let sql = "ALTER TABLE brands_brand ADD COLUMN tax AS (instr(hex(zeroblob(3000000)), hex(zeroblob(1500000)) || '1'))";
    let copy = Copy::after("01_documented", sql);
    let start = std::time::Instant::now();
    let result = check(&copy.address(), &[]).await;
    assert!(start.elapsed().as_secs() < 20);
    assert!(result.is_ok_and(|plan| plan.report().result == CheckResult::Import));
}

#[tokio::test]
async fn an_oversized_text_is_an_error() {
    let copy = Copy::after(
        "01_documented",
        "UPDATE brands_brand SET description = hex(zeroblob(5000000)) WHERE id = 2",
    );
    let error = error_of(&copy.address()).await;
    assert!(matches!(error, Error::TooLong { .. }), "{error:?}");
}

#[tokio::test]
async fn values_of_a_wrong_type_are_findings() {
    let sql = "UPDATE products_product SET quantity = 'many' WHERE id = 1; UPDATE products_product SET quantity = 2.5 WHERE id = 2;
        UPDATE products_product SET cost_price = x'00ff' WHERE id = 4; UPDATE brands_brand SET created_at = 20240506 WHERE id = 1;
        UPDATE brands_brand SET name = x'4e6fff' WHERE id = 2; UPDATE outflows_outflow SET product_id = 'one'";
    let copy = Copy::after("01_documented", sql);
    let plan = check(&copy.address(), &[]).await.expect("the source can be read");
    let findings: Vec<_> = plan
        .report()
        .findings
        .iter()
        .map(|found| (found.code, found.table, found.ids.clone()))
        .collect();
    assert_eq!(
        findings,
        [
            ("dangling_reference", "outflow", vec![1]),
            ("unreadable_price", "product", vec![4]),
            ("unreadable_quantity", "product", vec![1, 2]),
            ("unreadable_time", "brand", vec![1]),
        ]
    );
    let note = plan
        .report()
        .notes
        .iter()
        .find(|note| note.code == "texts_mended")
        .expect("a note");
    assert_eq!(
        (note.items[0].name.as_str(), &note.items[0].ids),
        ("brand.name", &vec![2])
    );
}

#[tokio::test]
async fn a_cancelled_check_ends() {
    let progress = Progress::default();
    progress.cancel();
    let source = Source::open(&path("01_documented").display().to_string())
        .await
        .expect("the source opens");
    let result = source.check(options(&[]), progress).await;
    assert!(matches!(result, Err(Error::Cancelled)));
}

#[tokio::test]
async fn reading_ends_when_the_rows_are_dropped() {
    let plan = check(&path("01_documented").display().to_string(), &[])
        .await
        .expect("the source can be read");
    let rows = plan.rows();
    assert!(matches!(rows.finish().await, Err(Error::Cancelled)));
}
