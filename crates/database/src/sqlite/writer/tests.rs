//! Group commit when jobs fail, when the disk is full and when the file is locked.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::*;
use crate::{Backend, Failure, StatementSpan};

type Result<T = ()> = std::result::Result<T, DbErr>;

/// Collects the sizes of groups.
#[derive(Default)]
struct Groups(Mutex<Vec<usize>>);

impl StatementObserver for Groups {
    fn statement_started(&self, _: Backend, _: &str) -> Option<Box<dyn StatementSpan>> {
        None
    }

    fn group_started(&self, transactions: usize) {
        self.0.lock().unwrap().push(transactions);
    }
}

/// A writer of a new file with a table and `pages` free pages.
async fn writer(directory: &TempDir, pages: u32) -> Writer {
    observed_writer(directory, pages, Arc::new(())).await
}

async fn observed_writer(directory: &TempDir, pages: u32, observer: Arc<dyn StatementObserver>) -> Writer {
    let writer = Writer::start(&directory.path().join("test.db"), observer).unwrap();
    execute(
        &writer,
        "CREATE TABLE item (id INTEGER PRIMARY KEY, words TEXT NOT NULL)",
    )
    .await
    .unwrap();
    let limit = format!("PRAGMA max_page_count = {}", 2 + pages);
    execute(&writer, limit).await.unwrap();
    writer
}

async fn execute(writer: &Writer, sql: impl Into<String>) -> Result {
    let sql = sql.into();
    writer.run(move |connection| statement(connection, &sql)).await
}

fn statement(connection: &SharedConnection, sql: &str) -> Result {
    let connection = connection.lock().unwrap();
    // `Transaction` checks this before each statement, too.
    if connection.is_autocommit() {
        return Err(rolled_back());
    }
    connection.run(sql)
}

fn insert(id: u32, length: usize) -> String {
    format!("INSERT INTO item VALUES ({id}, '{}')", "x".repeat(length))
}

/// The ids in the file, read through another connection.
fn items(file: &Path) -> Vec<u32> {
    let file = rusqlite::Connection::open(file).unwrap();
    let mut items = file.prepare("SELECT id FROM item ORDER BY id").unwrap();
    let items = items.query_map([], |row| row.get(0)).unwrap();
    items.map(std::result::Result::unwrap).collect()
}

/// Keeps the writer busy until the sender is used, so that later jobs form a group.
async fn hold(writer: &Writer) -> (Sender<()>, impl Future<Output = Result>) {
    let (release, released) = channel::<()>();
    let (begin, begun) = oneshot::channel();
    let released: Receiver<()> = released;
    let held = {
        let writer = writer.clone();
        tokio::spawn(async move {
            writer
                .run(move |_| {
                    let _ = begin.send(());
                    released.recv().unwrap();
                    Ok(())
                })
                .await
        })
    };
    begun.await.unwrap();
    (release, async move { held.await.unwrap() })
}

