//! Reads of single rows that share statements.

use std::sync::Arc;
use std::time::Duration;

use database::Database;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait as _, DbErr};
use tokio::sync::oneshot;

use super::{number, sql, wait_until};
use crate::schema::shelf;
use crate::test_database::TestDatabase;

const READS_THAT_WAIT: &str = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()
    AND wait_event_type = 'Lock' AND query LIKE 'SELECT \"shelf\".%'";

/// Locks the table, renames shelf 7 and commits when `finish` is called.
async fn rename_slowly(db: &Database) -> (oneshot::Sender<()>, tokio::task::JoinHandle<Result<(), DbErr>>) {
    let (locked, is_locked) = oneshot::channel();
    let (finish, finished) = oneshot::channel();
    let signals = std::sync::Mutex::new(Some((locked, finished)));
    let db = db.clone();
    let renaming = tokio::spawn(async move {
        db.transaction(Arc::new(()), move |tx| {
            let signals = signals.lock().expect("no panic").take();
            async move {
                let (locked, finished) = signals.expect("one attempt");
                tx.execute_unprepared("LOCK TABLE shelf IN ACCESS EXCLUSIVE MODE")
                    .await?;
                tx.execute_raw(sql("UPDATE shelf SET name = 'renamed' WHERE id = 7"))
                    .await?;
                locked.send(()).expect("a receiver");
                finished.await.expect("a signal");
                Ok::<_, DbErr>(())
            }
            .boxed()
        })
        .await
    });
    is_locked.await.expect("the table is locked");
    (finish, renaming)
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_that_wait_share_a_statement_and_see_the_latest_commit() {
    let Some(test_database) = TestDatabase::postgres().await else {
        return;
    };
    let (db, admin) = (test_database.open().await, test_database.open().await);
    admin
        .execute_unprepared(
            "INSERT INTO shelf (id, name) SELECT n, 'shelf ' || n FROM generate_series(1, 50) AS n",
        )
        .await
        .expect("shelves");
    let (finish, renaming) = rename_slowly(&admin).await;

    // A call that is dropped delays no other.
    let dropped = tokio::time::timeout(Duration::from_millis(50), db.by_id::<shelf::Entity>(1));
    assert!(dropped.await.is_err());
    wait_until(&admin, READS_THAT_WAIT, 0).await;
    let calls: Vec<_> = (1..=60)
        .map(|id| {
            let db = db.clone();
            tokio::spawn(async move { db.by_id::<shelf::Entity>(id).await })
        })
        .collect();
    wait_until(&admin, READS_THAT_WAIT, 2).await;
    for _ in 0..20 {
        assert_eq!(number(&admin, READS_THAT_WAIT).await, Ok(2));
    }
    finish.send(()).expect("a receiver");
    assert_eq!(renaming.await.expect("no panic"), Ok(()));

    for (id, call) in (1..).zip(join_all(calls).await) {
        let name = call.expect("no panic").expect("no error").map(|row| row.name);
        let expected = match id {
            7 => Some("renamed".to_owned()),
            1..=50 => Some(format!("shelf {id}")),
            _ => None,
        };
        assert_eq!(name, expected, "{id}");
    }
    test_database.remove().await;
}
