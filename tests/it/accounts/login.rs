//! Login: names, passwords and their hashes, and groups.

use std::time::Instant;

use reqwest::Method;
use serde_json::json;
use stockroom::kind::Kind;
use stockroom::resolvers::account;

use crate::support::actors::Actor;
use crate::support::gateway::Gateway;
use crate::support::response::{INVALID_OR_EXPIRED_TOKEN, Response, WRONG_LOGIN};
use crate::support::test_database::PASSWORD;

on_both_databases![
    only_the_right_password_logs_in,
    login_bodies_are_validated,
    unknown_and_known_names_take_equally_long,
    passwords_are_hashed_with_argon2id,
    a_new_password_replaces_the_old_one,
    group_changes_take_effect_at_once,
];

pub(super) async fn log_in(actor: &Actor, username: &str, password: &str) -> Response {
    let body = json!({ "username": username, "password": password });
    actor.post("authentication/token/", body).await
}

async fn only_the_right_password_logs_in(gateway: Gateway) {
    let pair = log_in(&gateway.anon, "viewer", PASSWORD).await.expect(200);
    assert_eq!(
        crate::support::response::sorted_keys(&pair),
        ["access", "refresh"]
    );
    gateway
        .with_token(pair["access"].as_str().unwrap())
        .get("brands/")
        .await
        .expect(200);
    // Spaces around the name are trimmed, those around the password are not. Case matters in both.
    log_in(&gateway.anon, " viewer ", PASSWORD).await.expect(200);
    for (username, password) in [
        ("viewer", "wrongpassword"),
        ("viewer", " yourpassword"),
        ("viewer", "yourpassword "),
        ("viewer", "YOURPASSWORD"),
        ("Viewer", PASSWORD),
        ("nobody", PASSWORD),
        ("%", PASSWORD),
        ("viewer' OR '1'='1", PASSWORD),
    ] {
        log_in(&gateway.anon, username, password)
            .await
            .expect_body(401, WRONG_LOGIN);
    }
}

async fn login_bodies_are_validated(gateway: Gateway) {
    let (required, blank) = ("This field is required.", "This field may not be blank.");
    let cases = [
        (
            json!({}),
            json!({ "username": [ required ], "password": [ required ] }),
        ),
        (
            json!({ "username": "admin" }),
            json!({ "password": [ required ] }),
        ),
        (
            json!({ "username": "", "password": "" }),
            json!({ "username": [ blank ], "password": [ blank ] }),
        ),
        (
            json!({ "username": null, "password": "x" }),
            json!({ "username": [ "This field may not be null." ] }),
        ),
        (
            json!({ "username": [ "admin" ], "password": "x" }),
            json!({ "username": [ "Not a valid string." ] }),
        ),
    ];
    for (body, errors) in cases {
        gateway
            .anon
            .post("authentication/token/", body)
            .await
            .expect_json(422, &errors);
    }
    for (route, field) in [
        ("token/refresh/", "refresh"),
        ("token/verify/", "token"),
        ("logout/", "refresh"),
    ] {
        let route = format!("authentication/{route}");
        gateway
            .anon
            .post(&route, json!({}))
            .await
            .expect_json(422, &json!({ field: [ required ] }));
        gateway
            .anon
            .post(&route, json!({ field: "" }))
            .await
            .expect_json(422, &json!({ field: [ blank ] }));
        gateway
            .anon
            .post(&route, json!({ field: true }))
            .await
            .expect_json(422, &json!({ field: [ "Not a valid string." ] }));
        gateway
            .anon
            .post(&route, json!({ field: "x" }))
            .await
            .expect_body(401, INVALID_OR_EXPIRED_TOKEN);
        gateway.anon.raw(Method::POST, &route, "[]").await.expect(400);
        gateway.anon.raw(Method::POST, &route, "{").await.expect(400);
        gateway
            .root
            .get(&route)
            .await
            .expect_error(405, "METHOD_NOT_ALLOWED");
    }
}

async fn unknown_and_known_names_take_equally_long(gateway: Gateway) {
    let measure = async |username: &str| {
        let start = Instant::now();
        log_in(&gateway.anon, username, "wrongpassword")
            .await
            .expect_body(401, WRONG_LOGIN);
        start.elapsed().as_secs_f64()
    };
    // The first failed login also creates the hash for unknown names.
    measure("unknown").await;
    // The minimum of several interleaved measurements: other load on the machine only adds to them.
    let (mut known, mut unknown) = (f64::MAX, f64::MAX);
    for user in ["viewer", "manager", "admin", "administrator"] {
        for number in 0..4 {
            known = known.min(measure(user).await);
            unknown = unknown.min(measure(&format!("unknown {user} {number}")).await);
        }
    }
    // Without the verification of a hash, unknown names would take a hundredth of the time.
    assert!(
        unknown > known * 0.5 && known > unknown * 0.5,
        "{known} s and {unknown} s"
    );
}

async fn passwords_are_hashed_with_argon2id(gateway: Gateway) {
    for account::UserSummary { user, .. } in account::list(&gateway.system()).await.unwrap() {
        assert!(
            user.password_hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{}",
            user.password_hash
        );
        assert!(!user.password_hash.contains(PASSWORD));
    }
}

async fn a_new_password_replaces_the_old_one(gateway: Gateway) {
    account::set_password(&gateway.system(), "viewer".into(), "another password".into())
        .await
        .unwrap();
    log_in(&gateway.anon, "viewer", PASSWORD)
        .await
        .expect_body(401, WRONG_LOGIN);
    log_in(&gateway.anon, "viewer", "another password")
        .await
        .expect(200);
}

async fn group_changes_take_effect_at_once(gateway: Gateway) {
    gateway
        .viewer
        .post("brands/", json!({ "name": "LG" }))
        .await
        .expect(403);
    let join =
        "INSERT INTO user_group (user_id, group_id) SELECT 4, id FROM \"group\" WHERE name = 'Administrator'";
    gateway.sql(join).await.unwrap();
    let brand = gateway.viewer.make(Kind::Brand, json!({ "name": "LG" })).await;
    gateway
        .viewer
        .delete(&format!("brands/{brand}/"))
        .await
        .expect(204);
    gateway
        .sql("DELETE FROM user_group WHERE user_id = 4")
        .await
        .unwrap();
    gateway
        .viewer
        .post("brands/", json!({ "name": "LG" }))
        .await
        .expect(403);
}
