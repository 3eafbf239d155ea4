//! The figures: what an operator watches is there, right, and in the form that Prometheus reads.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::support::gateway::Gateway;
use crate::support::webhook_receiver::{Reaction, Receiver, due, take_out, telling};

on_both!(
    they_are_in_the_form_that_prometheus_reads,
    operations_are_counted_by_type_and_error,
    what_is_still_to_be_told_is_shown,
    the_writer_shows_what_it_does,
    they_cost_the_database_next_to_nothing,
);

/// What `/metrics` says: names with their labels, as they stand, and their values.
async fn figures(gateway: &Gateway) -> BTreeMap<String, f64> {
    let answer = gateway.anon.get("/metrics").await;
    assert_eq!(answer.status, 200);
    let samples = answer.text.lines().filter(|line| !line.starts_with('#'));
    samples
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').expect("a value");
            (name.to_owned(), value.parse().expect("a number"))
        })
        .collect()
}

#[track_caller]
fn is(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-6, "{found} and not {expected}");
}

/// A family of figures, as its comments declare it.
#[derive(Default)]
struct Family {
    kind: String,
    help: bool,
    unit: String,
}

async fn they_are_in_the_form_that_prometheus_reads(gateway: Gateway) {
    gateway.manager.product("Tea \"green\" \\ \n leaves", 5).await;
    gateway.anon.get("/nowhere").await.expect(404);
    gateway.viewer.gql("{ viewer { isSuperuser } }", json!({})).await;
    let answer = gateway.anon.get("/metrics").await;
    let text = answer.text.strip_suffix("# EOF\n").expect("an end");
    let mut families: BTreeMap<&str, Family> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut buckets: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    let mut current = "";
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let (what, name) = (words.next().unwrap(), words.next().unwrap());
            if name != current {
                assert!(!families.contains_key(name), "{name} comes twice");
                current = name;
            }
            let family = families.entry(name).or_default();
            match what {
                "HELP" => family.help = true,
                "TYPE" => words.next().unwrap().clone_into(&mut family.kind),
                "UNIT" => words.next().unwrap().clone_into(&mut family.unit),
                _ => panic!("{line}"),
            }
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line}"));
        assert!(seen.insert(series), "{series} comes twice");
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let labels = labels.strip_suffix('}').unwrap_or_else(|| panic!("{line}"));
        is_name(name);
        for label in labels.split("\",").filter(|label| !label.is_empty()) {
            let (name, value) = label.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
            is_name(name);
            assert!(!value.trim_end_matches('"').contains('"'), "{line}");
        }
        let family = &families[current];
        let suffixes: &[&str] = match &*family.kind {
            "counter" => &["_total"],
            "gauge" => &[""],
            "histogram" => &["_bucket", "_sum", "_count"],
            other => panic!("{other}"),
        };
        let suffix = name
            .strip_prefix(current)
            .unwrap_or_else(|| panic!("{line} below {current}"));
        assert!(suffixes.contains(&suffix), "{line}");
        assert!(family.help && current.ends_with(&family.unit), "{current}");
        assert!(value >= 0.0, "{line}");
        if suffix == "_bucket" {
            // Each bucket holds what those below it hold.
            let (le, rest) = bound(labels);
            let (below, held) = buckets
                .entry(format!("{current} {rest}"))
                .or_insert((f64::MIN, 0.0));
            assert!(le > *below && value >= *held, "{line}");
            (*below, *held) = (le, value);
        }
    }
    assert!(families.len() >= 12, "{}", families.len());
    assert!(buckets.values().all(|(last, _)| last.is_infinite()));
}

/// A bucket's bound, and its other labels.
fn bound(labels: &str) -> (f64, String) {
    let (le, rest): (Vec<&str>, Vec<&str>) = labels.split("\",").partition(|label| label.starts_with("le="));
    let le = le[0].trim_start_matches("le=\"").trim_end_matches('"');
    (le.parse().expect("a bound"), rest.join(","))
}

