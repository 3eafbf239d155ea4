//! Reading rows, and the limits of readers.

use std::path::Path;

use database::{Backend, Database, Failure};
use sea_orm::{ConnectionTrait as _, EntityTrait as _, QuerySelect as _, QueryTrait as _, Statement};

use crate::bulk::fill;
use crate::schema::{item, sample_item};
use crate::test_database::TestDatabase;

on_both_databases![
    values_are_read_back_exactly,
    rows_are_found_by_id,
    only_transactions_write
];

async fn values_are_read_back_exactly(db: Database) {
    fill(&db, 2).await;
    let expected = sample_item(1, None);
    let model = db.by_id::<item::Entity>(1).await.expect("a row");
    assert_eq!(model.as_ref(), Some(&expected));
    // SeaORM reads the same values.
    let model = item::Entity::find_by_id(1).one(&db).await.expect("a row");
    assert_eq!(model, Some(expected));
}

async fn rows_are_found_by_id(db: Database) {
    fill(&db, 20).await;
    let ids = async |ids: &[i64]| {
        let rows = db.by_ids::<item::Entity>(ids).await.expect("rows");
        let mut ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(ids(&[]).await, [0_i64; 0]);
    assert_eq!(ids(&[7]).await, [7]);
    assert_eq!(ids(&[99]).await, [0_i64; 0]);
    assert_eq!(ids(&[20, 3, 99, 3]).await, [3, 20]);
    let page = item::Entity::find()
        .order_by_id_desc()
        .limit(2)
        .offset(1)
        .build(db.get_database_backend());
    let page = db.models::<item::Entity>(page).await.expect("rows");
    assert_eq!(page.iter().map(|row| row.id).collect::<Vec<_>>(), [19, 18]);
    let number = |sql: &str| Statement::from_string(db.get_database_backend(), sql);
    assert_eq!(db.number(number("SELECT COUNT(*) FROM item")).await, Ok(20));
    let none = db.number(number("SELECT id FROM item WHERE id = 99")).await;
    assert_eq!(none.map_err(|error| Failure::of(&error)), Err(Failure::Other));
}

async fn only_transactions_write(db: Database) {
    let sql = "INSERT INTO shelf (name) VALUES ('a')";
    let rejected = db.execute_unprepared(sql).await.is_err();
    assert_eq!(rejected, db.backend() == Backend::Sqlite);
    // A statement that returns rows may write, too. SQLite itself rejects it on a reader.
    let returning = Statement::from_string(
        db.get_database_backend(),
        "INSERT INTO shelf (name) VALUES ('b') RETURNING id",
    );
    let result = db.query_all_raw(returning).await.map(|rows| rows.len());
    match db.backend() {
        Backend::Sqlite => assert_eq!(
            result.map_err(|error| Failure::of(&error)),
            Err(Failure::Unavailable)
        ),
        Backend::Postgres => assert_eq!(result, Ok(1)),
    }
}

/// On one thread, a short statement that starts after a long one ends before it.
#[tokio::test]
async fn long_statements_do_not_block_the_runtime() {
    let test_database = TestDatabase::sqlite();
    let db = test_database.open().await;
    let number = |sql: &str| Statement::from_string(db.get_database_backend(), sql);
    let long = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1000000) SELECT COUNT(*) FROM n";
    let ended = std::sync::Mutex::new(Vec::new());
    tokio::join!(
        async {
            assert_eq!(db.number(number(long)).await, Ok(1_000_000));
            ended.lock().expect("a list").push("long");
        },
        async {
            assert_eq!(db.number(number("SELECT 1")).await, Ok(1));
            ended.lock().expect("a list").push("short");
        }
    );
    assert_eq!(*ended.lock().expect("a list"), ["short", "long"]);
}

/// The copy has the committed rows, and is complete without other files.
#[tokio::test]
async fn sqlite_files_are_copied_while_open() {
    let test_database = TestDatabase::sqlite();
    let db = test_database.open().await;
    fill(&db, 30).await;
    let TestDatabase::Sqlite(directory) = &test_database else {
        panic!("another kind of database");
    };
    let copy = directory.path().join("copy.db");
    database::sqlite::backup(&directory.path().join("test.db"), &copy, false).expect("a copy");
    let rows = |file: &Path| {
        let file = rusqlite::Connection::open(file).expect("a file");
        file.query_row("SELECT COUNT(*) FROM item", [], |row| row.get::<_, i64>(0))
            .expect("a count")
    };
    assert_eq!(rows(&copy), 30);
    db.close().await;
}

/// A new file is accessible to its owner only.
#[cfg(unix)]
#[tokio::test]
async fn sqlite_files_are_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let test_database = TestDatabase::sqlite();
    let db = test_database.open().await;
    let TestDatabase::Sqlite(directory) = &test_database else {
        panic!("another kind of database");
    };
    let metadata = std::fs::metadata(directory.path().join("test.db")).expect("a file");
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    db.close().await;
}
