//! `stockroom copy`: every table is copied, between both database engines.

use std::process::{Command, Stdio};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use database::bulk::BulkInsert;
use entity::{
    attempt, delivery, ended_session, event, idempotency_key, permission, removed_endpoint, spent_token,
    webhook_endpoint,
};
use sea_orm::{ConnectionTrait as _, EntityTrait};
use serde_json::{Value, json};
use stockroom::error::Error;

use crate::support::api::Api;
use crate::support::command::{run, run_err, run_ok};
use crate::support::gateway::{Gateway, START};
use crate::support::program::command;
use crate::support::response::INVALID_OR_EXPIRED_TOKEN;
use crate::support::test_database::{Database, PASSWORD, TestDatabase, row_counts};

/// Tables that each database maintains itself.
const NOT_COPIED: [&str; 4] = ["seaql_migrations", "compatible_migration", "tally", "revision"];

/// Adds a row to a table that is otherwise empty in this test.
async fn add_row<E: EntityTrait>(gateway: &Gateway, row: E::Model)
where
    E::Model: Sync + 'static,
{
    let system = gateway.system();
    let stored = system.transaction(move |tx| {
        let row = row.clone();
        Box::pin(async move {
            let mut table = BulkInsert::<_, E>::new(tx);
            table.add(&row).await?;
            table.finish().await?;
            Ok::<_, Error>(())
        })
    });
    stored.await.expect("the row is stored");
}

/// Adds rows to every table; returns a pair of tokens, a pair that was logged out, and a product.
async fn fill(gateway: &Gateway) -> (Value, Value, Value) {
    run_ok(
        &gateway.database_url(),
        &["seed", "--products", "60", "--seed", "5"],
        "",
    );
    let log_in = async || {
        let body = json!({ "username": "manager", "password": PASSWORD });
        gateway.anon.post("authentication/token/", body).await.expect(200)
    };
    let (pair, logged_out) = (log_in().await, log_in().await);
    let refresh = json!({ "refresh": logged_out["refresh"] });
    gateway
        .anon
        .post("authentication/logout/", refresh)
        .await
        .expect(200);
    let product = gateway.root.get("products/7/").await.expect(200);
    let title = json!({ "title": format!("{} Ünïcödé 🧴", product["title"].as_str().expect("a title")) });
    let product = gateway.root.patch("products/7/", title).await.expect(200);
    // The brand with the last assigned id is deleted.
    let brand = gateway
        .root
        .post("brands/", json!({ "name": "gone" }))
        .await
        .expect(201);
    gateway
        .root
        .delete(&format!("brands/{}/", brand["id"]))
        .await
        .expect(204);

    let time: DateTime<Utc> = *START + TimeDelta::microseconds(123_457);
    add_row::<spent_token::Entity>(
        gateway,
        spent_token::Model {
            jti: "5".repeat(32),
            expires_at: time,
        },
    )
    .await;
    add_row::<ended_session::Entity>(
        gateway,
        ended_session::Model {
            session: "e".repeat(16),
            expires_at: time,
        },
    )
    .await;
    let granted = permission::Model {
        id: 900,
        user_id: Some(4),
        group_id: None,
        codename: "add_brand".to_owned(),
    };
    add_row::<permission::Entity>(gateway, granted).await;
    let secret = webhook_endpoint::Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
    let endpoint = webhook_endpoint::Model {
        id: 30,
        managed: true,
        url: "https://example.org/hook".to_owned(),
        events: "outflow.created".to_owned(),
        secret: Some(secret),
        failing_since: Some(time),
        version: 7,
        created_at: time,
        updated_at: time,
        ..webhook_endpoint::Model::default()
    };
    add_row::<webhook_endpoint::Entity>(gateway, endpoint).await;
    let event = event::Model {
        id: 40,
        message_id: "msg_2b".to_owned(),
        stock_change_id: Some(1),
        product_title: "A title".to_owned(),
        created_at: time,
        ..event::Model::default()
    };
    add_row::<event::Entity>(gateway, event).await;
    let delivery = delivery::Model {
        id: 50,
        event_id: 40,
        endpoint_id: 30,
        attempts: 2,
        due_at: Some(time + TimeDelta::days(300)),
        last_error: Some("it did not respond".to_owned()),
        ..delivery::Model::default()
    };
    add_row::<delivery::Entity>(gateway, delivery).await;
    let attempt = attempt::Model {
        id: 60,
        delivery_id: 50,
        number: 1,
        started_at: time,
        ..attempt::Model::default()
    };
    add_row::<attempt::Entity>(gateway, attempt).await;
    let removed = removed_endpoint::Model {
        endpoint_id: 29,
        removed_at: time,
    };
    add_row::<removed_endpoint::Entity>(gateway, removed).await;
    let key = idempotency_key::Model {
        id: 70,
        user_id: 2,
        key: "a key".to_owned(),
        fingerprint: "f".repeat(64),
        outcome: "{}".to_owned(),
        status: Some(201),
        headers: None,
        body: Some("{\"name\": \"Água\"}".to_owned()),
        created_at: time,
    };
    add_row::<idempotency_key::Entity>(gateway, key).await;
    let system = gateway.system();
    let due = system.transaction(|tx| {
        Box::pin(async move {
            let sql = "INSERT INTO refold_due (noun, last_id) SELECT 'brand', 1 WHERE NOT EXISTS (SELECT 1 FROM refold_due)";
            tx.execute_unprepared(sql).await?;
            Ok::<_, Error>(())
        })
    });
    due.await.expect("the row is stored");
    (pair, logged_out, product)
}

