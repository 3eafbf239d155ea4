//! Deactivation and new passwords, which revoke all tokens that were issued earlier.

use serde_json::{Value, json};
use stockroom::resolvers::account;

use super::login::log_in;
use crate::support::gateway::Gateway;
use crate::support::response::{BAD_TOKEN, INVALID_OR_EXPIRED_TOKEN, WRONG_LOGIN};
use crate::support::test_database::PASSWORD;

on_both_databases![deactivation_revokes_all_tokens, a_new_password_revokes_all_tokens];

async fn deactivation_revokes_all_tokens(gateway: Gateway) {
    let pair = log_in(&gateway.anon, "manager", PASSWORD).await.expect(200);
    let manager = gateway.with_token(pair["access"].as_str().unwrap());
    manager.post("brands/", json!({ "name": "LG" })).await.expect(201);

    account::set_active(&gateway.system(), "manager".into(), false)
        .await
        .unwrap();
    manager.get("brands/").await.expect_body(401, BAD_TOKEN);
    manager
        .post("brands/", json!({ "name": "LG" }))
        .await
        .expect_body(401, BAD_TOKEN);
    gateway.manager.get("brands/").await.expect_body(401, BAD_TOKEN);
    assert_revoked(&gateway, &pair).await;
    log_in(&gateway.anon, "manager", PASSWORD)
        .await
        .expect_body(401, WRONG_LOGIN);
    // Other users are not affected.
    gateway.viewer.get("brands/").await.expect(200);

    account::set_active(&gateway.system(), "manager".into(), true)
        .await
        .unwrap();
    // The old tokens stay revoked.
    assert_revoked(&gateway, &pair).await;
    gateway.manager.get("brands/").await.expect_body(401, BAD_TOKEN);
    let new = log_in(&gateway.anon, "manager", PASSWORD).await.expect(200);
    assert_valid(&gateway, &new).await;
}

/// Asserts that every operation that takes a token rejects both tokens of a pair.
async fn assert_revoked(gateway: &Gateway, pair: &Value) {
    let bearer = gateway.with_token(pair["access"].as_str().unwrap());
    bearer.get("brands/").await.expect_body(401, BAD_TOKEN);
    let refused = bearer
        .refusal("{ viewer { user { username } } }", json!({}))
        .await;
    assert_eq!(refused.0, "UNAUTHENTICATED");
    let refresh = json!({ "refresh": pair["refresh"] });
    for route in ["token/refresh/", "logout/"] {
        let path = format!("authentication/{route}");
        gateway
            .anon
            .post(&path, refresh.clone())
            .await
            .expect_body(401, INVALID_OR_EXPIRED_TOKEN);
    }
    for token in ["access", "refresh"] {
        gateway
            .anon
            .post("authentication/token/verify/", json!({ "token": pair[token] }))
            .await
            .expect_body(401, INVALID_OR_EXPIRED_TOKEN);
    }
    let document = "mutation($token: String!) {
        refreshToken(input: { refresh: $token }) { access userErrors { code } } }";
    let refused = gateway
        .anon
        .data(document, json!({ "token": pair["refresh"] }))
        .await;
    let errors = json!([{ "code": "INVALID_TOKEN" }]);
    assert_eq!(
        refused["refreshToken"],
        json!({ "access": null, "userErrors": errors })
    );
}

/// Asserts that both tokens of a pair are valid, and that the refresh token issues valid ones.
async fn assert_valid(gateway: &Gateway, pair: &Value) {
    let bearer = gateway.with_token(pair["access"].as_str().unwrap());
    bearer.get("brands/").await.expect(200);
    bearer.data("{ viewer { user { username } } }", json!({})).await;
    let refresh = json!({ "refresh": pair["refresh"] });
    let refreshed = gateway
        .anon
        .post("authentication/token/refresh/", refresh)
        .await
        .expect(200);
    let bearer = gateway.with_token(refreshed["access"].as_str().unwrap());
    bearer.get("brands/").await.expect(200);
}

async fn a_new_password_revokes_all_tokens(gateway: Gateway) {
    let (first, second) = ("another password", "a third password");
    let other = log_in(&gateway.anon, "manager", PASSWORD).await.expect(200);
    let mut old = log_in(&gateway.anon, "viewer", PASSWORD).await.expect(200);
    // New passwords within the same second, then in later ones.
    for (wait, password) in [(0, first), (0, second), (1, first), (3_600, second)] {
        gateway.advance_clock(wait);
        assert_valid(&gateway, &old).await;
        account::set_password(&gateway.system(), "viewer".into(), password.into())
            .await
            .unwrap();
        assert_revoked(&gateway, &old).await;
        let new = log_in(&gateway.anon, "viewer", password).await.expect(200);
        assert_valid(&gateway, &new).await;
        assert_revoked(&gateway, &old).await;
        old = new;
    }
    // Other users' tokens are not affected.
    assert_valid(&gateway, &other).await;
}
