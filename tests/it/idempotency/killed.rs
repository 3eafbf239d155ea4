//! `kill -9` between the commit and the response: a repeat gets a response from the stored outcome.

use std::time::Duration;

use ::entity::idempotency_key;
use database::Backend;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    Statement,
};
use tokio::time::{Instant, sleep};

use super::request::{Request, is_replayed, key_count};
use crate::support::gateway::Gateway;
use crate::support::program::Program;

on_both_databases![a_kill_before_the_response_loses_nothing];

/// The time limit for the commit.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Statements that delay the storing of responses, so that the program can be killed between the commit and the response,
/// and statements that undo this.
fn slow_responses(backend: Backend) -> (&'static [&'static str], &'static [&'static str]) {
    match backend {
        Backend::Sqlite => (
            &[
                "CREATE VIEW slow AS WITH RECURSIVE numbers(n) AS (
                    SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000000000) SELECT COUNT(*) AS n FROM numbers",
                "CREATE TRIGGER slow_responses BEFORE UPDATE ON idempotency_key BEGIN SELECT n FROM slow; END",
            ],
            &["DROP TRIGGER slow_responses", "DROP VIEW slow"],
        ),
        Backend::Postgres => (
            &[
                "CREATE FUNCTION slow_responses() RETURNS trigger LANGUAGE plpgsql AS $$
                 BEGIN PERFORM pg_sleep(30); RETURN NEW; END $$",
                "CREATE TRIGGER slow_responses BEFORE UPDATE ON idempotency_key
                 FOR EACH ROW EXECUTE FUNCTION slow_responses()",
            ],
            &[
                // Closes the connections of the killed program.
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND query LIKE 'UPDATE \"idempotency_key\"%'",
                "DROP TRIGGER slow_responses ON idempotency_key",
                "DROP FUNCTION slow_responses",
            ],
        ),
    }
}

async fn a_kill_before_the_response_loses_nothing(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 10).await;
    let requests = Request::outflows(product, 1);
    let (slow_down, undo) = slow_responses(gateway.services.db.backend());
    for sql in slow_down {
        gateway.sql(*sql).await.unwrap();
    }
    for (index, request) in requests.iter().enumerate() {
        let key = format!("key-{index}");
        let url = gateway.database_url();
        let mut program = Program::serve(&url, &[]).await;
        let root = program.user("admin").await;
        let sent = tokio::spawn({
            let (root, request, key) = (root.clone(), request.clone(), key.clone());
            async move {
                let sent = root
                    .request(reqwest::Method::POST, &request.path)
                    .header("idempotency-key", key);
                sent.json(&request.body).send().await
            }
        });
        let deadline = Instant::now() + TIMEOUT;
        while key_count(&gateway).await == u64::try_from(index).unwrap() {
            assert!(Instant::now() < deadline, "the change is not committed");
            sleep(Duration::from_millis(5)).await;
        }
        program.kill();
        program.wait_for_exit().await;
        assert!(sent.await.unwrap().is_err(), "the response was sent");
        let db = &gateway.services.db;
        let without_response =
            idempotency_key::Entity::find().filter(idempotency_key::Column::Status.is_null());
        assert_eq!(without_response.count(db).await.unwrap(), 1);
        for sql in undo {
            if sql.starts_with("SELECT") {
                let statement = Statement::from_string(db.get_database_backend(), *sql);
                db.query_all_raw(statement).await.unwrap();
            } else {
                gateway.sql(*sql).await.unwrap();
            }
        }
        let program = Program::serve(&url, &[]).await;
        let root = program.user("admin").await;
        let first_repeat = request.send(&root, &key).await;
        assert!(
            request.is_success(&first_repeat) && is_replayed(&first_repeat),
            "{first_repeat:?}"
        );
        let second_repeat = request.send(&root, &key).await;
        assert_eq!(
            (second_repeat.status, &second_repeat.text),
            (first_repeat.status, &first_repeat.text)
        );
        let remaining = 9 - i64::try_from(index).unwrap();
        assert_eq!(root.quantity(product).await, remaining);
        drop(program);
        gateway.assert_invariants().await;
        for sql in slow_down {
            gateway.sql(*sql).await.unwrap();
        }
    }
}
