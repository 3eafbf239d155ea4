//! What the writer keeps and whom it tells when SQLite itself gives a transaction up.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::*;

/// A writer over a fresh file with a table, in which so many pages are left.
async fn writer(directory: &TempDir, pages: u32) -> Writer {
    let writer = Writer::start(&directory.path().join("test.db")).unwrap();
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

async fn execute(writer: &Writer, sql: impl Into<String>) -> Result<()> {
    let sql = sql.into();
    writer.run(move |connection| statement(connection, &sql)).await
}

fn statement(connection: &Shared, sql: &str) -> Result<()> {
    let connection = connection.lock().unwrap();
    // As `Tx` does it.
    if connection.is_outside_transaction() {
        return Err(sqlite::undone().into());
    }
    Ok(connection.run(sql)?)
}

fn insert(id: u32, length: usize) -> String {
    format!("INSERT INTO item VALUES ({id}, '{}')", "x".repeat(length))
}

/// What is in the file, as another program sees it.
fn items(file: &Path) -> Vec<u32> {
    let file = rusqlite::Connection::open(file).unwrap();
    let mut items = file.prepare("SELECT id FROM item ORDER BY id").unwrap();
    let items = items.query_map([], |row| row.get(0)).unwrap();
    items.map(Result::unwrap).collect()
}

/// Holds the writer up until it is let go, so that what comes meanwhile is committed together.
async fn hold(writer: &Writer) -> (Sender<()>, impl Future<Output = Result<()>>) {
    let (go, gone) = channel::<()>();
    let (begun, began) = oneshot::channel();
    let gone: Receiver<()> = gone;
    let held = {
        let writer = writer.clone();
        tokio::spawn(async move {
            writer
                .run(move |_| {
                    let _ = begun.send(());
                    gone.recv().unwrap();
                    Ok(())
                })
                .await
        })
    };
    began.await.unwrap();
    (go, async move { held.await.unwrap() })
}

#[track_caller]
fn is_unavailable(result: &Result<()>) {
    assert!(matches!(result, Err(Error::Unavailable(_))), "{result:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_undoes_a_commit_as_a_whole_and_the_writer_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let writer = writer(&directory, 20).await;
    execute(&writer, insert(1, 10)).await.unwrap();
    let (go, held) = hold(&writer).await;
    let together = async {
        tokio::join!(
            execute(&writer, insert(2, 10)),
            execute(&writer, insert(3, 10)),
            // More than there is room for: SQLite undoes the neighbours too.
            execute(&writer, insert(4, 1_000_000)),
            // These come after it, in the same round.
            execute(&writer, insert(5, 10)),
            execute(&writer, insert(6, 10)),
            async {
                // All of them wait already: nothing before this ever gave way.
                go.send(()).unwrap();
            }
        )
    };
    let (second, third, fourth, fifth, sixth, ()) = together.await;
    held.await.unwrap();
    is_unavailable(&second);
    is_unavailable(&third);
    is_unavailable(&fourth);
    assert!(fifth.is_ok() && sixth.is_ok(), "{fifth:?} {sixth:?}");
    execute(&writer, insert(7, 10)).await.unwrap();
    assert_eq!(items(&directory.path().join("test.db")), [1, 5, 6, 7]);
    writer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_notice_that_the_transaction_is_gone_writes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let writer = writer(&directory, 20).await;
    let careless = writer
        .run(|connection| {
            statement(connection, &insert(1, 10))?;
            is_unavailable(&statement(connection, &insert(2, 1_000_000)));
            is_unavailable(&statement(connection, &insert(3, 10)));
            Ok(())
        })
        .await;
    is_unavailable(&careless);
    assert_eq!(items(&directory.path().join("test.db")), [0_u32; 0]);
    execute(&writer, insert(4, 10)).await.unwrap();
    assert_eq!(items(&directory.path().join("test.db")), [4]);
    writer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_undoes_no_neighbour() {
    let directory = tempfile::tempdir().unwrap();
    let writer = writer(&directory, 1_000).await;
    let (go, held) = hold(&writer).await;
    let (first, refused, third, ()) = tokio::join!(
        execute(&writer, insert(1, 10)),
        execute(&writer, insert(1, 10)),
        execute(&writer, insert(3, 10)),
        async { go.send(()).unwrap() }
    );
    held.await.unwrap();
    assert!(first.is_ok() && third.is_ok(), "{first:?} {third:?}");
    assert!(matches!(refused, Err(Error::Internal(_))), "{refused:?}");
    assert_eq!(items(&directory.path().join("test.db")), [1, 3]);
    let mut figures = prometheus_client::registry::Registry::default();
    figures.register("sizes", "sizes", writer.sizes().histogram());
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &figures).unwrap();
    // The table, its limit, the one that held them up, and three together.
    assert!(
        text.contains("sizes_sum 6.0\n") && text.contains("sizes_count 4\n"),
        "{text}"
    );
    writer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_twice_for_a_file_that_another_holds() {
    let directory = tempfile::tempdir().unwrap();
    let writer = writer(&directory, 1_000).await;
    let other = rusqlite::Connection::open(directory.path().join("test.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begin = Instant::now();
    // More than one round takes.
    let many = (0..600).map(|id| {
        let writer = writer.clone();
        async move { execute(&writer, insert(id, 10)).await }
    });
    let all = futures_util::future::join_all(many).await;
    let took = begin.elapsed();
    other.execute_batch("ROLLBACK").unwrap();
    all.iter().for_each(is_unavailable);
    assert!(took < Duration::from_secs(8), "{took:?}");
    execute(&writer, insert(1_000, 10)).await.unwrap();
    assert_eq!(items(&directory.path().join("test.db")), [1_000]);
    writer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_can_only_be_read_is_not_available_until_it_can_be_written() {
    let directory = tempfile::tempdir().unwrap();
    let writer = writer(&directory, 1_000).await;
    let connection = writer.run(|connection| Ok(Arc::clone(connection))).await.unwrap();
    let pragma = |sql: &str| connection.lock().unwrap().run(sql).unwrap();
    pragma("PRAGMA query_only = ON");
    is_unavailable(&execute(&writer, insert(1, 10)).await);
    pragma("PRAGMA query_only = OFF");
    execute(&writer, insert(2, 10)).await.unwrap();
    assert_eq!(items(&directory.path().join("test.db")), [2]);
    writer.stop().await;
}
