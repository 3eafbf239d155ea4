//! Closing a database: every call returns.

use std::sync::Arc;
use std::time::Duration;

use database::{Database, Location, Timeouts};
use tokio::task::JoinSet;

/// Several callers close the database at once, as the server and the command that started it do. The window of the race
/// that this covers is a few instructions long, hence the many rounds.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_closes_all_return() {
    let directory = tempfile::tempdir().expect("a directory");
    let location = Location::Sqlite(directory.path().join("test.db"));
    for round in 0..1_000 {
        let database = Database::open(&location, Timeouts::Short, Arc::new(()))
            .await
            .expect("a database");
        let mut closing = JoinSet::new();
        for _ in 0..8 {
            let database = database.clone();
            closing.spawn(async move { database.close().await });
        }
        let closed = tokio::time::timeout(Duration::from_secs(30), closing.join_all()).await;
        assert!(closed.is_ok(), "a call still waits in round {round}");
    }
}
