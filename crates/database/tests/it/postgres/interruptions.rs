//! Calls that are dropped, connections that the server closes, and tables that change under a prepared statement.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use database::{Database, Failure};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait as _, DbErr};

use super::{number, sql, wait_until};
use crate::test_database::TestDatabase;

const END_OTHERS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
const ONE: &str = "SELECT CAST(1 AS bigint)";

/// Opens a database twice: once for the statements under test, and once to interfere with them.
async fn open_twice() -> Option<(TestDatabase, Database, Database)> {
    let test_database = TestDatabase::postgres().await?;
    let (db, admin) = (
        test_database.open().await,
        test_database.open_observed(Arc::new(())).await,
    );
    Some((test_database, db, admin))
}

async fn insert(db: &Database, id: i64) -> Result<(), DbErr> {
    db.transaction(Arc::new(()), move |tx| {
        async move {
            tx.execute_raw(sql(&format!("INSERT INTO shelf (id, name) VALUES ({id}, 'a')")))
                .await
                .map(|_| ())
        }
        .boxed()
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_the_server_closed_are_replaced() {
    let Some((test_database, db, admin)) = open_twice().await else {
        return;
    };
    for round in 0..5 {
        // Opens several connections, which are then idle.
        for result in
            join_all((0..12).map(|_| number(&db, "SELECT CAST(1 AS bigint) FROM pg_sleep(0.01)"))).await
        {
            assert_eq!(result, Ok(1));
        }
        admin
            .query_all_raw(sql(END_OTHERS))
            .await
            .expect("the connections are closed");
        // There is no pause, so some connections are used before their end is detected.
        assert_eq!(insert(&db, round).await, Ok(()));
        for result in join_all((0..12).map(|_| number(&db, ONE))).await {
            assert_eq!(result, Ok(1));
        }
    }
    assert_eq!(number(&db, "SELECT COUNT(*) FROM shelf").await, Ok(5));
    test_database.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_whose_connection_ends_runs_again() {
    let Some((test_database, db, admin)) = open_twice().await else {
        return;
    };
    let runs = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&runs);
    let result = db
        .transaction(Arc::new(()), move |tx| {
            let (admin, run) = (admin.clone(), counter.fetch_add(1, Ordering::SeqCst));
            async move {
                let insert = format!("INSERT INTO shelf (id, name) VALUES ({}, 'a')", run + 1);
                tx.execute_raw(sql(&insert)).await?;
                if run == 0 {
                    admin.query_all_raw(sql(END_OTHERS)).await?;
                }
                tx.execute_raw(sql("INSERT INTO shelf (id, name) VALUES (9, 'b')"))
                    .await?;
                Ok::<_, DbErr>(())
            }
            .boxed()
        })
        .await;
    assert_eq!(result, Ok(()));
    assert_eq!(runs.load(Ordering::SeqCst), 2);
    assert_eq!(number(&db, "SELECT SUM(id)::bigint FROM shelf").await, Ok(11));
    test_database.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_call_is_cancelled_and_rolled_back() {
    let Some((test_database, db, admin)) = open_twice().await else {
        return;
    };
    let sleeping_count =
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'
        AND query LIKE '%pg_sleep(30)%' AND pid <> pg_backend_pid()";
    let open_transaction_count =
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'";
    // A statement is cancelled on the server too.
    let slow = number(&db, "SELECT CAST(1 AS bigint) FROM pg_sleep(30)");
    assert!(
        tokio::time::timeout(Duration::from_millis(100), slow)
            .await
            .is_err()
    );
    wait_until(&admin, sleeping_count, 0).await;
    // A transaction is rolled back, between two statements or during one.
    for wait in ["SELECT 1", "SELECT 1 FROM pg_sleep(30)"] {
        let transaction = db.transaction(Arc::new(()), move |tx| {
            async move {
                tx.execute_raw(sql("INSERT INTO shelf (id, name) VALUES (1, 'a')"))
                    .await?;
                tx.query_all_raw(sql(wait)).await?;
                std::future::pending::<()>().await;
                Ok::<_, DbErr>(())
            }
            .boxed()
        });
        assert!(
            tokio::time::timeout(Duration::from_millis(200), transaction)
                .await
                .is_err()
        );
        wait_until(&admin, open_transaction_count, 0).await;
        wait_until(&admin, sleeping_count, 0).await;
        assert_eq!(number(&db, "SELECT COUNT(*) FROM shelf").await, Ok(0));
    }
    // All connections can be used again.
    let requests = (0..32).map(|_| number(&db, "SELECT CAST(1 AS bigint) FROM pg_sleep(0.01)"));
    for result in join_all(requests).await {
        assert_eq!(result, Ok(1));
    }
    test_database.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_work_after_a_column_has_changed_its_type() {
    let Some((test_database, db, admin)) = open_twice().await else {
        return;
    };
    assert_eq!(insert(&db, 1).await, Ok(()));
    let select_name = "SELECT name FROM shelf WHERE id = 1";
    let read = async || {
        let results = join_all((0..8).map(|_| db.query_one_raw(sql(select_name)))).await;
        for result in results {
            let row = result.expect("no error").expect("a row");
            assert_eq!(row.try_get::<String>("", "name").as_deref(), Ok("a"));
        }
    };
    read().await;
    for change in ["varchar(40)", "text", "varchar(50)"] {
        let alter = format!("ALTER TABLE shelf ALTER COLUMN name TYPE {change}");
        admin
            .execute_unprepared(&alter)
            .await
            .expect("the column is altered");
        read().await;
        let transaction = db.transaction(Arc::new(()), move |tx| {
            async move {
                tx.execute_raw(sql("UPDATE shelf SET name = name")).await?;
                tx.query_one_raw(sql(select_name)).await.map(|row| row.is_some())
            }
            .boxed()
        });
        assert_eq!(transaction.await, Ok(true));
    }
    test_database.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn read_only_connections_are_replaced() {
    let Some((test_database, db, admin)) = open_twice().await else {
        return;
    };
    assert_eq!(db.is_writable().await, Ok(true));
    let TestDatabase::Postgres { name, .. } = &test_database else {
        panic!("another kind of database")
    };
    let set = |value: &str| format!("ALTER DATABASE {name} SET default_transaction_read_only = {value}");
    admin.execute_unprepared(&set("on")).await.expect("a setting");
    admin
        .query_all_raw(sql(END_OTHERS))
        .await
        .expect("the connections are closed");
    let result = insert(&db, 1).await;
    assert_eq!(
        result.map_err(|error| Failure::of(&error)),
        Err(Failure::Unavailable)
    );
    assert_eq!(db.is_writable().await, Ok(false));
    assert_eq!(number(&db, ONE).await, Ok(1));
    // Sessions that are already open stay read-only, and the server does not close them.
    admin.execute_unprepared(&set("off")).await.expect("a setting");
    let recovery = tokio::time::timeout(Duration::from_secs(10), async {
        while insert(&db, 1).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert!(recovery.await.is_ok());
    wait_until(&db, "SELECT COUNT(*) FROM shelf", 1).await;
    test_database.remove().await;
}
