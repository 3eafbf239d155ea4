//! SQLite failures: a full disk, and a file locked by another program. Requests that cannot be served get 503 with
//! `Retry-After`, no write is partial, and service resumes without a restart.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rusqlite::Connection;
use serde_json::json;

use crate::support::api::Api;
use crate::support::gateway::{Gateway, run};
use crate::support::program::Program;
use crate::support::response::Response;
use crate::support::test_database::Database;

/// Asserts 503 with `Retry-After`.
#[track_caller]
pub fn assert_unavailable(response: &Response) {
    response.expect_error(503, "UNAVAILABLE");
    assert_eq!(response.header("retry-after"), Some("5"));
}

const CREATE_BRAND: &str = "mutation($input: CreateBrandInput!) {
    createBrand(input: $input) { brand { id } userErrors { message } } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stored_data_survives_a_full_disk() {
    run(Database::Sqlite, Api::Rest, fill_the_disk).await;
}

async fn fill_the_disk(gateway: Gateway) {
    let settings = [("RUST_LOG", "error,stockroom::cli=info")];
    let program = Program::serve_with_size_limit(&gateway.database_url(), 2_000_000, &settings).await;
    let manager = program.user("manager").await;
    let description = "x".repeat(10_000);
    let add_brand = async |name: &str| {
        let brand = json!({ "name": name, "description": description });
        manager.post("brands/", brand).await
    };
    let (mut stored, mut refused) = (BTreeSet::new(), 0);
    for round in 0.. {
        let names: Vec<String> = (0..16)
            .map(|client| format!("Brand {round} of {client}"))
            .collect();
        let responses = join_all(names.iter().map(|name| add_brand(name))).await;
        for (name, response) in names.into_iter().zip(responses) {
            if response.status == 201 {
                stored.insert(name);
            } else {
                assert_unavailable(&response);
                refused += 1;
            }
        }
        if refused > 100 {
            break;
        }
        assert!(stored.len() < 1_000, "the disk does not fill up");
    }
    println!("{} are stored, {refused} were refused", stored.len());
    assert!(stored.len() > 20, "{}", stored.len());

    // Each refused request is counted once, by cause. Exceeding the file-size limit is an I/O error, not a full disk.
    let metrics = program.anon().get("/metrics").await.text;
    let counted = metrics
        .lines()
        .find_map(|line| line.strip_prefix("stockroom_unavailable_total{cause=\"io\"} "));
    assert_eq!(counted, Some(&*refused.to_string()), "{metrics}");

    // Reads succeed; GraphQL writes report the same error.
    manager.get("brands/").await.expect(200);
    // A checkpoint of the write-ahead log can free space for a few more rows.
    let mut is_refused = false;
    for round in 0..100 {
        let name = format!("By GraphQL {round}");
        let input = json!({ "input": { "name": name, "description": description } });
        let response = manager.gql(CREATE_BRAND, input).await;
        let body = response.json();
        if body["data"]["createBrand"]["brand"]["id"].is_string() {
            stored.insert(name);
            continue;
        }
        let error = &body["errors"][0]["extensions"];
        assert_eq!(
            (&error["code"], &error["retryAfter"]),
            (&json!("UNAVAILABLE"), &json!(5)),
            "{}",
            response.text
        );
        is_refused = true;
        break;
    }
    assert!(is_refused, "the disk is not full");

    program.lift_size_limit();
    add_brand("With free space").await.expect(201);
    stored.insert("With free space".to_owned());
    let mut found = BTreeSet::new();
    for page in 1..=stored.len().div_ceil(100) {
        let path = format!("brands/?page_size=100&page={page}");
        found.extend(manager.get(&path).await.texts("name"));
    }
    assert_eq!(found, stored);
    gateway.assert_invariants().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_wait_for_a_locked_file_and_reads_do_not() {
    run(Database::Sqlite, Api::Rest, lock_the_file).await;
}

async fn lock_the_file(gateway: Gateway) {
    let file = gateway.database_url();
    let other = Connection::open(file.trim_start_matches("sqlite://")).unwrap();
    let add_brand = |name: &'static str| {
        let manager = gateway.manager.clone();
        tokio::spawn(async move { manager.post("brands/", json!({ "name": name })).await })
    };
    // Writes wait for a short lock.
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waiting = add_brand("Waiting");
    let begin = Instant::now();
    gateway.viewer.get("brands/").await.expect(200);
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!waiting.is_finished());
    other.execute_batch("ROLLBACK").unwrap();
    waiting.await.unwrap().expect(201);

    // With a lock that is held beyond the busy timeout, writes fail.
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begin = Instant::now();
    let responses = join_all((0..20).map(|_| add_brand("Refused"))).await;
    assert!(begin.elapsed() < Duration::from_secs(12), "{:?}", begin.elapsed());
    for response in responses {
        assert_unavailable(&response.unwrap());
    }
    other.execute_batch("ROLLBACK").unwrap();
    add_brand("Later").await.unwrap().expect(201);
    assert_eq!(
        gateway.viewer.get("brands/").await.texts("name"),
        ["Later", "Waiting"]
    );
    gateway.assert_invariants().await;
}
