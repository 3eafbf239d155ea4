//! Sessions: refreshing, rotating and ending tokens.

use serde_json::{Value, json};

use crate::accounts::tokens::{claims, pair};
use crate::support::gateway::Gateway;
use crate::support::response::{BAD_TOKEN, INVALID_OR_EXPIRED_TOKEN, sorted_keys};

on_both_databases![
    each_token_type_is_accepted_for_its_own_use_only,
    refreshing_without_rotation_returns_only_an_access_token,
    refreshing_with_rotation_spends_the_refresh_token,
    lifetimes_follow_the_settings,
    logging_out_ends_a_session,
];

async fn each_token_type_is_accepted_for_its_own_use_only(gateway: Gateway) {
    let pair = pair(&gateway).await;
    gateway
        .with_token(pair["refresh"].as_str().unwrap())
        .get("brands/")
        .await
        .expect_body(401, BAD_TOKEN);
    for route in ["authentication/token/refresh/", "authentication/logout/"] {
        gateway
            .anon
            .post(route, json!({ "refresh": pair["access"] }))
            .await
            .expect_body(401, INVALID_OR_EXPIRED_TOKEN);
    }
    for token in ["access", "refresh"] {
        gateway
            .anon
            .post("authentication/token/verify/", json!({ "token": pair[token] }))
            .await
            .expect_body(200, "{}");
    }
}

async fn refreshing_without_rotation_returns_only_an_access_token(gateway: Gateway) {
    let pair = pair(&gateway).await;
    gateway.advance_clock(60);
    let mut access_tokens = vec![pair["access"].clone()];
    for _ in 0..3 {
        let refreshed = gateway
            .anon
            .post(
                "authentication/token/refresh/",
                json!({ "refresh": pair["refresh"] }),
            )
            .await;
        let refreshed = refreshed.expect(200);
        assert_eq!(sorted_keys(&refreshed), ["access"]);
        let claims = claims(&refreshed["access"]);
        let now = gateway.services.clock.now().timestamp();
        assert_eq!(
            (&claims["iat"], &claims["exp"]),
            (&json!(now), &json!(now + 86_400))
        );
        assert!(!access_tokens.contains(&refreshed["access"]));
        access_tokens.push(refreshed["access"].clone());
    }
    for access in access_tokens {
        gateway
            .with_token(access.as_str().unwrap())
            .get("brands/")
            .await
            .expect(200);
    }
}

async fn refreshing_with_rotation_spends_the_refresh_token(gateway: Gateway) {
    let gateway = gateway.restart_with(&["--rotate-refresh-tokens", "true"]).await;
    let first = pair(&gateway).await;
    let refresh = |token: Value| {
        gateway
            .anon
            .post("authentication/token/refresh/", json!({ "refresh": token }))
    };
    let response = refresh(first["refresh"].clone()).await;
    let second = response.expect(200);
    assert_eq!(
        response.text,
        format!(
            r#"{{"access":{},"refresh":{}}}"#,
            second["access"], second["refresh"]
        )
    );
    // The old refresh token is spent; the new one and both access tokens are valid.
    refresh(first["refresh"].clone())
        .await
        .expect_body(401, INVALID_OR_EXPIRED_TOKEN);
    gateway
        .anon
        .post(
            "authentication/token/verify/",
            json!({ "token": first["refresh"] }),
        )
        .await
        .expect_body(401, INVALID_OR_EXPIRED_TOKEN);
    let third = refresh(second["refresh"].clone()).await.expect(200);
    refresh(second["refresh"].clone())
        .await
        .expect_body(401, INVALID_OR_EXPIRED_TOKEN);
    for pair in [first, second, third.clone()] {
        gateway
            .with_token(pair["access"].as_str().unwrap())
            .get("brands/")
            .await
            .expect(200);
    }
    // Of several concurrent refreshes with the same token, one succeeds.
    let refreshes = (0..16).map(|_| refresh(third["refresh"].clone()));
    let responses = futures_util::future::join_all(refreshes).await;
    assert_eq!(
        responses.iter().filter(|response| response.status == 200).count(),
        1
    );
    assert_eq!(
        responses.iter().filter(|response| response.status == 401).count(),
        15
    );
}

async fn lifetimes_follow_the_settings(gateway: Gateway) {
    let lifetimes = ["--access-token-lifetime", "60", "--refresh-token-lifetime", "120"];
    let gateway = gateway.restart_with(&lifetimes).await;
    let pair = pair(&gateway).await;
    let bearer = gateway.with_token(pair["access"].as_str().unwrap());
    gateway.advance_clock(59);
    bearer.get("brands/").await.expect(200);
    gateway.advance_clock(1);
    bearer.get("brands/").await.expect_body(401, BAD_TOKEN);
    let refresh = || {
        gateway.anon.post(
            "authentication/token/refresh/",
            json!({ "refresh": pair["refresh"] }),
        )
    };
    refresh().await.expect(200);
    gateway.advance_clock(60);
    refresh().await.expect_body(401, INVALID_OR_EXPIRED_TOKEN);
}

async fn logging_out_ends_a_session(gateway: Gateway) {
    let gateway = gateway.restart_with(&["--rotate-refresh-tokens", "true"]).await;
    let (first, other) = (pair(&gateway).await, pair(&gateway).await);
    let response = gateway
        .anon
        .post(
            "authentication/token/refresh/",
            json!({ "refresh": first["refresh"] }),
        )
        .await;
    let second = response.expect(200);
    for pair in [&first, &second, &other] {
        gateway
            .with_token(pair["access"].as_str().unwrap())
            .get("brands/")
            .await
            .expect(200);
    }
    let log_out = |token: &Value| {
        gateway
            .anon
            .post("authentication/logout/", json!({ "refresh": token }))
    };
    // A spent refresh token is rejected.
    log_out(&first["refresh"])
        .await
        .expect_body(401, INVALID_OR_EXPIRED_TOKEN);
    log_out(&second["refresh"]).await.expect_body(200, "{}");
    // All tokens of the session are rejected, including those issued before the refresh.
    for pair in [&first, &second] {
        gateway
            .with_token(pair["access"].as_str().unwrap())
            .get("brands/")
            .await
            .expect_body(401, BAD_TOKEN);
        for token in ["access", "refresh"] {
            gateway
                .anon
                .post("authentication/token/verify/", json!({ "token": pair[token] }))
                .await
                .expect_body(401, INVALID_OR_EXPIRED_TOKEN);
        }
        gateway
            .anon
            .post(
                "authentication/token/refresh/",
                json!({ "refresh": pair["refresh"] }),
            )
            .await
            .expect_body(401, INVALID_OR_EXPIRED_TOKEN);
    }
    log_out(&second["refresh"])
        .await
        .expect_body(401, INVALID_OR_EXPIRED_TOKEN);
    // Other sessions are not affected.
    gateway
        .with_token(other["access"].as_str().unwrap())
        .get("brands/")
        .await
        .expect(200);
    gateway
        .anon
        .post(
            "authentication/token/refresh/",
            json!({ "refresh": other["refresh"] }),
        )
        .await
        .expect(200);
}
