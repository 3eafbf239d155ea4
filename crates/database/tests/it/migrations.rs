//! Migrations: all or none, and one process at a time.

use std::sync::Arc;

use database::Database;
use sea_orm::{ConnectionTrait as _, DbErr};

use crate::place::Place;
use crate::schema::{BrokenMigrator, LOCK, Migrator};

async fn applied(db: &Database) -> Vec<(String, bool)> {
    db.migrations::<BrokenMigrator>().await.expect("a list")
}

fn expected(applied: [bool; 3]) -> Vec<(String, bool)> {
    let names = ["m1_shelves", "m2_items", "m3_broken"].map(str::to_owned);
    names.into_iter().zip(applied).collect()
}

on_both![a_failed_migration_leaves_no_trace, migrations_are_reverted];

async fn a_failed_migration_leaves_no_trace(db: Database) {
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
    // Nothing is missing.
    db.migrate_up::<Migrator>(LOCK).await.expect("no error");
    db.migrate_down::<Migrator>(LOCK, 2).await.expect("no error");
    assert_eq!(applied(&db).await, expected([false, false, false]));
    assert!(db.query_all_raw(select(&db, "shelf")).await.is_err());
    db.migrate_up::<Migrator>(LOCK).await.expect("no error");
    assert_eq!(applied(&db).await, expected([true, true, false]));
}

fn select(db: &Database, table: &str) -> sea_orm::Statement {
    sea_orm::Statement::from_string(db.get_database_backend(), format!("SELECT * FROM {table}"))
}

/// Listing the migrations of an empty database does not change it.
#[tokio::test(flavor = "multi_thread")]
async fn listing_only_reads() {
    for place in [Some(Place::sqlite()), Place::postgres().await] {
        let Some(place) = place else { continue };
        let db = place.open_observed(Arc::new(())).await;
        assert_eq!(applied(&db).await, expected([false, false, false]));
        assert!(db.query_all_raw(select(&db, "seaql_migrations")).await.is_err());
        place.remove().await;
    }
}

/// Several programs that start at once on an empty database migrate it once.
#[tokio::test(flavor = "multi_thread")]
async fn programs_migrate_one_after_another() {
    for place in [Some(Place::sqlite()), Place::postgres().await] {
        let Some(place) = place else { continue };
        let mut migrating = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let db = place.open_observed(Arc::new(())).await;
            migrating.spawn(async move { db.migrate_up::<Migrator>(LOCK).await });
        }
        for migrated in migrating.join_all().await {
            migrated.expect("no error");
        }
        let db = place.open_observed(Arc::new(())).await;
        assert_eq!(applied(&db).await, expected([true, true, false]));
        place.remove().await;
    }
}
