//! Commit, rollback, conflicts and errors, the same on both databases.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use database::{Backend, Database, Failure, TRANSACTION_ATTEMPTS, Transaction};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sea_orm::{
    ActiveModelTrait as _, ConnectionTrait as _, DbErr, EntityTrait as _, IntoActiveModel as _,
    PaginatorTrait as _,
};

use crate::schema::{item, sample_item, shelf};
use crate::test_database;

/// Inserts an item with its id.
async fn insert(transaction: &Transaction, row: item::Model) -> Result<(), DbErr> {
    let row = row.into_active_model().reset_all();
    item::Entity::insert(row)
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}

async fn transaction<T: Send + 'static>(
    db: &Database,
    body: impl for<'t> Fn(&'t Transaction) -> BoxFuture<'t, Result<T, DbErr>> + Send + Sync + 'static,
) -> Result<T, DbErr> {
    db.transaction(Arc::new(()), body).await
}

async fn count(db: &Database) -> u64 {
    item::Entity::find().count(db).await.expect("a count")
}

on_both_databases![
    a_commit_is_seen_and_a_rollback_is_not,
    failures_have_the_same_names,
    dropped_and_panicking_callers_do_not_block_others,
    concurrent_changes_are_all_kept,
];

async fn a_commit_is_seen_and_a_rollback_is_not(db: Database) {
    let inserted = transaction(&db, |tx| {
        async move {
            insert(tx, sample_item(1, None)).await?;
            item::Entity::find().count(tx).await
        }
        .boxed()
    });
    assert_eq!(inserted.await, Ok(1));
    assert_eq!(count(&db).await, 1);
    let refused: Result<(), _> = transaction(&db, |tx| {
        async move {
            insert(tx, sample_item(2, None)).await?;
            Err(DbErr::Custom("no".to_owned()))
        }
        .boxed()
    })
    .await;
    assert_eq!(refused, Err(DbErr::Custom("no".to_owned())));
    assert_eq!(count(&db).await, 1);
}

async fn failures_have_the_same_names(db: Database) {
    let failure = async |row: item::Model| {
        let inserted = transaction(&db, move |tx| insert(tx, row.clone()).boxed()).await;
        inserted.map_err(|error| Failure::of(&error))
    };
    assert_eq!(failure(sample_item(1, None)).await, Ok(()));
    let name = sample_item(1, None).name;
    let same_name = item::Model {
        name,
        ..sample_item(2, None)
    };
    let unique = |name: &str| Err(Failure::Unique(name.to_owned()));
    assert_eq!(failure(same_name).await, unique("item_name_key"));
    let same_id = item::Model {
        name: "another".to_owned(),
        ..sample_item(1, None)
    };
    assert_eq!(failure(same_id).await, unique("item_pkey"));
    let negative = item::Model {
        quantity: -1,
        ..sample_item(3, None)
    };
    assert_eq!(failure(negative).await, Err(Failure::Check));
    let constraint = match db.backend() {
        Backend::Sqlite => None,
        Backend::Postgres => Some("item_shelf_id_fkey".to_owned()),
    };
    let missing_shelf = failure(sample_item(4, Some(9))).await;
    assert_eq!(missing_shelf, Err(Failure::ForeignKey(constraint)));
    let nonsense = transaction(&db, |tx| tx.execute_unprepared("NONSENSE").boxed()).await;
    let failure = nonsense.map(|_| ()).map_err(|error| Failure::of(&error));
    assert_eq!(failure, Err(Failure::Other));
    assert_eq!(count(&db).await, 1);
}

async fn dropped_and_panicking_callers_do_not_block_others(db: Database) {
    let panicking = {
        let db = db.clone();
        tokio::spawn(async move { transaction::<()>(&db, |_| async { panic!("a test") }.boxed()).await })
    };
    match (db.backend(), panicking.await) {
        // The panic happens on the writer's thread, which survives.
        (Backend::Sqlite, Ok(Err(error))) => assert_eq!(Failure::of(&error), Failure::Other),
        (Backend::Postgres, Err(panicked)) => assert!(panicked.is_panic()),
        (_, result) => panic!("{result:?}"),
    }
    // Polled once and dropped. SQLite's writer still runs it if it is in the queue already.
    let abandoned = transaction(&db, |tx| insert(tx, sample_item(1, None)).boxed());
    drop(abandoned.now_or_never());
    let inserted = transaction(&db, |tx| insert(tx, sample_item(2, None)).boxed()).await;
    assert_eq!(inserted, Ok(()));
}

