//! `/metrics`: names, values and the Prometheus text format.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::support::gateway::Gateway;
use crate::support::webhook_receiver::{Reaction, Receiver, create_outflow, send_due, with_webhooks};

on_both_databases!(
    metrics_are_in_the_prometheus_text_format,
    operations_are_counted_by_type_and_error,
    pending_webhooks_are_shown,
    the_writer_of_sqlite_has_metrics,
    scrapes_send_few_statements,
    version_memory_and_files_are_shown,
);

/// The samples of `/metrics`: names with labels as written, and values.
async fn samples(gateway: &Gateway) -> BTreeMap<String, f64> {
    let response = gateway.anon.get("/metrics").await;
    assert_eq!(response.status, 200);
    let samples = response.text.lines().filter(|line| !line.starts_with('#'));
    samples
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').expect("a value");
            (name.to_owned(), value.parse().expect("a number"))
        })
        .collect()
}

#[track_caller]
fn assert_value(value: f64, expected: f64) {
    assert!((value - expected).abs() < 1e-6, "{value} instead of {expected}");
}

/// A metric family, as declared by its comments.
#[derive(Default)]
struct Family {
    kind: String,
    help: bool,
    unit: String,
}

async fn metrics_are_in_the_prometheus_text_format(gateway: Gateway) {
    gateway.manager.product("Tea \"green\" \\ \n leaves", 5).await;
    gateway.anon.get("/nowhere").await.expect(404);
    gateway.viewer.gql("{ viewer { isSuperuser } }", json!({})).await;
    let response = gateway.anon.get("/metrics").await;
    let text = response.text.strip_suffix("# EOF\n").expect("an end");
    let mut families: BTreeMap<&str, Family> = BTreeMap::new();
    let mut all_series = BTreeSet::new();
    let mut buckets: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    let mut current = "";
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let (keyword, name) = (words.next().unwrap(), words.next().unwrap());
            if name != current {
                assert!(!families.contains_key(name), "{name} occurs twice");
                current = name;
            }
            let family = families.entry(name).or_default();
            match keyword {
                "HELP" => family.help = true,
                "TYPE" => words.next().unwrap().clone_into(&mut family.kind),
                "UNIT" => words.next().unwrap().clone_into(&mut family.unit),
                _ => panic!("{line}"),
            }
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line}"));
        assert!(all_series.insert(series), "{series} occurs twice");
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let labels = labels.strip_suffix('}').unwrap_or_else(|| panic!("{line}"));
        assert_name(name);
        for label in labels.split("\",").filter(|label| !label.is_empty()) {
            let (name, value) = label.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
            assert_name(name);
            assert!(!value.trim_end_matches('"').contains('"'), "{line}");
        }
        let family = &families[current];
        let suffixes: &[&str] = match &*family.kind {
            "counter" => &["_total"],
            "gauge" => &[""],
            "info" => &["_info"],
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
            // Buckets are cumulative.
            let (upper_bound, rest) = bound(labels);
            let (lower_bound, previous) = buckets
                .entry(format!("{current} {rest}"))
                .or_insert((f64::MIN, 0.0));
            assert!(upper_bound > *lower_bound && value >= *previous, "{line}");
            (*lower_bound, *previous) = (upper_bound, value);
        }
    }
    assert!(families.len() >= 12, "{}", families.len());
    assert!(buckets.values().all(|(last, _)| last.is_infinite()));
}

/// The upper bound of a bucket, and its other labels.
fn bound(labels: &str) -> (f64, String) {
    let (le, rest): (Vec<&str>, Vec<&str>) = labels.split("\",").partition(|label| label.starts_with("le="));
    let le = le[0].trim_start_matches("le=\"").trim_end_matches('"');
    (le.parse().expect("a bound"), rest.join(","))
}

#[track_caller]
fn assert_name(name: &str) {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let is_valid = name
        .bytes()
        .enumerate()
        .all(|(index, byte)| is_letter(byte) || (index > 0 && byte.is_ascii_digit()));
    assert!(is_valid && !name.is_empty(), "{name:?}");
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
    let samples = samples(&gateway).await;
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
        assert_eq!(samples.get(&name), Some(&count), "{name} in {samples:#?}");
    }
}

async fn pending_webhooks_are_shown(gateway: Gateway) {
    let receiver = Receiver::start().await;
    let gateway = with_webhooks(gateway, &receiver, &[]).await;
    let product = gateway.root.product("Tea", 100).await;
    for _ in 0..3 {
        create_outflow(&gateway, product, 1).await;
    }
    gateway.advance_clock(90);
    let samples_before = samples(&gateway).await;
    assert_value(samples_before["stockroom_webhook_pending_deliveries"], 3.0);
    assert_value(samples_before["stockroom_webhook_oldest_due_seconds"], 90.0);
    receiver.set_reaction(Reaction::Status(500));
    assert_eq!(send_due(&gateway).await, 3);
    receiver.set_reaction(Reaction::Status(204));
    gateway.advance_clock(3600);
    assert_eq!(send_due(&gateway).await, 3);
    let samples = samples(&gateway).await;
    assert_value(samples["stockroom_webhook_tries_total{outcome=\"failure\"}"], 3.0);
    assert_value(samples["stockroom_webhook_tries_total{outcome=\"success\"}"], 3.0);
}

async fn the_writer_of_sqlite_has_metrics(gateway: Gateway) {
    let before = samples(&gateway).await;
    let is_sqlite = gateway.database_url().starts_with("sqlite");
    assert_eq!(before.contains_key("stockroom_writer_waiting"), is_sqlite);
    if !is_sqlite {
        return;
    }
    let requests = (0..40).map(|index| {
        gateway
            .manager
            .post("brands/", json!({ "name": format!("Brand {index}") }))
    });
    for response in futures_util::future::join_all(requests).await {
        response.expect(201);
    }
    let after = samples(&gateway).await;
    let increase = |name: &str| after[name] - before[name];
    assert_value(increase("stockroom_writer_commit_size_sum"), 40.0);
    let commits = increase("stockroom_writer_commit_size_count");
    assert!((1.0..=40.0).contains(&commits), "{commits}");
    assert_value(after["stockroom_writer_waiting"], 0.0);
    assert!(after["stockroom_open_connections"] >= 1.0);
}

async fn scrapes_send_few_statements(gateway: Gateway) {
    samples(&gateway).await;
    // The values are cached for five seconds.
    let (statements, ()) = gateway
        .count_statements(async {
            for _ in 0..50 {
                samples(&gateway).await;
            }
        })
        .await;
    assert!(statements <= 4, "{statements}");
}

async fn version_memory_and_files_are_shown(gateway: Gateway) {
    let samples = samples(&gateway).await;
    let version = format!(
        "stockroom_build_info{{version=\"{}\"}}",
        env!("CARGO_PKG_VERSION")
    );
    assert_value(samples[&version], 1.0);
    assert!(samples["process_resident_memory_bytes"] > 1e6);
    let (open, limit) = (samples["process_open_fds"], samples["process_max_fds"]);
    assert!(open > 3.0 && open <= limit, "{open} of {limit}");
}
