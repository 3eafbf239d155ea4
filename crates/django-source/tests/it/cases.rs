//! The twelve databases of `cases/make.py`, compared with `cases/expected.json`.

use std::collections::BTreeSet;

use django_source::CheckResult;
use serde_json::{Value, json};

use crate::collected::Collected;
use crate::databases::{check, expected, path};
use crate::postgres;

/// Notes that may occur without being listed in `expected.json`.
const OPTIONAL_NOTES: [&str; 1] = ["stock_differences"];

fn strings(value: &Value) -> BTreeSet<String> {
    let items = value.as_array().into_iter().flatten();
    items
        .map(|item| item.as_str().expect("a text").to_owned())
        .collect()
}

/// The items of a list as JSON texts, sorted.
fn sorted(value: &Value) -> BTreeSet<String> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .map(Value::to_string)
        .collect()
}

fn compare_report(address: &str, report: &Value, expected: &Value) {
    assert_eq!(report["verdict"], expected["verdict"], "{address}: {report:#}");
    for key in ["source", "roles", "next_id"] {
        if !expected[key].is_null() {
            assert_eq!(report[key], expected[key], "{address}: {key}");
        }
    }
    let findings: Vec<Value> = report["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|finding| {
            assert_eq!(finding["count"], finding["ids"].as_array().expect("ids").len());
            json!({"code": finding["code"], "table": finding["table"], "ids": finding["ids"], "flag": finding["flag"]})
        })
        .collect();
    assert_eq!(
        sorted(&json!(findings)),
        sorted(&expected["findings"]),
        "{address}: findings"
    );
    assert_eq!(
        sorted(&report["because"]),
        sorted(&expected["because"]),
        "{address}: because"
    );
    let notes = report["notes"].as_array().expect("notes");
    let notes: BTreeSet<String> = notes
        .iter()
        .map(|note| note["code"].as_str().expect("a code").to_owned())
        .collect();
    let expected_notes = strings(&expected["notes"]);
    assert!(
        expected_notes.is_subset(&notes),
        "{address}: not all of {expected_notes:?} are in {notes:?}"
    );
    let unexpected: Vec<_> = notes
        .difference(&expected_notes)
        .filter(|code| !OPTIONAL_NOTES.contains(&code.as_str()))
        .collect();
    assert!(
        unexpected.is_empty(),
        "{address}: unexpected notes {unexpected:?}"
    );
}

fn compare_rows(address: &str, rows: &Collected, expected: &Value) {
    for cell_spec in expected["cells"].as_array().into_iter().flatten() {
        let (table, id, column) = (
            cell_spec[0].as_str().expect("a table"),
            cell_spec[1].as_i64().expect("an id"),
            cell_spec[2].as_str(),
        );
        let cell = rows.cell(table, id, column.expect("a column"));
        assert_eq!(cell, cell_spec[3], "{address}: {table} {id} {column:?}");
    }
    assert_eq!(rows.stock(), expected["stock"], "{address}: stock");
    assert_eq!(rows.groups(), expected["groups"], "{address}: groups");
    assert_eq!(rows.rights(), expected["rights"], "{address}: rights");
    assert_eq!(rows.summaries, rows.digests(), "{address}: sums");
    let counts = json!({
        "brand": rows.labels.get("brand").map_or(0, Vec::len),
        "category": rows.labels.get("category").map_or(0, Vec::len),
        "supplier": rows.labels.get("supplier").map_or(0, Vec::len),
        "product": rows.products.len(),
        "inflow": rows.inflows.len(),
        "outflow": rows.outflows.len(),
        "user": rows.users.len(),
        "group": rows.groups.iter().map(|group| group.name.as_str()).chain(["Manager", "Administrator"]).collect::<BTreeSet<_>>().len(),
        "stock_change": rows.changes.len(),
    });
    assert_eq!(counts, expected["target"], "{address}: target");
    for (name, password) in expected["logins"].as_object().into_iter().flatten() {
        let user = rows
            .users
            .iter()
            .find(|user| user.username == *name)
            .expect("the user is there");
        assert_eq!(
            user.password.is_some() && user.is_active,
            !password.is_null(),
            "{address}: {name}"
        );
    }
    let names_of = |fits: fn(&&django_source::row::User) -> bool| {
        rows.users
            .iter()
            .filter(fits)
            .map(|user| user.username.clone())
            .collect::<BTreeSet<_>>()
    };
    if !expected["users_without_password"].is_null() {
        assert_eq!(
            names_of(|user| user.password.is_none()),
            strings(&expected["users_without_password"])
        );
        assert_eq!(names_of(|user| !user.is_active), strings(&expected["inactive"]));
        assert_eq!(
            names_of(|user| user.is_superuser),
            strings(&expected["superusers"])
        );
    }
    let tokens: BTreeSet<String> = rows.tokens.iter().map(|token| token.jti.clone()).collect();
    assert_eq!(tokens, strings(&expected["spent_tokens"]), "{address}: tokens");
    for (table, actors) in expected["actors"].as_object().into_iter().flatten() {
        let reason = if table == "inflow" {
            django_source::row::Reason::Inflow
        } else {
            django_source::row::Reason::Outflow
        };
        for (id, actor) in actors.as_object().into_iter().flatten() {
            let id: i64 = id.parse().expect("an id");
            let entry = rows
                .changes
                .iter()
                .find(|entry| entry.reason == reason && entry.movement_id == Some(id));
            assert_eq!(
                json!(entry.expect("the entry is there").actor_id),
                *actor,
                "{address}: {table} {id}"
            );
        }
    }
    for (table, ids) in expected["skipped"].as_object().into_iter().flatten() {
        let is_skipped = |id: &i64| match table.as_str() {
            "inflow" => rows.inflows.iter().all(|row| row.id != *id),
            _ => rows.outflows.iter().all(|row| row.id != *id),
        };
        let ids: Vec<i64> = serde_json::from_value(ids.clone()).expect("ids");
        assert!(ids.iter().all(is_skipped), "{address}: {table} {ids:?}");
    }
}

