//! Logging in: passwords, the limit on failures, deactivation.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Instant;

use reqwest::Method;
use serde_json::{Value, json};
use stockroom::auth::login;
use stockroom::ctx::Ctx;
use stockroom::error::Error;
use stockroom::kind::Kind;
use stockroom::resolvers::account;

use crate::support::actors::Actor;
use crate::support::answer::{Answer, BAD_TOKEN, REFUSED, WRONG_LOGIN};
use crate::support::gateway::Gateway;
use crate::support::test_database::PASSWORD;

on_both![
    only_the_right_password_logs_in,
    bodies_of_a_login,
    unknown_names_take_as_long,
    passwords_are_argon2id,
    a_deactivated_user_is_out_at_once,
    a_new_password_replaces_the_old,
    failures_are_limited,
    a_stranger_locks_out_nobody,
    bad_bodies_are_no_failures,
    groups_count_at_once,
];

async fn log_in(actor: &Actor, username: &str, password: &str) -> Answer {
    let body = json!({ "username": username, "password": password });
    actor.post("authentication/token/", body).await
}

async fn only_the_right_password_logs_in(gateway: Gateway) {
    let pair = log_in(&gateway.anon, "viewer", PASSWORD).await.expect(200);
    assert_eq!(crate::support::answer::sorted_keys(&pair), ["access", "refresh"]);
    gateway
        .with_token(pair["access"].as_str().unwrap())
        .get("brands/")
        .await
        .expect(200);
    // A password's spaces belong to it, a name's don't, and both are exact otherwise.
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
            .is(401, WRONG_LOGIN);
    }
}

async fn bodies_of_a_login(gateway: Gateway) {
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
    for (body, refusal) in cases {
        gateway
            .anon
            .post("authentication/token/", body)
            .await
            .says(422, &refusal);
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
            .says(422, &json!({ field: [ required ] }));
        gateway
            .anon
            .post(&route, json!({ field: "" }))
            .await
            .says(422, &json!({ field: [ blank ] }));
        gateway
            .anon
            .post(&route, json!({ field: true }))
            .await
            .says(422, &json!({ field: [ "Not a valid string." ] }));
        gateway
            .anon
            .post(&route, json!({ field: "x" }))
            .await
            .is(401, REFUSED);
        gateway.anon.raw(Method::POST, &route, "[]").await.expect(400);
        gateway.anon.raw(Method::POST, &route, "{").await.expect(400);
        gateway.root.get(&route).await.refuses(405, "METHOD_NOT_ALLOWED");
    }
}

/// The least of several measurements, as everything else on the machine only adds to them.
async fn quickest(gateway: &Gateway, username: &str) -> f64 {
    let mut quickest = f64::MAX;
    for _ in 0..4 {
        let start = Instant::now();
        log_in(&gateway.anon, username, "wrongpassword")
            .await
            .is(401, WRONG_LOGIN);
        quickest = quickest.min(start.elapsed().as_secs_f64());
    }
    quickest
}

async fn unknown_names_take_as_long(gateway: Gateway) {
    // The first of all also makes the hash that unknown names are compared with.
    quickest(&gateway, "somebody").await;
    let (known, unknown) = (
        quickest(&gateway, "viewer").await,
        quickest(&gateway, "nobody").await,
    );
    // Without the comparison it would be a hundredth of it.
    assert!(
        unknown > known * 0.5 && known > unknown * 0.5,
        "{known} s and {unknown} s"
    );
}

async fn passwords_are_argon2id(gateway: Gateway) {
    for (user, _) in account::list(&gateway.system()).await.unwrap() {
        assert!(
            user.password_hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{}",
            user.password_hash
        );
        assert!(!user.password_hash.contains(PASSWORD));
    }
}

async fn a_deactivated_user_is_out_at_once(gateway: Gateway) {
    let pair = log_in(&gateway.anon, "manager", PASSWORD).await.expect(200);
    let manager = gateway.with_token(pair["access"].as_str().unwrap());
    let refresh = json!({ "refresh": pair["refresh"] });
    manager.post("brands/", json!({ "name": "LG" })).await.expect(201);

    account::set_active(&gateway.system(), "manager".into(), false)
        .await
        .unwrap();
    manager.get("brands/").await.is(401, BAD_TOKEN);
    manager
        .post("brands/", json!({ "name": "LG" }))
        .await
        .is(401, BAD_TOKEN);
    gateway.manager.get("brands/").await.is(401, BAD_TOKEN);
    gateway
        .anon
        .post("authentication/token/refresh/", refresh.clone())
        .await
        .is(401, REFUSED);
    for token in ["access", "refresh"] {
        gateway
            .anon
            .post("authentication/token/verify/", json!({ "token": pair[token] }))
            .await
            .is(401, REFUSED);
    }
    gateway
        .anon
        .post("authentication/logout/", refresh.clone())
        .await
        .is(401, REFUSED);
    log_in(&gateway.anon, "manager", PASSWORD)
        .await
        .is(401, WRONG_LOGIN);
    // Nobody else is affected.
    gateway.viewer.get("brands/").await.expect(200);

    account::set_active(&gateway.system(), "manager".into(), true)
        .await
        .unwrap();
    manager.get("brands/").await.expect(200);
    gateway
        .anon
        .post("authentication/token/refresh/", refresh)
        .await
        .expect(200);
    log_in(&gateway.anon, "manager", PASSWORD).await.expect(200);
}