async fn copy_and_compare(from: Database, to: Database) {
    let (Some(source), Some(target)) = (TestDatabase::migrated(from).await, TestDatabase::empty(to).await)
    else {
        println!("SKIPPED: STOCKROOM_TEST_POSTGRES is not set");
        return;
    };
    let (source, target) = (Arc::new(source), Arc::new(target));
    let gateway = Gateway::open(Arc::clone(&source), Api::Rest, &[], *START).await;
    let (pair, logged_out, product) = fill(&gateway).await;
    gateway.stop().await;
    let (from, to) = (source.url(), target.url());
    let before = row_counts(&from).await;
    for (table, rows) in before
        .iter()
        .filter(|(table, _)| !NOT_COPIED.contains(&table.as_str()))
    {
        assert!(
            *rows > 0,
            "{table} is empty: add a row to it above, so that this test fails if it is not copied"
        );
    }

    let words = ["copy", "--from", &from, "--to", &to];
    let printed = run_ok(&to, &[&words[..], &["--json"]].concat(), "");
    let output: Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!(output["equal"], true);
    let compared = output["tables"].as_array().expect("tables");
    for table in compared {
        assert_eq!(table["source"], table["target"]);
        let name = table["table"].as_str().expect("a name");
        assert_eq!(json!(before[name]), table["source"]["rows"], "{name}");
    }
    assert_eq!(compared.len() + NOT_COPIED.len(), before.len());
    let after = row_counts(&to).await;
    for (table, rows) in before
        .iter()
        .filter(|(table, _)| !["tally", "revision"].contains(&table.as_str()))
    {
        assert_eq!(after.get(table), Some(rows), "{table}");
    }
    assert_eq!(row_counts(&from).await, before, "the source was changed");
    run_ok(&to, &["check"], "");
    run_ok(&from, &["check"], "");
    let second_copy = run_err(&to, &words, "");
    assert!(
        second_copy.contains("the target is not empty: it has rows in brand, category"),
        "{second_copy}"
    );

    let old = Gateway::open(Arc::clone(&source), Api::Rest, &[], *START).await;
    let new = Gateway::open(Arc::clone(&target), Api::Rest, &[], *START).await;
    let access = pair["access"].as_str().expect("a token");
    for path in [
        "products/?page_size=100",
        "inflows/?page=3",
        "outflows/",
        "suppliers/",
        "categories/",
        "brands/",
    ] {
        let (old, new) = (old.with_token(access), new.with_token(access));
        let without_links = |body: Value| json!({ "count": body["count"], "results": body["results"] });
        assert_eq!(
            without_links(new.get(path).await.expect(200)),
            without_links(old.get(path).await.expect(200)),
            "{path}"
        );
    }
    let (old_product, new_product) = (
        old.root.get("products/7/").await,
        new.root.get("products/7/").await,
    );
    assert_eq!(
        old_product.header("etag"),
        new_product.header("etag"),
        "the version"
    );
    assert_eq!(new_product.expect(200), product);
    new.anon
        .post(
            "authentication/token/refresh/",
            json!({ "refresh": logged_out["refresh"] }),
        )
        .await
        .expect_body(401, INVALID_OR_EXPIRED_TOKEN);
    let body = json!({ "username": "viewer", "password": PASSWORD });
    new.anon.post("authentication/token/", body).await.expect(200);
    // The viewer's permission was copied, and the next id is the same.
    let brand = json!({ "name": "the next" });
    let created = new.viewer.post("brands/", brand.clone()).await.expect(201);
    assert_eq!(
        created["id"],
        old.viewer.post("brands/", brand).await.expect(201)["id"]
    );
    new.assert_invariants().await;
    for gateway in [old, new] {
        gateway.stop().await;
    }
    for database in [source, target] {
        if let Ok(database) = Arc::try_unwrap(database) {
            database.remove().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_table_is_copied_from_sqlite_to_postgres() {
    copy_and_compare(Database::Sqlite, Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_table_is_copied_from_postgres_to_sqlite() {
    copy_and_compare(Database::Postgres, Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_table_is_copied_from_sqlite_to_sqlite() {
    copy_and_compare(Database::Sqlite, Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_copy_leaves_the_target_unchanged() {
    let source = TestDatabase::migrated(Database::Sqlite).await.expect("SQLite");
    run_ok(&source.url(), &["seed", "--products", "300", "--seed", "5"], "");
    let TestDatabase::Sqlite(directory) = TestDatabase::empty(Database::Sqlite).await.expect("SQLite") else {
        unreachable!("it is SQLite");
    };
    let file = directory.path().join("test.db");
    let mut child = command(&source.url())
        .args([
            "copy",
            "--from",
            &source.url(),
            "--to",
            &format!("sqlite://{}", file.display()),
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the process starts");
    // Signal handlers are installed before the target is opened.
    while !file.exists() {
        assert_eq!(
            child.try_wait().expect("a state"),
            None,
            "the process exited too early"
        );
        std::thread::yield_now();
    }
    let sent = Command::new("kill")
        .arg("-INT")
        .arg(child.id().to_string())
        .status();
    assert!(sent.expect("kill").success());
    assert_eq!(child.wait().expect("the process exits").code(), Some(130));
    let files = std::fs::read_dir(directory.path()).expect("a directory").count();
    assert_eq!(files, 0, "files of the target were left behind");
    source.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn impossible_copies_report_an_error() {
    let source = TestDatabase::migrated(Database::Sqlite).await.expect("SQLite");
    let (url, absent) = (source.url(), format!("{}-absent", source.url()));
    let error_of = |from: &str, to: &str| run_err(&url, &["copy", "--from", from, "--to", to], "");
    assert!(error_of(&absent, &format!("{url}-new")).contains("does not exist"));
    assert!(error_of(&url, &url).contains("--from and --to are the same database"));
    let unreadable = error_of(&url, "postgres://shop:cret#x@nowhere/shop");
    assert!(
        unreadable.contains("--to: ") && !unreadable.contains("cret"),
        "{unreadable}"
    );
    assert!(error_of(&url, "mysql://shop").contains("it must begin with sqlite:// or postgres://"));
    // A database of an earlier version.
    run_ok(&url, &["migrate", "down", "--yes"], "");
    let outdated = error_of(&url, &format!("{url}-new"));
    assert!(
        outdated.contains("migrations of the source are missing"),
        "{outdated}"
    );
    let check = run(&format!("{url}-new"), &["check"], "");
    assert_eq!(check.status.code(), Some(2), "a target was left behind");
    source.remove().await;
}
