//! The limits on failed logins.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use stockroom::auth::login;
use stockroom::ctx::Ctx;
use stockroom::error::Error;

use super::login::log_in;
use crate::support::gateway::Gateway;
use crate::support::program::Program;
use crate::support::redis::{Proxy, Redis, TlsRedis};
use crate::support::response::WRONG_LOGIN;
use crate::support::test_database::PASSWORD;

on_both_databases![
    failures_of_one_address_are_limited_across_names,
    logins_in_one_document_are_limited,
    failures_of_one_name_are_limited,
    failures_from_one_address_do_not_lock_out_another,
    gateways_count_failures_together_in_redis,
    redis_is_reached_over_tls,
    invalid_bodies_do_not_count_as_failures,
];

async fn failures_of_one_address_are_limited_across_names(gateway: Gateway) {
    for number in 0..59 {
        log_in(&gateway.anon, &format!("name-{number}"), "wrongpassword")
            .await
            .expect_body(401, WRONG_LOGIN);
    }
    // Successful logins are not counted.
    log_in(&gateway.anon, "viewer", PASSWORD).await.expect(200);
    gateway.advance_clock(20);
    log_in(&gateway.anon, "name-59", "wrongpassword")
        .await
        .expect_body(401, WRONG_LOGIN);
    let refused = log_in(&gateway.anon, "name-60", "wrongpassword").await;
    refused.expect_error(429, "TOO_MANY_REQUESTS");
    assert_eq!(refused.header("retry-after"), Some("40"));
    log_in(&gateway.anon, "viewer", PASSWORD).await.expect(429);
    // A login from another address succeeds.
    let other_address = Ctx::anonymous(
        Arc::clone(&gateway.services),
        IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)),
    );
    login::log_in(&other_address, "viewer", PASSWORD.to_owned())
        .await
        .expect("a login");
    // Setting the wall clock does not move the window.
    gateway.services.clock.shift_wall(chrono::TimeDelta::days(-2));
    let refused = log_in(&gateway.anon, "name-60", "wrongpassword").await;
    assert_eq!(refused.header("retry-after"), Some("40"));
    gateway.advance_clock(40);
    log_in(&gateway.anon, "viewer", PASSWORD).await.expect(200);
}

async fn logins_in_one_document_are_limited(gateway: Gateway) {
    let logins: String = (0..100)
        .map(|number| {
            format!("a{number}: login(input: {{ username: \"name-{number}\", password: \"wrongpassword\" }}) {{ access }} ")
        })
        .collect();
    let body = gateway
        .anon
        .gql(&format!("mutation {{ {logins} }}"), json!({}))
        .await
        .json();
    let errors = body["errors"].as_array().unwrap();
    let count = |code: &str| {
        errors
            .iter()
            .filter(|error| error["extensions"]["code"] == code)
            .count()
    };
    assert_eq!(
        count("UNAUTHENTICATED") + count("TOO_MANY_REQUESTS"),
        errors.len(),
        "{body}"
    );
    // The remaining fields exceeded the limit: only 60 passwords were verified.
    log_in(&gateway.anon, "viewer", PASSWORD)
        .await
        .expect_error(429, "TOO_MANY_REQUESTS");
    let metrics = gateway.services.metrics.text(&gateway.services.db).unwrap();
    assert!(
        metrics.contains("stockroom_logins_total{outcome=\"failure\"} 60\n"),
        "{}",
        metrics
            .lines()
            .filter(|line| line.contains("login"))
            .collect::<Vec<_>>()
            .join("\n")
    );
}

async fn failures_of_one_name_are_limited(gateway: Gateway) {
    for _ in 0..10 {
        log_in(&gateway.anon, "viewer", "wrongpassword")
            .await
            .expect_body(401, WRONG_LOGIN);
        gateway.advance_clock(2);
    }
    // The first failure, 20 seconds ago, counts for another 40.
    let refused = log_in(&gateway.anon, "viewer", "wrongpassword").await;
    refused.expect_error(429, "TOO_MANY_REQUESTS");
    assert_eq!(refused.header("retry-after"), Some("40"));
    // The right password is refused as well; otherwise guessing could continue despite the limit.
    log_in(&gateway.anon, "viewer", PASSWORD).await.expect(429);
    // Other names are not affected, whether they exist or not.
    log_in(&gateway.anon, "manager", PASSWORD).await.expect(200);
    log_in(&gateway.anon, "nobody", PASSWORD)
        .await
        .expect_body(401, WRONG_LOGIN);
    gateway.advance_clock(39);
    log_in(&gateway.anon, "viewer", PASSWORD).await.expect(429);
    gateway.advance_clock(1);
    // One failure has left the window, so one more is allowed.
    log_in(&gateway.anon, "viewer", "wrongpassword")
        .await
        .expect_body(401, WRONG_LOGIN);
    log_in(&gateway.anon, "viewer", PASSWORD).await.expect(429);
    gateway.advance_clock(60);
    log_in(&gateway.anon, "viewer", PASSWORD).await.expect(200);
}

