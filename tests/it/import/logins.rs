//! Tokens and passwords of the Django system after an import.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::installation::Installation;
use crate::accounts::jwt;
use crate::support::command::run_ok;
use crate::support::gateway::{Gateway, SECRET_KEY, at};
use crate::support::response::{BAD_TOKEN, INVALID_OR_EXPIRED_TOKEN, WRONG_LOGIN};
use crate::support::test_database::{Database, TestDatabase};

/// A gateway after the import of a case.
async fn gateway_after_import(case: &str, database: Database) -> Option<Gateway> {
    let (target, installation) = (
        TestDatabase::empty(database).await?,
        Installation::of(case, Database::Sqlite).await?,
    );
    run_ok(&target.url(), &["import", "run", &installation.address()], "");
    let api = crate::support::api::Api::Rest;
    Some(Gateway::open(Arc::new(target), api, &[], at("2026-11-26T12:00:00Z")).await)
}

async fn remove_database(gateway: Gateway) {
    if let Ok(target) = Arc::try_unwrap(gateway.stop().await) {
        target.remove().await;
    }
}

/// A token as simplejwt issues it with the same `SECRET_KEY`.
fn old_token(gateway: &Gateway, token_type: &str, jti: &str, user_id: &Value) -> String {
    let now = gateway.services.clock.now().timestamp();
    let claims = json!({ "token_type": token_type, "exp": now + 3600, "iat": now - 60, "jti": jti, "user_id": user_id });
    jwt::hs256(&claims, SECRET_KEY)
}

async fn check_old_tokens(database: Database) {
    let Some(gateway) = gateway_after_import("02_fresh_with_other_apps", database).await else {
        println!("SKIPPED: STOCKROOM_TEST_POSTGRES is not set");
        return;
    };
    for (digit, user_id) in [('b', json!(1)), ('c', json!("1"))] {
        let jti: String = std::iter::repeat_n(digit, 32).collect();
        let access = old_token(&gateway, "access", &jti, &user_id);
        gateway.with_token(access).get("brands/").await.expect(200);
        let refresh = json!({ "refresh": old_token(&gateway, "refresh", &jti, &user_id) });
        let refreshed = gateway
            .anon
            .post("authentication/token/refresh/", refresh)
            .await
            .expect(200);
        gateway
            .with_token(refreshed["access"].as_str().unwrap())
            .get("brands/")
            .await
            .expect(200);
        // This token is on the Django system's blacklist.
        let spent = old_token(&gateway, "refresh", &"a".repeat(32), &user_id);
        let response = gateway
            .anon
            .post("authentication/token/refresh/", json!({ "refresh": spent }))
            .await;
        response.expect_body(401, INVALID_OR_EXPIRED_TOKEN);
        let response = gateway
            .anon
            .post("authentication/token/verify/", json!({ "token": spent }))
            .await;
        response.expect_body(401, INVALID_OR_EXPIRED_TOKEN);
    }
    let unknown_user = old_token(&gateway, "access", &"d".repeat(32), &json!(999));
    gateway
        .with_token(unknown_user)
        .get("brands/")
        .await
        .expect_body(401, BAD_TOKEN);
    remove_database(gateway).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_tokens_are_accepted_unless_they_are_blacklisted() {
    check_old_tokens(Database::Sqlite).await;
    check_old_tokens(Database::Postgres).await;
}

/// The duration of a failed login.
async fn failed_login_time(gateway: &Gateway, username: &str) -> Duration {
    let begin = Instant::now();
    let body = json!({ "username": username, "password": "wrong" });
    gateway
        .anon
        .post("authentication/token/", body)
        .await
        .expect_body(401, WRONG_LOGIN);
    begin.elapsed()
}

/// The shortest of several interleaved failed logins of each user. Other load on the machine only makes logins longer.
async fn shortest_failed_logins<const USERS: usize>(
    gateway: &Gateway,
    usernames: [&str; USERS],
) -> [Duration; USERS] {
    let mut shortest = [Duration::MAX; USERS];
    for _ in 0..5 {
        for (username, shortest) in usernames.iter().zip(&mut shortest) {
            *shortest = (*shortest).min(failed_login_time(gateway, username).await);
        }
    }
    shortest
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_logins_take_as_long_as_the_slowest_hash() {
    let gateway = gateway_after_import("09_passwords", Database::Sqlite)
        .await
        .expect("SQLite");
    // Their hashes: 1,200,000 iterations, 260,000 iterations, another algorithm, no usable hash, no such user.
    let usernames = ["django60", "django32", "scrypt", "unusable", "no such user"];
    let [slowest, others @ ..] = shortest_failed_logins(&gateway, usernames).await;
    for (username, time) in usernames.iter().skip(1).zip(others) {
        assert!(
            time > slowest / 2,
            "{username}: {time:?}, the slowest {slowest:?}"
        );
    }
    // A login replaces this hash; the verification of the new one takes as long.
    let body = json!({ "username": "django32", "password": "birch-rail-32" });
    gateway.anon.post("authentication/token/", body).await.expect(200);
    gateway.advance_clock(120);
    let [time] = shortest_failed_logins(&gateway, ["django32"]).await;
    assert!(time > slowest / 2, "{time:?}, the slowest {slowest:?}");
    remove_database(gateway).await;
}
