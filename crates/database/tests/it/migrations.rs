//! Migrations: all or none, and one process at a time.

use std::sync::Arc;
use std::time::Duration;

use database::Database;
use database::migrations::{COMPATIBLE, State};
use futures_util::FutureExt as _;
use sea_orm::{ConnectionTrait as _, DbErr, Statement};
use tokio::sync::Notify;

use crate::schema::{BrokenMigrator, LOCK, Migrator};
use crate::test_database::TestDatabase;

async fn applied(db: &Database) -> Vec<(String, bool)> {
    let migrations = db.migrations::<BrokenMigrator>().await.expect("a list");
    migrations
        .into_iter()
        .map(|migration| (migration.name, migration.state == State::Applied))
        .collect()
}

fn expected(applied: [bool; 3]) -> Vec<(String, bool)> {
    let names = ["m1_shelves", "m2_items", "m3_broken"].map(str::to_owned);
    names.into_iter().zip(applied).collect()
}

on_both_databases![
    a_failed_migration_changes_nothing,
    migrations_are_reverted,
    migrations_of_newer_programs_are_listed,
];

async fn migrations_of_newer_programs_are_listed(db: Database) {
    let execute = async |sql: &str| {
        let sql = sql.to_owned();
        db.transaction(Arc::new(()), move |tx| {
            let sql = sql.clone();
            async move { tx.execute_unprepared(&sql).await.map(|_| ()) }.boxed()
        })
        .await
        .expect("no error");
    };
    let newer = async || {
        let migrations = db.migrations::<Migrator>().await.expect("a list");
        migrations
            .into_iter()
            .skip(2)
            .map(|migration| (migration.name, migration.state))
            .collect::<Vec<_>>()
    };
    assert_eq!(newer().await, []);
    execute("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9_b', 1), ('m9_a', 1)").await;
    let named = |a, b| vec![("m9_a".to_owned(), a), ("m9_b".to_owned(), b)];
    assert_eq!(newer().await, named(State::Unknown, State::Unknown));
    execute(&format!("CREATE TABLE {COMPATIBLE} (name text PRIMARY KEY)")).await;
    execute(&format!("INSERT INTO {COMPATIBLE} (name) VALUES ('m9_b')")).await;
    assert_eq!(newer().await, named(State::Unknown, State::Compatible));
}

async fn a_failed_migration_changes_nothing(db: Database) {
    db.migrate_down::<Migrator>(LOCK, 1).await.expect("no error");
    assert_eq!(applied(&db).await, expected([true, false, false]));
    // The second migration succeeds before the third fails.
    let failed: Result<(), DbErr> = db.migrate_up::<BrokenMigrator>(LOCK).await;
    assert!(failed.is_err());
    assert_eq!(applied(&db).await, expected([true, false, false]));
    assert!(db.query_all_raw(select(&db, "half")).await.is_err());
    assert!(db.query_all_raw(select(&db, "item")).await.is_err());
    assert!(db.query_all_raw(select(&db, "shelf")).await.is_ok());
}

async fn migrations_are_reverted(db: Database) {
    assert_eq!(applied(&db).await, expected([true, true, false]));
    // All migrations of this migrator are applied already.
    db.migrate_up::<Migrator>(LOCK).await.expect("no error");
    db.migrate_down::<Migrator>(LOCK, 2).await.expect("no error");
    assert_eq!(applied(&db).await, expected([false, false, false]));
    assert!(db.query_all_raw(select(&db, "shelf")).await.is_err());
    db.migrate_up::<Migrator>(LOCK).await.expect("no error");
    assert_eq!(applied(&db).await, expected([true, true, false]));
}

fn select(db: &Database, table: &str) -> Statement {
    Statement::from_string(db.get_database_backend(), format!("SELECT * FROM {table}"))
}

/// Listing the migrations of an empty database does not change it.
#[tokio::test(flavor = "multi_thread")]
async fn listing_migrations_only_reads() {
    for test_database in [Some(TestDatabase::sqlite()), TestDatabase::postgres().await] {
        let Some(test_database) = test_database else {
            continue;
        };
        let db = test_database.open_observed(Arc::new(())).await;
        assert_eq!(applied(&db).await, expected([false, false, false]));
        assert!(db.query_all_raw(select(&db, "seaql_migrations")).await.is_err());
        test_database.remove().await;
    }
}

/// Several programs that start at once on an empty database migrate it once.
#[tokio::test(flavor = "multi_thread")]
async fn programs_migrate_one_after_another() {
    for test_database in [Some(TestDatabase::sqlite()), TestDatabase::postgres().await] {
        let Some(test_database) = test_database else {
            continue;
        };
        let mut migrating = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let db = test_database.open_observed(Arc::new(())).await;
            migrating.spawn(async move { db.migrate_up::<Migrator>(LOCK).await });
        }
        for migrated in migrating.join_all().await {
            migrated.expect("no error");
        }
        let db = test_database.open_observed(Arc::new(())).await;
        assert_eq!(applied(&db).await, expected([true, true, false]));
        test_database.remove().await;
    }
}

/// A migration that waits for a table gives up after two seconds, so that sessions behind it can proceed, and tries again later.
#[tokio::test(flavor = "multi_thread")]
async fn readers_do_not_wait_behind_a_migration() {
    let Some(test_database) = TestDatabase::postgres().await else {
        return;
    };
    let db = test_database.open().await;
    let (held, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let holding = {
        let (db, held, release) = (db.clone(), Arc::clone(&held), Arc::clone(&release));
        tokio::spawn(async move {
            db.transaction(Arc::new(()), move |tx| {
                let (held, release) = (Arc::clone(&held), Arc::clone(&release));
                async move {
                    tx.execute_unprepared("LOCK TABLE item IN ACCESS SHARE MODE")
                        .await?;
                    held.notify_one();
                    release.notified().await;
                    Ok::<_, DbErr>(())
                }
                .boxed()
            })
            .await
        })
    };
    held.notified().await;
    let migrating = {
        let db = db.clone();
        tokio::spawn(async move { db.migrate_down::<Migrator>(LOCK, 1).await })
    };
    let number = |sql: &str| Statement::from_string(sea_orm::DbBackend::Postgres, sql);
    let waiting = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let waits = tokio::time::timeout(Duration::from_secs(10), async {
        while db.number(number(waiting)).await != Ok(1) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    waits.await.expect("the migration waits for the lock");
    assert_eq!(db.number(number("SELECT COUNT(*) FROM item")).await, Ok(0));
    assert!(!migrating.is_finished());
    release.notify_one();
    assert_eq!(holding.await.expect("a task"), Ok(()));
    assert_eq!(migrating.await.expect("a task"), Ok(()));
    let missing = db.number(number("SELECT COUNT(*) FROM pg_class WHERE relname = 'item'"));
    assert_eq!(missing.await, Ok(0));
    test_database.remove().await;
}