async fn failures_from_one_address_do_not_lock_out_another(gateway: Gateway) {
    for _ in 0..10 {
        log_in(&gateway.anon, "viewer", "wrongpassword")
            .await
            .expect_body(401, WRONG_LOGIN);
    }
    log_in(&gateway.anon, "viewer", PASSWORD).await.expect(429);
    // The same user can log in from another address.
    let other_address = Ctx::anonymous(
        Arc::clone(&gateway.services),
        IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)),
    );
    login::log_in(&other_address, "viewer", PASSWORD.to_owned())
        .await
        .expect("a login");
    // The addresses of one IPv6 /64 count as one.
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
    // An IPv4-mapped IPv6 address counts as the IPv4 address.
    let mapped = Ctx::anonymous(Arc::clone(&gateway.services), "::ffff:127.0.0.1".parse().unwrap());
    let refused = login::log_in(&mapped, "viewer", PASSWORD.to_owned()).await;
    assert!(matches!(refused, Err(Error::Limited { .. })), "{refused:?}");
}

async fn gateways_count_failures_together_in_redis(gateway: Gateway) {
    let Some(redis) = Redis::empty().await else { return };
    let proxy = Proxy::to(redis.address, None).await;
    let url = redis.through(proxy.address);
    let flags = ["--redis-url", &*url];
    let first = gateway.restart_with(&flags).await;
    let (second, third) = (first.another(&flags).await, first.another(&flags).await);
    let all = [&first, &second, &third];
    for round in 0..3 {
        for gateway in all {
            log_in(&gateway.anon, "viewer", "wrongpassword")
                .await
                .expect_body(401, WRONG_LOGIN);
            // Successful logins do not count.
            log_in(&gateway.anon, "viewer", PASSWORD).await.expect(200);
            log_in(&gateway.anon, &format!("name-{round}"), "wrongpassword")
                .await
                .expect_body(401, WRONG_LOGIN);
        }
    }
    log_in(&second.anon, "viewer", "wrongpassword")
        .await
        .expect_body(401, WRONG_LOGIN);
    for gateway in all {
        let refused = log_in(&gateway.anon, "viewer", PASSWORD).await;
        refused.expect_error(429, "TOO_MANY_REQUESTS");
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait} s");
        log_in(&gateway.anon, "manager", PASSWORD).await.expect(200);
    }
    // The limit of an address is 60 failures, whatever the names; there have been 19.
    for number in 19..60 {
        let gateway = all[number % 3];
        log_in(&gateway.anon, &format!("other-{number}"), "wrongpassword")
            .await
            .expect_body(401, WRONG_LOGIN);
    }
    for gateway in all {
        log_in(&gateway.anon, "manager", PASSWORD).await.expect(429);
    }
    // Without Redis each gateway counts by itself.
    proxy.cut().await;
    for _ in 0..10 {
        log_in(&third.anon, "viewer", "wrongpassword")
            .await
            .expect_body(401, WRONG_LOGIN);
    }
    log_in(&third.anon, "viewer", PASSWORD).await.expect(429);
    log_in(&second.anon, "viewer", PASSWORD).await.expect(200);
    second.stop().await;
    third.stop().await;
}

async fn redis_is_reached_over_tls(gateway: Gateway) {
    let Some(redis) = TlsRedis::start().await else {
        return;
    };
    let url = gateway.database_url();
    let authority = redis.authority.display().to_string();
    let settings = [("REDIS_URL", &*redis.url), ("SSL_CERT_FILE", &*authority)];
    let (first, second) = (
        Program::serve(&url, &settings).await,
        Program::serve(&url, &settings).await,
    );
    for program in [&first, &second] {
        for _ in 0..5 {
            log_in(&program.anon(), "viewer", "wrongpassword")
                .await
                .expect_body(401, WRONG_LOGIN);
        }
    }
    for program in [&first, &second] {
        log_in(&program.anon(), "viewer", PASSWORD).await.expect(429);
    }
    // A certificate of another authority is refused.
    let mut other = Program::serve(&url, &[("REDIS_URL", &*redis.url)]).await;
    log_in(&other.anon(), "viewer", PASSWORD).await.expect(200);
    other
        .line(|line| {
            let message = line["message"].as_str().unwrap_or_default();
            message.starts_with("Redis does not respond")
        })
        .await;
}

async fn invalid_bodies_do_not_count_as_failures(gateway: Gateway) {
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
    // Successful logins do not count either.
    for _ in 0..11 {
        log_in(&gateway.anon, "viewer", PASSWORD).await.expect(200);
    }
    log_in(&gateway.anon, "viewer", "wrongpassword")
        .await
        .expect_body(401, WRONG_LOGIN);
}
