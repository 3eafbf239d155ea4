//! The documented limits, by user, by address, by kind of request; alone, together through Redis, and without it.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tokio::net::TcpListener;

use crate::support::actors::{Actor, send};
use crate::support::answer::Answer;
use crate::support::gateway::Gateway;
use crate::support::redis::{Proxy, Redis};
use crate::support::test_database::PASSWORD;

on_both!(
    nothing_is_limited_unless_asked_for,
    each_kind_of_request_has_its_quota,
    logins_are_limited_by_address,
    who_is_not_identified_counts_as_an_address,
    proxies_are_believed_when_they_are_configured,
    gateways_count_together_through_redis,
    without_redis_each_gateway_limits_by_itself,
    a_redis_that_hangs_holds_up_nobody,
);

const ON: [&str; 2] = ["--rate-limit-enabled", "true"];

async fn reads(who: &Actor, count: u32) {
    for _ in 0..count {
        who.get("brands/").await.expect(200);
    }
}

#[track_caller]
fn is_refused(answer: &Answer, seconds: u64) {
    answer.refuses(429, "TOO_MANY_REQUESTS");
    assert_eq!(answer.header("retry-after"), Some(&*seconds.to_string()));
}

async fn nothing_is_limited_unless_asked_for(gateway: Gateway) {
    reads(&gateway.viewer, 120).await;
    let answer = gateway.viewer.get("brands/").await;
    assert_eq!(answer.header("ratelimit"), None);
}

async fn each_kind_of_request_has_its_quota(gateway: Gateway) {
    let gateway = gateway.with(&ON).await;
    let first = gateway.manager.get("brands/").await;
    assert_eq!(first.header("ratelimit-policy"), Some("\"read\";q=100;w=60"));
    assert_eq!(first.header("ratelimit"), Some("\"read\";r=99;t=60"));
    gateway.wait(20);
    reads(&gateway.manager, 99).await;
    let refused = gateway.manager.get("brands/").await;
    is_refused(&refused, 40);
    assert_eq!(refused.header("ratelimit"), Some("\"read\";r=0;t=40"));

    // Writing has a window of its own, in which refusals for other reasons count too.
    for index in 0..50 {
        let body = if index % 2 == 0 {
            json!({ "name": "Brand" })
        } else {
            json!({})
        };
        let answer = gateway.manager.post("brands/", body).await;
        answer.expect(if index % 2 == 0 { 201 } else { 422 });
    }
    is_refused(&gateway.manager.delete("brands/1/").await, 60);
    // So has everybody else.
    reads(&gateway.viewer, 1).await;
    // OPTIONS and what is not there are nobody's requests.
    send(gateway.manager.request(Method::OPTIONS, "brands/"))
        .await
        .expect(204);
    gateway.manager.get("nothing/").await.expect(404);

    gateway.wait(39);
    is_refused(&gateway.manager.get("brands/").await, 1);
    gateway.wait(1);
    reads(&gateway.manager, 100).await;
    is_refused(&gateway.manager.get("brands/").await, 60);
    let figures = gateway.anon.get("/metrics").await;
    let line = "stockroom_rate_limit_refusals_total{limit=\"read\"} 3";
    assert!(figures.text.contains(line), "{}", figures.text);
}

async fn logins_are_limited_by_address(gateway: Gateway) {
    let gateway = gateway.with(&ON).await;
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
        let answer = gateway
            .anon
            .post(&format!("authentication/{route}/"), json!({}))
            .await;
        is_refused(&answer, 60);
    }
    // Who is logged in goes on.
    reads(&gateway.viewer, 1).await;
    gateway.wait(60);
    gateway
        .anon
        .post("authentication/token/verify/", json!({}))
        .await
        .expect(422);
}

async fn who_is_not_identified_counts_as_an_address(gateway: Gateway) {
    let gateway = gateway.with(&ON).await;
    for index in 0..100 {
        match index % 3 {
            0 => gateway.anon.get("brands/").await.expect(401),
            1 => gateway.with_token("nonsense").get("products/").await.expect(401),
            _ => gateway.anon.get("").await.expect(200),
        };
    }
    is_refused(&gateway.anon.get("brands/").await, 60);
    is_refused(&gateway.with_token("nonsense").get("brands/").await, 60);
    is_refused(&gateway.anon.get("").await, 60);
    reads(&gateway.viewer, 100).await;
}