#[track_caller]
fn is_name(name: &str) {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let right = name
        .bytes()
        .enumerate()
        .all(|(index, byte)| is_letter(byte) || (index > 0 && byte.is_ascii_digit()));
    assert!(right && !name.is_empty(), "{name:?}");
}

async fn operations_are_counted_by_type_and_error(gateway: Gateway) {
    for _ in 0..3 {
        gateway.viewer.gql("{ viewer { isSuperuser } }", json!({})).await;
    }
    gateway
        .viewer
        .gql(
            "mutation { createBrand(input: {name: \"x\"}) { brand { id } } }",
            json!({}),
        )
        .await;
    gateway
        .manager
        .gql(
            "mutation { createBrand(input: {name: \"x\"}) { brand { id } } }",
            json!({}),
        )
        .await;
    gateway.anon.gql("{ brands { totalCount } }", json!({})).await;
    gateway.anon.gql("{ nothing }", json!({})).await;
    let figures = figures(&gateway).await;
    for (ty, error, count) in [
        ("query", "", 3.0),
        ("mutation", "FORBIDDEN", 1.0),
        ("mutation", "", 1.0),
        ("", "UNAUTHENTICATED", 1.0),
        ("", "BAD_USER_INPUT", 1.0),
    ] {
        let name = format!(
            "stockroom_graphql_operations_total{{graphql_operation_type=\"{ty}\",error_type=\"{error}\"}}"
        );
        assert_eq!(figures.get(&name), Some(&count), "{name} in {figures:#?}");
    }
}

async fn what_is_still_to_be_told_is_shown(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = telling(gateway, &receiver, &[]).await;
    let product = gateway.root.product("Tea", 100).await;
    for _ in 0..3 {
        take_out(&gateway, product, 1).await;
    }
    gateway.wait(90);
    let figures_then = figures(&gateway).await;
    is(figures_then["stockroom_webhook_pending_deliveries"], 3.0);
    is(figures_then["stockroom_webhook_oldest_due_seconds"], 90.0);
    receiver.reacts(Reaction::Status(500));
    assert_eq!(due(&gateway).await, 3);
    receiver.reacts(Reaction::Status(204));
    gateway.wait(3600);
    assert_eq!(due(&gateway).await, 3);
    let figures = figures(&gateway).await;
    is(figures["stockroom_webhook_tries_total{outcome=\"failure\"}"], 3.0);
    is(figures["stockroom_webhook_tries_total{outcome=\"success\"}"], 3.0);
}

async fn the_writer_shows_what_it_does(gateway: Gateway) {
    let before = figures(&gateway).await;
    let is_sqlite = gateway.database_url().starts_with("sqlite");
    assert_eq!(before.contains_key("stockroom_writer_waiting"), is_sqlite);
    if !is_sqlite {
        return;
    }
    let asked = (0..40).map(|index| {
        gateway
            .manager
            .post("brands/", json!({ "name": format!("Brand {index}") }))
    });
    for answer in futures_util::future::join_all(asked).await {
        answer.expect(201);
    }
    let after = figures(&gateway).await;
    let grown = |name: &str| after[name] - before[name];
    is(grown("stockroom_writer_commit_size_sum"), 40.0);
    let commits = grown("stockroom_writer_commit_size_count");
    assert!((1.0..=40.0).contains(&commits), "{commits}");
    is(after["stockroom_writer_waiting"], 0.0);
    assert!(after["stockroom_open_connections"] >= 1.0);
}

async fn they_cost_the_database_next_to_nothing(gateway: Gateway) {
    figures(&gateway).await;
    // What was found out a moment ago is still good.
    let (statements, ()) = gateway
        .statements(async {
            for _ in 0..50 {
                figures(&gateway).await;
            }
        })
        .await;
    assert!(statements <= 4, "{statements}");
}