async fn concurrent_changes_are_all_kept(db: Database) {
    transaction(&db, |tx| insert(tx, sample_item(1, None)).boxed())
        .await
        .expect("an item");
    let changes = (0..100).map(|_| {
        let db = db.clone();
        tokio::spawn(async move {
            transaction(&db, |tx| {
                tx.execute_unprepared("UPDATE item SET quantity = quantity + 1")
                    .boxed()
            })
            .await
        })
    });
    for change in futures_util::future::join_all(changes).await {
        change.expect("a task").expect("a commit");
    }
    let row = db.by_id::<item::Entity>(1).await.expect("a row").expect("a row");
    assert_eq!(row.quantity, 101);
}

/// A wrapper; [`run_conflicting`] counts how often one is created.
struct Wrapper(Transaction);

impl From<Wrapper> for Transaction {
    fn from(wrapper: Wrapper) -> Self {
        wrapper.0
    }
}

/// Runs a transaction that inserts a shelf and conflicts `conflicts` times; returns its result, how often its body ran
/// and how often its wrapper was created.
async fn run_conflicting(db: &Database, conflicts: u32) -> (Result<(), Failure>, u32, u32) {
    let (runs, wrappers) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let (body_runs, created) = (Arc::clone(&runs), Arc::clone(&wrappers));
    let wrap = move |transaction| {
        created.fetch_add(1, Ordering::SeqCst);
        Wrapper(transaction)
    };
    let result: Result<(), DbErr> = db
        .transaction_as(Arc::new(()), wrap, move |wrapper: &Wrapper| {
            let run = body_runs.fetch_add(1, Ordering::SeqCst);
            async move {
                let row = shelf::Model {
                    id: 1,
                    name: format!("run {run}"),
                };
                let row = row.into_active_model().reset_all();
                shelf::Entity::insert(row)
                    .exec_without_returning(&wrapper.0)
                    .await?;
                if run < conflicts {
                    let conflict = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$";
                    let error = wrapper.0.execute_unprepared(conflict).await.map(|_| ());
                    // Callers often replace the error.
                    return error.map_err(|_| DbErr::Custom("replaced".to_owned()));
                }
                Ok(())
            }
            .boxed()
        })
        .await;
    let result = result.map_err(|error| Failure::of(&error));
    (
        result,
        runs.load(Ordering::SeqCst),
        wrappers.load(Ordering::SeqCst),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_conflicts_are_repeated() {
    let Some(test_database) = test_database::TestDatabase::postgres().await else {
        return;
    };
    let db = test_database.open().await;
    let always = run_conflicting(&db, u32::MAX).await;
    let attempts = TRANSACTION_ATTEMPTS;
    assert_eq!(always, (Err(Failure::Unavailable), attempts, attempts));
    assert_eq!(run_conflicting(&db, 2).await, (Ok(()), 3, 3));
    let shelf = db.by_id::<shelf::Entity>(1).await.expect("a row");
    assert_eq!(shelf.map(|shelf| shelf.name).as_deref(), Some("run 2"));
    test_database.remove().await;
}

#[tokio::test]
async fn sqlite_bodies_must_not_wait() {
    let test_database = test_database::TestDatabase::sqlite();
    let db = test_database.open().await;
    let waiting = transaction(&db, |tx| {
        async move {
            insert(tx, sample_item(1, None)).await?;
            tokio::task::yield_now().await;
            Ok(())
        }
        .boxed()
    })
    .await;
    assert_eq!(waiting.map_err(|error| Failure::of(&error)), Err(Failure::Other));
    assert_eq!(count(&db).await, 0);
}
