//! A database that a newer version of the program has migrated, the repair of row counts, and a migration beside an older
//! program.

use std::process::Stdio;
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::json;
use stockroom::kind::Kind;
use tokio_postgres::NoTls;

use crate::support::api::Api;
use crate::support::command::{run, run_err, run_ok};
use crate::support::gateway::{Gateway, run as run_test};
use crate::support::program::{Program, command};
use crate::support::test_database::Database;

on_both_databases![
    a_compatible_newer_schema_is_served,
    an_incompatible_newer_schema_is_refused,
    counts_are_repaired,
];

/// The time limit of every step.
const TIMEOUT: Duration = Duration::from_secs(30);

const NEWER_MIGRATION: &str = "m20990101_000001_future";

async fn record_newer_migration(gateway: &Gateway, is_compatible: bool) {
    let insert =
        format!("INSERT INTO seaql_migrations (version, applied_at) VALUES ('{NEWER_MIGRATION}', 1)");
    gateway.sql(insert).await.expect("a row");
    if is_compatible {
        let insert = format!("INSERT INTO compatible_migration (name) VALUES ('{NEWER_MIGRATION}')");
        gateway.sql(insert).await.expect("a row");
    }
}

async fn a_compatible_newer_schema_is_served(gateway: Gateway) {
    record_newer_migration(&gateway, true).await;
    gateway.anon.get("/readyz").await.expect(200);
    let url = gateway.database_url();
    let mut program = Program::serve(&url, &[]).await;
    program.anon().get("/readyz").await.expect(200);
    program.user("viewer").await.get("brands/").await.expect(200);
    program.terminate();
    assert!(program.wait_for_exit().await.success());
    let status = run_ok(&url, &["migrate", "status"], "");
    let last = status.lines().last().expect("a line");
    assert!(
        last.starts_with("newer ") && last.contains(NEWER_MIGRATION),
        "{status}"
    );
    assert_eq!(run_ok(&url, &["migrate", "up"], ""), status);
    for arguments in [&["check"][..], &["user", "list"], &["user", "activate", "viewer"]] {
        let output = run(&url, arguments, "");
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && log.contains(NEWER_MIGRATION),
            "{arguments:?}: {log}"
        );
    }
    // Only the newer version can revert its migration.
    assert!(run_err(&url, &["migrate", "down", "--yes"], "").contains(NEWER_MIGRATION));
}

async fn an_incompatible_newer_schema_is_refused(gateway: Gateway) {
    record_newer_migration(&gateway, false).await;
    let ready = gateway.anon.get("/readyz").await;
    ready.expect(503);
    let url = gateway.database_url();
    let serve = command(&url)
        .arg("serve")
        .env("BIND", "127.0.0.1:0")
        .stdin(Stdio::null())
        .output()
        .expect("the process runs");
    assert_eq!(serve.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&serve.stderr).contains(NEWER_MIGRATION));
    let status = run_err(&url, &["migrate", "status"], "");
    let last = status.lines().last().expect("a line");
    assert!(
        last.starts_with("unknown ") && last.contains(NEWER_MIGRATION),
        "{status}"
    );
    assert!(run_err(&url, &["migrate", "up"], "").contains(NEWER_MIGRATION));
    let check = run(&url, &["check"], "");
    assert_eq!(check.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&check.stderr).contains(NEWER_MIGRATION));
    assert!(run_err(&url, &["user", "deactivate", "viewer"], "").contains(NEWER_MIGRATION));
    // Users can still be listed.
    let list = run(&url, &["user", "list"], "");
    assert!(list.status.success());
    assert!(String::from_utf8_lossy(&list.stdout).contains("viewer\tactive"));
    assert!(String::from_utf8_lossy(&list.stderr).contains(NEWER_MIGRATION));
}