#[track_caller]
fn assert_unavailable(result: &Result) {
    let failure = result.as_ref().map_err(Failure::of);
    assert_eq!(failure, Err(Failure::Unavailable), "{result:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_rolls_back_a_group_and_the_writer_continues() {
    let directory = tempfile::tempdir().unwrap();
    let writer = writer(&directory, 20).await;
    execute(&writer, insert(1, 10)).await.unwrap();
    let (release, held) = hold(&writer).await;
    let group = async {
        tokio::join!(
            execute(&writer, insert(2, 10)),
            execute(&writer, insert(3, 10)),
            // Does not fit: SQLite rolls back the earlier jobs too.
            execute(&writer, insert(4, 1_000_000)),
            // Later jobs of the same group get a new transaction.
            execute(&writer, insert(5, 10)),
            execute(&writer, insert(6, 10)),
            async {
                // Polled last, when all of the jobs are in the queue.
                release.send(()).unwrap();
            }
        )
    };
    let (second, third, fourth, fifth, sixth, ()) = group.await;
    held.await.unwrap();
    assert_unavailable(&second);
    assert_unavailable(&third);
    assert_unavailable(&fourth);
    assert!(fifth.is_ok() && sixth.is_ok(), "{fifth:?} {sixth:?}");
    execute(&writer, insert(7, 10)).await.unwrap();
    assert_eq!(items(&directory.path().join("test.db")), [1, 5, 6, 7]);
    writer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_ignores_a_rollback_writes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let writer = writer(&directory, 20).await;
    let result = writer
        .run(|connection| {
            statement(connection, &insert(1, 10))?;
            assert_unavailable(&statement(connection, &insert(2, 1_000_000)));
            assert_unavailable(&statement(connection, &insert(3, 10)));
            Ok(())
        })
        .await;
    assert_unavailable(&result);
    assert_eq!(items(&directory.path().join("test.db")), [0_u32; 0]);
    execute(&writer, insert(4, 10)).await.unwrap();
    assert_eq!(items(&directory.path().join("test.db")), [4]);
    writer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_job_does_not_affect_its_group() {
    let directory = tempfile::tempdir().unwrap();
    let groups = Arc::new(Groups::default());
    let writer = observed_writer(&directory, 1_000, groups.clone()).await;
    let (release, held) = hold(&writer).await;
    let (first, failed, third, ()) = tokio::join!(
        execute(&writer, insert(1, 10)),
        execute(&writer, insert(1, 10)),
        execute(&writer, insert(3, 10)),
        async { release.send(()).unwrap() }
    );
    held.await.unwrap();
    assert!(first.is_ok() && third.is_ok(), "{first:?} {third:?}");
    assert_eq!(
        failed.map_err(|error| Failure::of(&error)),
        Err(Failure::Unique("item_pkey".to_owned()))
    );
    assert_eq!(items(&directory.path().join("test.db")), [1, 3]);
    // The groups: the table, its limit, the job that held the writer, and the three jobs together.
    assert_eq!(*groups.0.lock().unwrap(), [1, 1, 1, 3]);
    writer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_fails_its_own_job_only() {
    let directory = tempfile::tempdir().unwrap();
    let writer = writer(&directory, 1_000).await;
    let panicked: Result = writer
        .run(|connection| {
            statement(connection, &insert(1, 10))?;
            panic!("a test")
        })
        .await;
    assert_eq!(panicked.map_err(|error| Failure::of(&error)), Err(Failure::Other));
    execute(&writer, insert(2, 10)).await.unwrap();
    assert_eq!(items(&directory.path().join("test.db")), [2]);
    writer.stop().await;
    assert_unavailable(&execute(&writer, insert(3, 10)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_held_by_another_process_is_waited_for_once() {
    let directory = tempfile::tempdir().unwrap();
    let writer = writer(&directory, 1_000).await;
    let other = rusqlite::Connection::open(directory.path().join("test.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begin = Instant::now();
    // More than one group.
    let jobs = (0..600).map(|id| {
        let writer = writer.clone();
        async move { execute(&writer, insert(id, 10)).await }
    });
    let all = futures_util::future::join_all(jobs).await;
    let took = begin.elapsed();
    other.execute_batch("ROLLBACK").unwrap();
    for result in &all {
        // The file is busy. The transaction was not begun and can be run again.
        let failure = result.as_ref().map_err(Failure::of);
        assert_eq!(failure, Err(Failure::Retryable), "{result:?}");
    }
    assert!(took < Duration::from_secs(8), "{took:?}");
    execute(&writer, insert(1_000, 10)).await.unwrap();
    assert_eq!(items(&directory.path().join("test.db")), [1_000]);
    writer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_file_is_unavailable_until_it_can_be_written() {
    let directory = tempfile::tempdir().unwrap();
    let writer = writer(&directory, 1_000).await;
    let connection = writer
        .run(|connection| Ok::<_, DbErr>(Arc::clone(connection)))
        .await
        .unwrap();
    let pragma = |sql: &str| connection.lock().unwrap().run(sql).unwrap();
    pragma("PRAGMA query_only = ON");
    assert_unavailable(&execute(&writer, insert(1, 10)).await);
    pragma("PRAGMA query_only = OFF");
    execute(&writer, insert(2, 10)).await.unwrap();
    assert_eq!(items(&directory.path().join("test.db")), [2]);
    writer.stop().await;
}
