//! pgbouncer in transaction mode and in session mode.

use database::{Database, PreparedStatements, Settings};
use futures_util::future::join_all;

use super::{number, open, settings};
use crate::server::Server;

const PREPARED: &str = "SELECT COUNT(*) FROM pg_prepared_statements";

/// Runs many different statements at once, repeatedly, and checks the result of each.
async fn run_many(db: &Database) {
    for _ in 0..10 {
        let requests = (0..40).map(|n| async move {
            let text = format!("SELECT CAST({n} AS bigint) FROM pg_sleep(0.001)");
            (n, number(db, &text).await)
        });
        for (n, result) in join_all(requests).await {
            assert_eq!(result, Ok(n));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_are_not_prepared_in_transaction_mode() {
    let Some(mut server) = Server::start(&[]).await else {
        return;
    };
    let port = server.start_pooler("transaction").await;
    let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
    // Two programs on a new pooler.
    let (one, two) = (
        open(&url, settings()).await.expect("a database"),
        open(&url, settings()).await.expect("a database"),
    );
    futures_util::future::join(run_many(&one), run_many(&two)).await;
    assert_eq!(number(&one, PREPARED).await, Ok(0));
    let never = Settings {
        prepared_statements: PreparedStatements::Never,
        ..settings()
    };
    run_many(&open(&url, never).await.expect("a database")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_are_prepared_in_session_mode() {
    let Some(mut server) = Server::start(&[]).await else {
        return;
    };
    let port = server.start_pooler("session").await;
    let small_pool = Settings {
        pool_size: 4,
        ..settings()
    };
    let db = open(
        &format!("postgres://postgres@127.0.0.1:{port}/postgres"),
        small_pool,
    )
    .await
    .expect("a database");
    run_many(&db).await;
    assert!(number(&db, PREPARED).await.is_ok_and(|prepared| prepared > 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_are_prepared_without_a_pooler() {
    let Some(server) = Server::start(&[]).await else {
        return;
    };
    let db = open(&server.url(), settings()).await.expect("a database");
    run_many(&db).await;
    assert!(number(&db, PREPARED).await.is_ok_and(|prepared| prepared > 0));
}