async fn proxies_are_believed_when_they_are_configured(gateway: Gateway) {
    let flags = [&ON[..], &["--trusted-proxies", "127.0.0.1,10.0.0.0/8"]].concat();
    let gateway = gateway.with(&flags).await;
    let from = async |client: &str| {
        let asked = gateway.anon.request(Method::POST, "authentication/token/verify/");
        let asked = asked.header("x-forwarded-for", client).json(&json!({}));
        send(asked).await.status
    };
    for _ in 0..10 {
        assert_eq!(from("198.51.100.7, 10.1.2.3").await, 422);
    }
    assert_eq!(from("198.51.100.7").await, 429);
    // What the client itself wrote stands to the left, and does not count.
    assert_eq!(from("192.0.2.1, 198.51.100.7, 10.9.9.9").await, 429);
    assert_eq!(from("198.51.100.8").await, 422);
    // A household has a /64.
    for host in 0..10 {
        assert_eq!(from(&format!("2001:db8:1:2::{host:x}")).await, 422);
    }
    assert_eq!(from("2001:db8:1:2:ffff::1").await, 429);
    assert_eq!(from("2001:db8:1:3::1").await, 422);

    let gateway = gateway.with(&ON).await;
    for index in 0..=10 {
        let asked = gateway.anon.request(Method::POST, "authentication/token/verify/");
        let asked = asked
            .header("x-forwarded-for", format!("198.51.100.{index}"))
            .json(&json!({}));
        send(asked).await.expect(if index < 10 { 422 } else { 429 });
    }
}

async fn gateways_count_together_through_redis(gateway: Gateway) {
    let Some(redis) = Redis::empty().await else { return };
    let flags = [&ON[..], &["--redis-url", &redis.url]].concat();
    let gateway = gateway.with(&flags).await;
    let other = gateway.another(&flags).await;
    let alone = gateway.another(&ON).await;
    for _ in 0..50 {
        reads(&gateway.viewer, 1).await;
        reads(&other.viewer, 1).await;
    }
    for gateway in [&gateway, &other] {
        let refused = gateway.viewer.get("brands/").await;
        refused.refuses(429, "TOO_MANY_REQUESTS");
        let seconds: u64 = refused
            .header("retry-after")
            .and_then(|seconds| seconds.parse().ok())
            .expect("seconds");
        assert!((1..=60).contains(&seconds), "{seconds}");
        reads(&gateway.manager, 1).await;
    }
    reads(&alone.viewer, 1).await;
    // Many at the same time are counted one by one.
    let both = [&gateway, &other];
    let asked = (0..130).map(|index: usize| both[index % 2].administrator.get("brands/"));
    let answers = futures_util::future::join_all(asked).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 100);
    assert_eq!(answers.iter().filter(|answer| answer.status == 429).count(), 30);
    other.end().await;
    alone.end().await;
}

async fn without_redis_each_gateway_limits_by_itself(gateway: Gateway) {
    let Some(redis) = Redis::empty().await else { return };
    let cut = Proxy::to(redis.address, None).await;
    let address = cut.address;
    cut.cut().await;
    let flags = [ON[0], ON[1], "--redis-url", &redis.through(address)];
    let gateway = gateway.with(&flags).await;
    let other = gateway.another(&flags).await;
    // Nobody listens there.
    reads(&gateway.viewer, 100).await;
    is_refused(&gateway.viewer.get("brands/").await, 60);
    reads(&other.viewer, 100).await;
    is_refused(&other.viewer.get("brands/").await, 60);

    // It comes back, and is asked again within moments.
    let wire = Proxy::to(redis.address, Some(address)).await;
    let back = Instant::now();
    while gateway.viewer.get("brands/").await.status == 429 {
        assert!(
            back.elapsed() < Duration::from_secs(10),
            "Redis is not asked again"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    while other.viewer.get("brands/").await.status == 429 {
        assert!(
            back.elapsed() < Duration::from_secs(10),
            "Redis is not asked again"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    reads(&gateway.viewer, 98).await;
    other
        .viewer
        .get("brands/")
        .await
        .refuses(429, "TOO_MANY_REQUESTS");

    // It goes while it is in use: the next request is answered all the same.
    wire.cut().await;
    reads(&gateway.manager, 5).await;
    other.end().await;
}

async fn a_redis_that_hangs_holds_up_nobody(gateway: Gateway) {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("redis://{}", silent.local_addr().expect("an address"));
    let gateway = gateway.with(&[ON[0], ON[1], "--redis-url", &url]).await;
    let begin = Instant::now();
    reads(&gateway.viewer, 100).await;
    is_refused(&gateway.viewer.get("brands/").await, 60);
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
}