async fn compare(address: &str, expected: &Value) {
    let plan = check(address, &[]).await.expect("the source can be read");
    let report = serde_json::to_value(plan.report()).expect("the report is JSON");
    compare_report(address, &report, expected);
    if plan.report().result == CheckResult::Refuse {
        let rows = Collected::of(plan).await.expect("a refused source has no rows");
        assert!(rows.products.is_empty() && rows.users.is_empty() && rows.summaries.is_empty());
        return;
    }
    let flags = strings(&expected["flags"]);
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let plan = check(address, &flags).await.expect("the source can be read");
    assert_eq!(plan.report().result, CheckResult::Import, "{address}");
    assert!(
        plan.report()
            .findings
            .iter()
            .all(|finding| finding.decided == Some(finding.flag))
    );
    let report = serde_json::to_value(plan.report()).expect("the report is JSON");
    assert_eq!(
        report["target"], expected["target"],
        "{address}: target in the report"
    );
    let rows = Collected::of(plan).await.expect("the rows can be read");
    compare_rows(address, &rows, expected);
}

async fn case(name: &str) {
    let file = path(name);
    let before = std::fs::read(&file).expect("the file can be read");
    let expected = expected(name);
    compare(&file.display().to_string(), &expected).await;
    let after = std::fs::read(&file).expect("the file can be read");
    assert!(before == after, "the file was changed");
    for suffix in ["-wal", "-shm", "-journal"] {
        assert!(
            !std::path::Path::new(&format!("{}{suffix}", file.display())).exists(),
            "{suffix} was created"
        );
    }
    if let Some(database) = postgres::Database::load(name, &file).await {
        compare(&database.url(), &expected).await;
        database.drop().await;
    }
}

macro_rules! cases {
    ($($name:ident)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            case(stringify!($name).trim_start_matches("case_")).await;
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

#[tokio::test]
async fn one_of_several_tenants_can_be_imported() {
    let tenant = &expected("11_tenants")["one_tenant"];
    let flag = format!("--tenant={}", tenant["--tenant"].as_str().expect("a flag"));
    let plan = check(&path("11_tenants").display().to_string(), &[&flag])
        .await
        .expect("the source can be read");
    assert_eq!(plan.report().result, CheckResult::Import);
    let report = serde_json::to_value(plan.report()).expect("the report is JSON");
    for (table, rows) in tenant["target"].as_object().expect("counts") {
        assert_eq!(report["target"][table], *rows, "{table}");
    }
}
