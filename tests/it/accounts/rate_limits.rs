//! The documented rate limits by user, address and kind of request: on one gateway, shared through Redis, and without
//! Redis.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tokio::net::TcpListener;

use crate::support::actors::{Actor, send};
use crate::support::gateway::Gateway;
use crate::support::redis::{Proxy, Redis};
use crate::support::response::Response;
use crate::support::test_database::PASSWORD;

on_both_databases!(
    requests_are_not_limited_by_default,
    each_kind_of_request_has_its_own_quota,
    logins_are_limited_by_address,
    requests_without_a_user_are_limited_by_address,
    forwarded_addresses_are_accepted_from_configured_proxies_only,
    gateways_share_limits_through_redis,
    gateways_limit_locally_without_redis,
    requests_are_not_delayed_by_an_unresponsive_redis,
);

const ENABLED: [&str; 2] = ["--rate-limit-enabled", "true"];

async fn read_brands(actor: &Actor, count: u32) {
    for _ in 0..count {
        actor.get("brands/").await.expect(200);
    }
}

#[track_caller]
fn assert_refused(response: &Response, seconds: u64) {
    response.expect_error(429, "TOO_MANY_REQUESTS");
    assert_eq!(response.header("retry-after"), Some(&*seconds.to_string()));
}

async fn requests_are_not_limited_by_default(gateway: Gateway) {
    read_brands(&gateway.viewer, 120).await;
    let response = gateway.viewer.get("brands/").await;
    assert_eq!(response.header("ratelimit"), None);
}

async fn each_kind_of_request_has_its_own_quota(gateway: Gateway) {
    let gateway = gateway.restart_with(&ENABLED).await;
    let first = gateway.manager.get("brands/").await;
    assert_eq!(first.header("ratelimit-policy"), Some("\"read\";q=100;w=60"));
    assert_eq!(first.header("ratelimit"), Some("\"read\";r=99;t=60"));
    gateway.advance_clock(20);
    read_brands(&gateway.manager, 99).await;
    let refused = gateway.manager.get("brands/").await;
    assert_refused(&refused, 40);
    assert_eq!(refused.header("ratelimit"), Some("\"read\";r=0;t=40"));

    // Writes have their own window, which also counts requests that fail for other reasons.
    for index in 0..50 {
        let body = if index % 2 == 0 {
            json!({ "name": "Brand" })
        } else {
            json!({})
        };
        let response = gateway.manager.post("brands/", body).await;
        response.expect(if index % 2 == 0 { 201 } else { 422 });
    }
    assert_refused(&gateway.manager.delete("brands/1/").await, 60);
    // Other users have their own quotas.
    read_brands(&gateway.viewer, 1).await;
    // OPTIONS requests and unknown paths do not count.
    send(gateway.manager.request(Method::OPTIONS, "brands/"))
        .await
        .expect(204);
    gateway.manager.get("nothing/").await.expect(404);

    gateway.advance_clock(39);
    assert_refused(&gateway.manager.get("brands/").await, 1);
    gateway.advance_clock(1);
    read_brands(&gateway.manager, 100).await;
    assert_refused(&gateway.manager.get("brands/").await, 60);
    let metrics = gateway.anon.get("/metrics").await;
    let line = "stockroom_rate_limit_refusals_total{limit=\"read\"} 3";
    assert!(metrics.text.contains(line), "{}", metrics.text);
}

async fn logins_are_limited_by_address(gateway: Gateway) {
    let gateway = gateway.restart_with(&ENABLED).await;
    for user in ["viewer", "manager"] {
        for _ in 0..5 {
            let login = json!({ "username": user, "password": PASSWORD });
            gateway
                .anon
                .post("authentication/token/", login)
                .await
                .expect(200);
        }
    }
    for route in ["token", "token/refresh", "token/verify"] {
        let response = gateway
            .anon
            .post(&format!("authentication/{route}/"), json!({}))
            .await;
        assert_refused(&response, 60);
    }
    // Requests with a token are not affected.
    read_brands(&gateway.viewer, 1).await;
    gateway.advance_clock(60);
    gateway
        .anon
        .post("authentication/token/verify/", json!({}))
        .await
        .expect(422);
}

async fn requests_without_a_user_are_limited_by_address(gateway: Gateway) {
    let gateway = gateway.restart_with(&ENABLED).await;
    for index in 0..100 {
        match index % 3 {
            0 => gateway.anon.get("brands/").await.expect(401),
            1 => gateway.with_token("nonsense").get("products/").await.expect(401),
            _ => gateway.anon.get("").await.expect(200),
        };
    }
    assert_refused(&gateway.anon.get("brands/").await, 60);
    assert_refused(&gateway.with_token("nonsense").get("brands/").await, 60);
    assert_refused(&gateway.anon.get("").await, 60);
    read_brands(&gateway.viewer, 100).await;
}

