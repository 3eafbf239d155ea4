//! Copies from SQLite to SQLite: the rows and ids that are copied, and failures that leave the target unchanged.

#![expect(clippy::unwrap_used, reason = "a panic is a failed test")]

use std::path::Path;
use std::sync::Arc;

use database::{Database, Location, Timeouts, Transaction};
use database_copy::{Comparison, Error, Plan, Progress};
use futures_util::FutureExt as _;
use sea_orm::{ConnectionTrait as _, Statement};
use tempfile::TempDir;

const PLAN: Plan = Plan {
    ignored_tables: &["migrations"],
    last_tables: &["epoch"],
    seeded_tables: &["country"],
    summed_columns: &["pages"],
};

/// `book` comes before `writer` in the alphabet and refers to it.
const SCHEMA: &str = "
    CREATE TABLE migrations (name TEXT PRIMARY KEY);
    CREATE TABLE country (code TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE book (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, writer_id INTEGER NOT NULL REFERENCES writer (id),
        title TEXT, pages INTEGER NOT NULL, lent BOOLEAN NOT NULL, bought MOMENT);
    CREATE TABLE writer (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, country TEXT REFERENCES country (code));
    CREATE TABLE epoch (id INTEGER NOT NULL PRIMARY KEY, number INTEGER NOT NULL);
    INSERT INTO country VALUES ('fr', 'France');
";

/// 600 books need three pages. The last one is deleted, so the next id is not the largest plus one.
const ROWS: &str = "
    INSERT INTO migrations VALUES ('of the source');
    INSERT INTO country VALUES ('ie', 'Éire');
    INSERT INTO writer VALUES (3, 'ie'), (7, NULL);
    WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 600)
    INSERT INTO book SELECT n, 7, CASE WHEN n % 2 THEN 'Ulysses ' || n END, n, n % 3 = 0, NULL FROM n;
    DELETE FROM book WHERE id = 600;
    INSERT INTO epoch VALUES (1, 5);
";

fn execute(file: &Path, sql: &str) {
    rusqlite::Connection::open(file)
        .unwrap()
        .execute_batch(sql)
        .unwrap();
}

/// Two databases in a folder, which is removed when the first value is dropped.
async fn pair(source: &str, target: &str) -> (TempDir, Database, Database) {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = Vec::new();
    for (name, sql) in [("source.db", source), ("target.db", target)] {
        let file = folder.path().join(name);
        execute(&file, SCHEMA);
        execute(&file, sql);
        let location = Location::Sqlite(file);
        opened.push(
            Database::open(&location, Timeouts::Unlimited, Arc::new(()))
                .await
                .unwrap(),
        );
    }
    let (target, source) = (opened.pop().unwrap(), opened.pop().unwrap());
    (folder, source, target)
}

async fn number(db: &Database, sql: &str) -> i64 {
    let statement = Statement::from_string(db.backend().into(), sql);
    let row = db.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get("", "number").unwrap()
}

async fn copy(source: &Database, target: &Database, progress: &Progress) -> Result<Vec<Comparison>, Error> {
    let check = |_: &Transaction| async { Ok(()) }.boxed();
    database_copy::run(source, target, PLAN, check, progress).await
}

/// The message of a failed copy. Asserts that the target has only its seeded rows.
async fn expect_error(source: &Database, target: &Database, progress: &Progress) -> String {
    let message = copy(source, target, progress).await.unwrap_err().to_string();
    assert_eq!(number(target, "SELECT COUNT(*) AS number FROM writer").await, 0);
    assert_eq!(number(target, "SELECT COUNT(*) AS number FROM country").await, 1);
    message
}

#[tokio::test(flavor = "multi_thread")]
async fn all_rows_and_ids_are_copied() {
    let (folder, source, target) = pair(ROWS, "INSERT INTO migrations VALUES ('of the target')").await;
    let progress = Progress::default();
    let tables = copy(&source, &target, &progress).await.unwrap();
    let compared: Vec<_> = tables
        .iter()
        .map(|table| (table.table.as_str(), table.target.rows, table.target.last_id))
        .collect();
    // Each table comes after those that it refers to, and `epoch` comes last.
    assert_eq!(
        compared,
        [
            ("country", 2, 0),
            ("writer", 2, 7),
            ("book", 599, 600),
            ("epoch", 1, 0)
        ]
    );
    assert!(tables.iter().all(Comparison::is_equal), "{tables:?}");
    assert_eq!(tables[2].target.quantity.as_deref(), Some("179700"));
    assert_eq!(tables[1].target.quantity, None);
    assert_eq!(progress.status(), ("comparing", 604, 604));

    let same = "SELECT COUNT(*) AS number FROM book WHERE title = 'Ulysses 599' AND pages = 599 AND NOT lent AND id = 599";
    assert_eq!(number(&target, same).await, 1);
    let own = "SELECT COUNT(*) AS number FROM migrations WHERE name = 'of the target'";
    assert_eq!(number(&target, own).await, 1);
    let next = "INSERT INTO book (writer_id, pages, lent) VALUES (3, 1, 0)";
    execute(&folder.path().join("target.db"), next);
    assert_eq!(number(&target, "SELECT MAX(id) AS number FROM book").await, 601);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_copy_changes_nothing() {
    let (_folder, source, target) = pair(ROWS, "INSERT INTO epoch VALUES (1, 1)").await;
    let message = expect_error(&source, &target, &Progress::default()).await;
    assert!(
        message.contains("the target is not empty: it has rows in epoch"),
        "{message}"
    );

    let (_folder, source, target) = pair(ROWS, "").await;
    let progress = Progress::default();
    progress.cancel();
    assert_eq!(expect_error(&source, &target, &progress).await, "cancelled");

    // The caller's check fails, so the seeded rows are not replaced.
    let check = |_: &Transaction| async { Err(Error::Failed("not this one".to_owned())) }.boxed();
    let refused = database_copy::run(&source, &target, PLAN, check, &Progress::default()).await;
    assert_eq!(refused.unwrap_err().to_string(), "not this one");
    assert_eq!(number(&target, "SELECT COUNT(*) AS number FROM country").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn schemas_that_cannot_be_copied_are_refused() {
    for (source_sql, target_sql, expected) in [
        (
            "",
            "ALTER TABLE writer ADD COLUMN born INTEGER",
            "are not the same",
        ),
        (
            "ALTER TABLE writer ADD COLUMN photo BLOB",
            "",
            "writer.photo has a type that can't be copied: BLOB",
        ),
        ("CREATE TABLE note (text TEXT)", "", "note has no primary key"),
        (
            "CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER REFERENCES b (id));
             CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a (id));",
            "",
            "form a cycle",
        ),
    ] {
        let (_folder, source, target) = pair(source_sql, target_sql).await;
        let message = expect_error(&source, &target, &Progress::default()).await;
        assert!(message.contains(expected), "{message}");
    }
}