async fn counts_are_repaired(gateway: Gateway) {
    let url = gateway.database_url();
    gateway.root.product("Tea", 5).await;
    gateway.root.product("Mate", 5).await;
    let unchanged = run_ok(&url, &["repair", "counts"], "");
    assert_eq!(unchanged.lines().count(), 7, "{unchanged}");
    assert!(
        unchanged.lines().all(|line| line.starts_with("ok ")),
        "{unchanged}"
    );
    gateway
        .sql("UPDATE tally SET change = change + 5 WHERE noun = 'product'")
        .await
        .expect("an update");
    gateway
        .sql("DELETE FROM tally WHERE noun = 'stock_change'")
        .await
        .expect("a deletion");
    let violations = run_err(&url, &["check"], "");
    assert!(
        violations.contains("FAILED  the row count of each table is correct"),
        "{violations}"
    );
    let count = async || gateway.viewer.get("products/").await.json()["count"].clone();
    assert_ne!(count().await, 2);
    let repaired = run_ok(&url, &["repair", "counts"], "");
    assert!(repaired.contains("repaired product: 2 rows, not "), "{repaired}");
    assert!(
        repaired.contains("repaired stock_change: 2 rows, not 0"),
        "{repaired}"
    );
    assert_eq!(repaired.matches("repaired").count(), 2, "{repaired}");
    assert_eq!(count().await, 2);
    run_ok(&url, &["check"], "");
    // The triggers continue from the repaired counts.
    gateway.root.product("Coffee", 1).await;
    assert_eq!(count().await, 3);
    let statement = Statement::from_string(
        gateway.services.db.get_database_backend(),
        "SELECT CAST(SUM(change) AS bigint) FROM tally WHERE noun = 'stock_change'",
    );
    assert_eq!(gateway.services.db.number(statement).await, Ok(3));
    run_ok(&url, &["check"], "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_added_during_a_migration_are_counted() {
    run_test(Database::Postgres, Api::Rest, commit_a_row_during_the_migration).await;
}

/// A transaction of an older gateway adds a row, and commits while the migration that counts rows waits for it.
async fn commit_a_row_during_the_migration(gateway: Gateway) {
    gateway.root.make(Kind::Brand, json!({ "name": "LG" })).await;
    let database = gateway.stop().await;
    let url = database.url();
    let status = run_ok(&url, &["migrate", "status"], "");
    let steps = status
        .lines()
        .skip_while(|line| !line.ends_with("_tallies"))
        .count();
    assert!(steps > 0, "{status}");
    run_ok(&url, &["migrate", "down", &steps.to_string(), "--yes"], "");
    let (writer, connection) = tokio_postgres::connect(&url, NoTls).await.expect("a connection");
    tokio::spawn(connection);
    let (observer, connection) = tokio_postgres::connect(&url, NoTls).await.expect("a connection");
    tokio::spawn(connection);
    let insert =
        "CREATE TEMPORARY TABLE added AS SELECT * FROM brand; UPDATE added SET id = nextval('brand_id_seq');
        BEGIN; INSERT INTO brand OVERRIDING SYSTEM VALUE SELECT * FROM added";
    writer.batch_execute(insert).await.expect("a row");
    let migrating = {
        let url = url.clone();
        tokio::task::spawn_blocking(move || run_ok(&url, &["migrate", "up"], ""))
    };
    let lock_waits =
        "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND relation = CAST('brand' AS regclass)";
    let begin = Instant::now();
    while observer
        .query_one(lock_waits, &[])
        .await
        .expect("a count")
        .get::<_, i64>(0)
        == 0
    {
        assert!(begin.elapsed() < TIMEOUT, "the migration does not wait");
    }
    writer.batch_execute("COMMIT").await.expect("a commit");
    migrating.await.expect("the migration succeeds");
    run_ok(&url, &["check"], "");
    let program = Program::serve(&url, &[]).await;
    let brands = program.user("viewer").await.get("brands/").await.expect(200);
    assert_eq!(brands["count"], 2);
}
