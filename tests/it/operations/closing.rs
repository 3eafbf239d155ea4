//! Closing a database: whoever asks for it gets an answer.

use std::time::Duration;

use stockroom::db::{Database, Location, Timeouts};
use tokio::task::JoinSet;

/// Several close at once, as the server does and then who started it: nobody is left waiting. What is tried is a moment
/// of a few instructions, hence the rounds.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_left_waiting() {
    let directory = tempfile::tempdir().expect("a directory");
    let location = Location::Sqlite(directory.path().join("test.db"));
    for round in 0..1_000 {
        let database = Database::open(&location, Timeouts::Hurried)
            .await
            .expect("a database");
        let mut closing = JoinSet::new();
        for _ in 0..8 {
            let database = database.clone();
            closing.spawn(async move { database.close().await });
        }
        let closed = tokio::time::timeout(Duration::from_secs(30), closing.join_all()).await;
        assert!(closed.is_ok(), "somebody still waits in round {round}");
    }
}
