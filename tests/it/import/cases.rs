//! Imports of the twelve cases of `crates/django-source/tests/cases`, compared with `expected.json`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::imported_rows::ImportedRows;
use super::installation::{Installation, expected};
use crate::support::command::{run, run_err, run_ok};
use crate::support::gateway::{Gateway, at};
use crate::support::response::WRONG_LOGIN;
use crate::support::test_database::{Database, TestDatabase};

macro_rules! cases {
    ($($case:ident)*) => {$(
        mod $case {
            use super::Database::{Postgres, Sqlite};

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite_to_sqlite() {
                super::case(stringify!($case), Sqlite, Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite_to_postgres() {
                super::case(stringify!($case), Sqlite, Postgres).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres_to_sqlite() {
                super::case(stringify!($case), Postgres, Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres_to_postgres() {
                super::case(stringify!($case), Postgres, Postgres).await;
            }
        }
    )*};
}

cases! {
    case_01_documented
    case_02_fresh_with_other_apps
    case_03_stock_history
    case_04_misspelt_columns
    case_05_table_names
    case_06_extra_and_missing_columns
    case_07_storage_types
    case_08_bad_values
    case_09_passwords
    case_10_permissions
    case_11_tenants
    case_12_not_this_system
}

async fn case(test: &str, source: Database, target: Database) {
    let name = test.trim_start_matches("case_");
    let (Some(database), Some(installation)) = (
        TestDatabase::empty(target).await,
        Installation::of(name, source).await,
    ) else {
        println!("SKIPPED: STOCKROOM_TEST_POSTGRES is not set");
        return;
    };
    let database = Arc::new(database);
    let before = installation.bytes();
    let work = tokio::spawn({
        let (name, address, database) = (name.to_owned(), installation.address(), Arc::clone(&database));
        async move { import(&address, &expected(&name), database).await }
    });
    let result = work.await;
    assert!(installation.bytes() == before, "the source was changed");
    installation.remove().await;
    if let Ok(database) = Arc::try_unwrap(database) {
        database.remove().await;
    }
    if let Err(error) = result {
        std::panic::resume_unwind(error.into_panic());
    }
}

async fn import(source: &str, expected: &Value, database: Arc<TestDatabase>) {
    let url = database.url();
    let flags: Vec<&str> = expected["flags"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|flag| flag.as_str().expect("a flag"))
        .collect();
    let exit_code = match expected["verdict"].as_str() {
        Some("import") => 0,
        Some("stop") => 1,
        _ => 2,
    };
    let check = run(&url, &["import", "check", source, "--json"], "");
    assert_eq!(
        check.status.code(),
        Some(exit_code),
        "{}",
        String::from_utf8_lossy(&check.stderr)
    );
    let report: Value = serde_json::from_slice(&check.stdout).expect("JSON");
    assert_eq!(report["verdict"], expected["verdict"]);
    if exit_code != 0 {
        let refused = run(&url, &["import", "run", source], "");
        assert_eq!(refused.status.code(), Some(exit_code));
        let printed = String::from_utf8(refused.stdout).expect("a text");
        let heading = if exit_code == 1 { "STOPPED" } else { "REFUSED" };
        assert!(printed.contains(heading), "{printed}");
    }
    if exit_code == 2 {
        return;
    }
    let arguments = [&["import", "run", source, "--json"], &flags[..]].concat();
    let output: Value = serde_json::from_str(&run_ok(&url, &arguments, "")).expect("JSON");
    assert_eq!(output["equal"], true);
    assert_eq!(output["tables"].as_array().map(Vec::len), Some(12));
    for table in output["tables"].as_array().expect("tables") {
        assert_eq!(table["source"], table["target"]);
        let name = table["source"]["table"].as_str().expect("a table");
        if let Some(rows) = expected["target"].get(name) {
            assert_eq!(table["target"]["rows"], *rows, "{name}");
        }
    }
    let second_import = run_err(&url, &arguments, "");
    assert!(
        second_import.contains("the target is not empty: it has rows in user"),
        "{second_import}"
    );
    run_ok(&url, &["check"], "");

    let gateway = Gateway::open(
        Arc::clone(&database),
        crate::support::api::Api::Rest,
        &[],
        at("2026-11-26T12:00:00Z"),
    )
    .await;
    ImportedRows::read(&gateway).await.assert_expected(expected);
    log_in(&gateway, expected).await;
    assert_new_ids(&gateway, expected).await;
    gateway.assert_invariants().await;
    gateway.stop().await;
}

/// Logs in every user twice, with the imported hash and with its replacement. Users without a password are rejected.
async fn log_in(gateway: &Gateway, expected: &Value) {
    for (username, password) in expected["logins"].as_object().expect("logins") {
        for _ in 0..2 {
            let body =
                json!({ "username": username, "password": password.as_str().unwrap_or("birch-rail-99") });
            let response = gateway.anon.post("authentication/token/", body).await;
            if password.is_null() {
                response.expect_body(401, WRONG_LOGIN);
                break;
            }
            let access = response.expect(200)["access"]
                .as_str()
                .expect("a token")
                .to_owned();
            gateway.with_token(access).get("brands/").await.expect(200);
            let user = ImportedRows::user(gateway, username).await;
            assert!(
                user.password_hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
                "{username}"
            );
        }
    }
}

/// Asserts that new ids begin after the largest one that the source has assigned.
async fn assert_new_ids(gateway: &Gateway, expected: &Value) {
    let create = ["user", "create", "the next", "--superuser", "--password-stdin"];
    run_ok(&gateway.database_url(), &create, "a password\n");
    let next = &expected["next_id"];
    assert_eq!(
        json!(ImportedRows::user(gateway, "the next").await.id),
        next["user"]
    );
    let body = json!({ "username": "the next", "password": "a password" });
    let pair = gateway.anon.post("authentication/token/", body).await.expect(200);
    let root = gateway.with_token(pair["access"].as_str().expect("a token"));
    let make = async |table: &str, path: &str, body: Value| {
        let created = root.post(path, body).await.expect(201);
        assert_eq!(created["id"], next[table], "{table}");
        created["id"].clone()
    };
    let brand = make("brand", "brands/", json!({ "name": "New" })).await;
    let category = make("category", "categories/", json!({ "name": "New" })).await;
    let supplier = make("supplier", "suppliers/", json!({ "name": "New" })).await;
    let product = json!({ "title": "New", "brand": brand, "category": category, "cost_price": "1.00", "selling_price": "2.00" });
    let product = make("product", "products/", product).await;
    let inflow = json!({ "product": product, "supplier": supplier, "quantity": 2 });
    make("inflow", "inflows/", inflow).await;
    make(
        "outflow",
        "outflows/",
        json!({ "product": product, "quantity": 1 }),
    )
    .await;
}

async fn import_one_tenant(source: Database, target: Database) {
    let (Some(database), Some(installation)) = (
        TestDatabase::empty(target).await,
        Installation::of("11_tenants", source).await,
    ) else {
        println!("SKIPPED: STOCKROOM_TEST_POSTGRES is not set");
        return;
    };
    let one_tenant = &expected("11_tenants")["one_tenant"];
    let tenant = format!("--tenant={}", one_tenant["--tenant"].as_str().expect("a tenant"));
    let printed = run_ok(
        &database.url(),
        &["import", "run", &installation.address(), &tenant, "--json"],
        "",
    );
    let output: Value = serde_json::from_str(&printed).expect("JSON");
    for table in output["tables"].as_array().expect("tables") {
        let name = table["source"]["table"].as_str().expect("a table");
        if let Some(rows) = one_tenant["target"].get(name) {
            assert_eq!(table["target"]["rows"], *rows, "{name}");
        }
    }
    installation.remove().await;
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_tenant_of_several_is_imported() {
    import_one_tenant(Database::Sqlite, Database::Sqlite).await;
    import_one_tenant(Database::Postgres, Database::Postgres).await;
}