async fn a_new_password_replaces_the_old(gateway: Gateway) {
    account::set_password(&gateway.system(), "viewer".into(), "another password".into())
        .await
        .unwrap();
    log_in(&gateway.anon, "viewer", PASSWORD)
        .await
        .is(401, WRONG_LOGIN);
    log_in(&gateway.anon, "viewer", "another password")
        .await
        .expect(200);
}

async fn failures_are_limited(gateway: Gateway) {
    for _ in 0..10 {
        log_in(&gateway.anon, "viewer", "wrongpassword")
            .await
            .is(401, WRONG_LOGIN);
        gateway.wait(2);
    }
    // The first failure was 20 seconds ago: it counts for 40 more.
    let refused = log_in(&gateway.anon, "viewer", "wrongpassword").await;
    refused.refuses(429, "TOO_MANY_REQUESTS");
    assert_eq!(refused.header("retry-after"), Some("40"));
    // Not even the right password, else the limit would tell which it is.
    log_in(&gateway.anon, "viewer", PASSWORD).await.expect(429);
    // Another name is another matter, known or not.
    log_in(&gateway.anon, "manager", PASSWORD).await.expect(200);
    log_in(&gateway.anon, "nobody", PASSWORD)
        .await
        .is(401, WRONG_LOGIN);
    gateway.wait(39);
    log_in(&gateway.anon, "viewer", PASSWORD).await.expect(429);
    gateway.wait(1);
    // One failure is a minute old, so there is room for one.
    log_in(&gateway.anon, "viewer", "wrongpassword")
        .await
        .is(401, WRONG_LOGIN);
    log_in(&gateway.anon, "viewer", PASSWORD).await.expect(429);
    gateway.wait(60);
    log_in(&gateway.anon, "viewer", PASSWORD).await.expect(200);
}

async fn a_stranger_locks_out_nobody(gateway: Gateway) {
    for _ in 0..10 {
        log_in(&gateway.anon, "viewer", "wrongpassword")
            .await
            .is(401, WRONG_LOGIN);
    }
    log_in(&gateway.anon, "viewer", PASSWORD).await.expect(429);
    // The user at another address gets in.
    let home = Ctx::anonymous(
        Arc::clone(&gateway.services),
        IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)),
    );
    login::log_in(&home, "viewer", PASSWORD.to_owned())
        .await
        .expect("a login");
    // One household has a whole /64 of IPv6: its addresses count as one.
    let address = |last: u16| {
        Ctx::anonymous(
            Arc::clone(&gateway.services),
            format!("2001:db8::{last:x}").parse().unwrap(),
        )
    };
    for last in 0..10 {
        let refused = login::log_in(&address(last), "viewer", "wrongpassword".to_owned()).await;
        assert!(matches!(refused, Err(Error::Unauthenticated(_))), "{refused:?}");
    }
    let refused = login::log_in(&address(99), "viewer", PASSWORD.to_owned()).await;
    assert!(matches!(refused, Err(Error::Limited { .. })), "{refused:?}");
    let neighbour = Ctx::anonymous(Arc::clone(&gateway.services), "2001:db8:0:1::1".parse().unwrap());
    login::log_in(&neighbour, "viewer", PASSWORD.to_owned())
        .await
        .expect("a login");
    // An address of IPv4 is the same in the clothes of IPv6.
    let mapped = Ctx::anonymous(Arc::clone(&gateway.services), "::ffff:127.0.0.1".parse().unwrap());
    let refused = login::log_in(&mapped, "viewer", PASSWORD.to_owned()).await;
    assert!(matches!(refused, Err(Error::Limited { .. })), "{refused:?}");
}

async fn bad_bodies_are_no_failures(gateway: Gateway) {
    for _ in 0..12 {
        gateway
            .anon
            .post("authentication/token/", json!({ "username": "viewer" }))
            .await
            .expect(422);
        gateway
            .anon
            .raw(Method::POST, "authentication/token/", "{\"username\": \"viewer\"")
            .await
            .expect(400);
        gateway
            .anon
            .post("authentication/token/", Value::Null)
            .await
            .expect(400);
    }
    // Nor are logins that succeed.
    for _ in 0..11 {
        log_in(&gateway.anon, "viewer", PASSWORD).await.expect(200);
    }
    log_in(&gateway.anon, "viewer", "wrongpassword")
        .await
        .is(401, WRONG_LOGIN);
}

async fn groups_count_at_once(gateway: Gateway) {
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
