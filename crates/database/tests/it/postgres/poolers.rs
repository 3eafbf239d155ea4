//! pgbouncer in its modes.

use database::{Database, PreparedStatements, Settings};
use futures_util::future::join_all;

use super::{number, open, settings};
use crate::server::Server;

const PREPARED: &str = "SELECT COUNT(*) FROM pg_prepared_statements";

/// Many different statements at once, over and over: each has its own result.
async fn ask(db: &Database) {
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
async fn transaction_mode() {
    let Some(mut server) = Server::start(&[]).await else {
        return;
    };
    let port = server.pool("transaction").await;
    let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
    // Two gateways on a fresh pooler.
    let (one, two) = (
        open(&url, settings()).await.expect("a database"),
        open(&url, settings()).await.expect("a database"),
    );
    futures_util::future::join(ask(&one), ask(&two)).await;
    assert_eq!(number(&one, PREPARED).await, Ok(0));
    let never = Settings {
        prepared_statements: PreparedStatements::Never,
        ..settings()
    };
    ask(&open(&url, never).await.expect("a database")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn session_mode() {
    let Some(mut server) = Server::start(&[]).await else {
        return;
    };
    let port = server.pool("session").await;
    let few = Settings {
        pool_size: 4,
        ..settings()
    };
    let db = open(&format!("postgres://postgres@127.0.0.1:{port}/postgres"), few)
        .await
        .expect("a database");
    ask(&db).await;
    assert!(number(&db, PREPARED).await.is_ok_and(|prepared| prepared > 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_pooler() {
    let Some(server) = Server::start(&[]).await else {
        return;
    };
    let db = open(&server.url(), settings()).await.expect("a database");
    ask(&db).await;
    assert!(number(&db, PREPARED).await.is_ok_and(|prepared| prepared > 0));
}
