//! A database that a newer version of the program has migrated, and the repair of row counts.

use std::process::Stdio;

use sea_orm::{ConnectionTrait as _, Statement};

use crate::support::command::{fails, prints, run};
use crate::support::gateway::Gateway;
use crate::support::program::{Program, command};

on_both![
    a_compatible_newer_schema_is_served,
    an_incompatible_newer_schema_is_refused,
    counts_are_repaired,
];

const NEWER: &str = "m20990101_000001_future";

async fn apply_newer(gateway: &Gateway, is_compatible: bool) {
    let applied = format!("INSERT INTO seaql_migrations (version, applied_at) VALUES ('{NEWER}', 1)");
    gateway.sql(applied).await.expect("a row");
    if is_compatible {
        let marked = format!("INSERT INTO compatible_migration (name) VALUES ('{NEWER}')");
        gateway.sql(marked).await.expect("a row");
    }
}

async fn a_compatible_newer_schema_is_served(gateway: Gateway) {
    apply_newer(&gateway, true).await;
    gateway.anon.get("/readyz").await.expect(200);
    let url = gateway.database_url();
    let mut program = Program::serve(&url, &[]).await;
    program.anon().get("/readyz").await.expect(200);
    program.user("viewer").await.get("brands/").await.expect(200);
    program.terminate();
    assert!(program.wait_for_exit().await.success());
    let status = prints(&url, &["migrate", "status"], "");
    let last = status.lines().last().expect("a line");
    assert!(last.starts_with("newer ") && last.contains(NEWER), "{status}");
    assert_eq!(prints(&url, &["migrate", "up"], ""), status);
    for arguments in [&["check"][..], &["user", "list"], &["user", "activate", "viewer"]] {
        let output = run(&url, arguments, "");
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && log.contains(NEWER),
            "{arguments:?}: {log}"
        );
    }
    // Only the newer version can revert its migration.
    assert!(fails(&url, &["migrate", "down", "--yes"], "").contains(NEWER));
}

async fn an_incompatible_newer_schema_is_refused(gateway: Gateway) {
    apply_newer(&gateway, false).await;
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
    assert!(String::from_utf8_lossy(&serve.stderr).contains(NEWER));
    let status = fails(&url, &["migrate", "status"], "");
    let last = status.lines().last().expect("a line");
    assert!(last.starts_with("unknown ") && last.contains(NEWER), "{status}");
    assert!(fails(&url, &["migrate", "up"], "").contains(NEWER));
    let check = run(&url, &["check"], "");
    assert_eq!(check.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&check.stderr).contains(NEWER));
    assert!(fails(&url, &["user", "deactivate", "viewer"], "").contains(NEWER));
    // Users can still be listed.
    let list = run(&url, &["user", "list"], "");
    assert!(list.status.success());
    assert!(String::from_utf8_lossy(&list.stdout).contains("viewer\tactive"));
    assert!(String::from_utf8_lossy(&list.stderr).contains(NEWER));
}

async fn counts_are_repaired(gateway: Gateway) {
    let url = gateway.database_url();
    gateway.root.product("Tea", 5).await;
    gateway.root.product("Mate", 5).await;
    let right = prints(&url, &["repair", "counts"], "");
    assert_eq!(right.lines().count(), 7, "{right}");
    assert!(right.lines().all(|line| line.starts_with("ok ")), "{right}");
    gateway
        .sql("UPDATE tally SET change = change + 5 WHERE noun = 'product'")
        .await
        .expect("an update");
    gateway
        .sql("DELETE FROM tally WHERE noun = 'stock_change'")
        .await
        .expect("a deletion");
    let wrong = fails(&url, &["check"], "");
    assert!(
        wrong.contains("FAILED  the row count of each table is correct"),
        "{wrong}"
    );
    let count = async || gateway.viewer.get("products/").await.json()["count"].clone();
    assert_ne!(count().await, 2);
    let repaired = prints(&url, &["repair", "counts"], "");
    assert!(repaired.contains("repaired product: 2 rows, not "), "{repaired}");
    assert!(
        repaired.contains("repaired stock_change: 2 rows, not 0"),
        "{repaired}"
    );
    assert_eq!(repaired.matches("repaired").count(), 2, "{repaired}");
    assert_eq!(count().await, 2);
    prints(&url, &["check"], "");
    // The triggers continue from the repaired counts.
    gateway.root.product("Coffee", 1).await;
    assert_eq!(count().await, 3);
    let statement = Statement::from_string(
        gateway.services.db.get_database_backend(),
        "SELECT CAST(SUM(change) AS bigint) FROM tally WHERE noun = 'stock_change'",
    );
    assert_eq!(gateway.services.db.number(statement).await, Ok(3));
    prints(&url, &["check"], "");
}