async fn forwarded_addresses_are_accepted_from_configured_proxies_only(gateway: Gateway) {
    let flags = [&ENABLED[..], &["--trusted-proxies", "127.0.0.1,10.0.0.0/8"]].concat();
    let gateway = gateway.restart_with(&flags).await;
    let from = async |client: &str| {
        let request = gateway.anon.request(Method::POST, "authentication/token/verify/");
        let request = request.header("x-forwarded-for", client).json(&json!({}));
        send(request).await.status
    };
    for _ in 0..10 {
        assert_eq!(from("198.51.100.7, 10.1.2.3").await, 422);
    }
    assert_eq!(from("198.51.100.7").await, 429);
    // The leftmost address is written by the client and is ignored.
    assert_eq!(from("192.0.2.1, 198.51.100.7, 10.9.9.9").await, 429);
    assert_eq!(from("198.51.100.8").await, 422);
    // The addresses of one IPv6 /64 count as one.
    for host in 0..10 {
        assert_eq!(from(&format!("2001:db8:1:2::{host:x}")).await, 422);
    }
    assert_eq!(from("2001:db8:1:2:ffff::1").await, 429);
    assert_eq!(from("2001:db8:1:3::1").await, 422);

    let gateway = gateway.restart_with(&ENABLED).await;
    for index in 0..=10 {
        let request = gateway.anon.request(Method::POST, "authentication/token/verify/");
        let request = request
            .header("x-forwarded-for", format!("198.51.100.{index}"))
            .json(&json!({}));
        send(request).await.expect(if index < 10 { 422 } else { 429 });
    }
}

async fn gateways_share_limits_through_redis(gateway: Gateway) {
    let Some(redis) = Redis::empty().await else { return };
    let flags = [&ENABLED[..], &["--redis-url", &redis.url]].concat();
    let gateway = gateway.restart_with(&flags).await;
    let other = gateway.another(&flags).await;
    let separate = gateway.another(&ENABLED).await;
    for _ in 0..50 {
        read_brands(&gateway.viewer, 1).await;
        read_brands(&other.viewer, 1).await;
    }
    for gateway in [&gateway, &other] {
        let refused = gateway.viewer.get("brands/").await;
        refused.expect_error(429, "TOO_MANY_REQUESTS");
        let seconds: u64 = refused
            .header("retry-after")
            .and_then(|seconds| seconds.parse().ok())
            .expect("seconds");
        assert!((1..=60).contains(&seconds), "{seconds}");
        read_brands(&gateway.manager, 1).await;
    }
    read_brands(&separate.viewer, 1).await;
    // Concurrent requests are counted exactly.
    let both = [&gateway, &other];
    let requests = (0..130).map(|index: usize| both[index % 2].administrator.get("brands/"));
    let responses = futures_util::future::join_all(requests).await;
    assert_eq!(
        responses.iter().filter(|response| response.status == 200).count(),
        100
    );
    assert_eq!(
        responses.iter().filter(|response| response.status == 429).count(),
        30
    );
    other.stop().await;
    separate.stop().await;
}

async fn gateways_limit_locally_without_redis(gateway: Gateway) {
    let Some(redis) = Redis::empty().await else { return };
    let proxy = Proxy::to(redis.address, None).await;
    let address = proxy.address;
    proxy.cut().await;
    let flags = [ENABLED[0], ENABLED[1], "--redis-url", &redis.through(address)];
    let gateway = gateway.restart_with(&flags).await;
    let other = gateway.another(&flags).await;
    // Redis cannot be reached, so each gateway counts by itself.
    read_brands(&gateway.viewer, 100).await;
    assert_refused(&gateway.viewer.get("brands/").await, 60);
    read_brands(&other.viewer, 100).await;
    assert_refused(&other.viewer.get("brands/").await, 60);

    // Redis becomes available again and is used.
    let proxy = Proxy::to(redis.address, Some(address)).await;
    let restored = Instant::now();
    while gateway.viewer.get("brands/").await.status == 429 {
        assert!(
            restored.elapsed() < Duration::from_secs(10),
            "Redis is not used again"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    while other.viewer.get("brands/").await.status == 429 {
        assert!(
            restored.elapsed() < Duration::from_secs(10),
            "Redis is not used again"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    read_brands(&gateway.viewer, 98).await;
    other
        .viewer
        .get("brands/")
        .await
        .expect_error(429, "TOO_MANY_REQUESTS");

    // The connection is lost while in use; the next request still succeeds.
    proxy.cut().await;
    read_brands(&gateway.manager, 5).await;
    other.stop().await;
}

async fn requests_are_not_delayed_by_an_unresponsive_redis(gateway: Gateway) {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("redis://{}", silent.local_addr().expect("an address"));
    let gateway = gateway
        .restart_with(&[ENABLED[0], ENABLED[1], "--redis-url", &url])
        .await;
    let begin = Instant::now();
    read_brands(&gateway.viewer, 100).await;
    assert_refused(&gateway.viewer.get("brands/").await, 60);
    let elapsed = begin.elapsed();
    assert!(elapsed < Duration::from_secs(5), "{elapsed:?}");
}
