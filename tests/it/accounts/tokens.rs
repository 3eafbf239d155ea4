//! Tokens: claims, lifetimes, and the rejection of invalid ones.

use serde_json::{Value, json};

use crate::accounts::jwt;
use crate::support::gateway::{Gateway, SECRET_KEY};
use crate::support::response::{BAD_TOKEN, INVALID_OR_EXPIRED_TOKEN, NO_TOKEN, sorted_keys};
use crate::support::test_database::PASSWORD;

on_both_databases![
    claims_are_as_documented,
    tokens_of_the_django_system_are_accepted,
    tokens_expire_at_exp,
    tokens_become_valid_at_nbf,
    forged_tokens_are_rejected,
    only_the_bearer_scheme_carries_a_token,
];

/// The claims of a token.
pub fn claims(token: &Value) -> Value {
    jwt::read(token.as_str().unwrap(), SECRET_KEY).1
}

fn hs256(claims: &Value) -> String {
    jwt::hs256(claims, SECRET_KEY)
}

/// The claims of an access token of the viewer.
fn access_claims(gateway: &Gateway) -> Value {
    let now = gateway.services.clock.now().timestamp();
    json!({
        "token_type": "access", "exp": now + 3600, "iat": now, "jti": "0123456789abcdef0123456789abcdef", "user_id": 4,
    })
}

async fn tokens_become_valid_at_nbf(gateway: Gateway) {
    let now = gateway.services.clock.now().timestamp();
    let with = |nbf: Value| {
        let mut claims = access_claims(&gateway);
        claims["nbf"] = nbf;
        hs256(&claims)
    };
    gateway
        .with_token(with(json!(now)))
        .get("brands/")
        .await
        .expect(200);
    let later = with(json!(now + 600));
    let bearer = gateway.with_token(later.clone());
    bearer.get("brands/").await.expect_body(401, BAD_TOKEN);
    let refused = bearer.refusal("{ viewer { username } }", json!({})).await;
    assert_eq!(refused.0, "UNAUTHENTICATED");
    gateway
        .anon
        .post("authentication/token/verify/", json!({ "token": later }))
        .await
        .expect_body(401, INVALID_OR_EXPIRED_TOKEN);
    gateway.advance_clock(599);
    bearer.get("brands/").await.expect_body(401, BAD_TOKEN);
    gateway.advance_clock(1);
    bearer.get("brands/").await.expect(200);
    for invalid in [json!("soon"), json!(true), json!([now])] {
        gateway
            .with_token(with(invalid))
            .get("brands/")
            .await
            .expect_body(401, BAD_TOKEN);
    }
}

/// The pair of tokens returned by a login.
pub async fn pair(gateway: &Gateway) -> Value {
    let body = json!({ "username": "viewer", "password": PASSWORD });
    gateway.anon.post("authentication/token/", body).await.expect(200)
}

async fn claims_are_as_documented(gateway: Gateway) {
    let pair = pair(&gateway).await;
    let now = gateway.services.clock.now().timestamp();
    for (token_type, lifetime) in [("access", 86_400), ("refresh", 7 * 86_400)] {
        let claims = claims(&pair[token_type]);
        assert_eq!(
            sorted_keys(&claims),
            ["exp", "iat", "jti", "token_type", "user_id"]
        );
        assert_eq!(claims["token_type"], token_type);
        assert_eq!(
            (&claims["iat"], &claims["exp"]),
            (&json!(now), &json!(now + lifetime))
        );
        assert_eq!(claims["user_id"], 4);
        let jti = claims["jti"].as_str().unwrap();
        assert!(
            jti.len() == 32 && jti.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{jti}"
        );
        let (header, _) = jwt::read(pair[token_type].as_str().unwrap(), SECRET_KEY);
        assert_eq!(header, json!({ "alg": "HS256", "typ": "JWT" }));
    }
    assert_ne!(claims(&pair["access"])["jti"], claims(&pair["refresh"])["jti"]);
}

async fn tokens_of_the_django_system_are_accepted(gateway: Gateway) {
    let mut claims = access_claims(&gateway);
    gateway
        .with_token(hs256(&claims))
        .get("brands/")
        .await
        .expect(200);
    claims["user_id"] = "4".into();
    gateway
        .with_token(hs256(&claims))
        .get("brands/")
        .await
        .expect(200);
    claims["jti"] = "fedcba9876543210fedcba9876543210".into();
    claims["token_type"] = "refresh".into();
    let response = gateway
        .anon
        .post(
            "authentication/token/refresh/",
            json!({ "refresh": hs256(&claims) }),
        )
        .await;
    let access = response.expect(200)["access"].clone();
    assert_eq!(self::claims(&access)["user_id"], 4);
    for invalid in [
        json!("4x"),
        json!(""),
        json!("-4"),
        json!(4.5),
        json!(null),
        json!([4]),
        json!(true),
        json!(999),
    ] {
        let mut claims = access_claims(&gateway);
        claims["user_id"] = invalid;
        gateway
            .with_token(hs256(&claims))
            .get("brands/")
            .await
            .expect_body(401, BAD_TOKEN);
    }
}

async fn tokens_expire_at_exp(gateway: Gateway) {
    let pair = pair(&gateway).await;
    let bearer = gateway.with_token(pair["access"].as_str().unwrap());
    let verify = |token: &str| {
        gateway
            .anon
            .post("authentication/token/verify/", json!({ "token": pair[token] }))
    };
    gateway.advance_clock(86_399);
    bearer.get("brands/").await.expect(200);
    verify("access").await.expect_body(200, "{}");
    gateway.advance_clock(1);
    bearer.get("brands/").await.expect_body(401, BAD_TOKEN);
    verify("access").await.expect_body(401, INVALID_OR_EXPIRED_TOKEN);
    verify("refresh").await.expect_body(200, "{}");
    let refresh = || {
        gateway.anon.post(
            "authentication/token/refresh/",
            json!({ "refresh": pair["refresh"] }),
        )
    };
    let access = refresh().await.expect(200)["access"].clone();
    gateway
        .with_token(access.as_str().unwrap())
        .get("brands/")
        .await
        .expect(200);
    gateway.advance_clock(6 * 86_400 - 1);
    refresh().await.expect(200);
    gateway.advance_clock(1);
    refresh().await.expect_body(401, INVALID_OR_EXPIRED_TOKEN);
    verify("refresh").await.expect_body(401, INVALID_OR_EXPIRED_TOKEN);
}

async fn forged_tokens_are_rejected(gateway: Gateway) {
    let claims = access_claims(&gateway);
    let good = hs256(&claims);
    let (head, rest) = good.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    // {"typ":"JWT","alg":"none"}
    let none = "eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0";
    let mut forged = vec![
        jwt::hs256(&claims, "another secret, which has more than 32 bytes"),
        jwt::hs512(&claims, SECRET_KEY),
        format!("{none}.{body}."),
        format!("{none}.{body}.{signature}"),
        format!("{head}.{body}."),
        format!("{head}.{body}"),
        format!("{head}.{body}.{signature}x"),
        format!("{head}.{}.{signature}", body.replace('J', "K")),
        good.replace('.', ".."),
        "x".repeat(10_000),
    ];
    for claim in ["token_type", "exp", "jti", "user_id"] {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().remove(claim);
        forged.push(hs256(&claims));
    }
    for (claim, value) in [
        ("token_type", json!("sliding")),
        ("exp", json!("soon")),
        ("exp", json!(0)),
    ] {
        let mut claims = claims.clone();
        claims[claim] = value;
        forged.push(hs256(&claims));
    }
    for token in forged {
        gateway
            .with_token(&token)
            .get("brands/")
            .await
            .expect_body(401, BAD_TOKEN);
        gateway
            .anon
            .post("authentication/token/refresh/", json!({ "refresh": token }))
            .await
            .expect_body(401, INVALID_OR_EXPIRED_TOKEN);
    }
    gateway.with_token(&good).get("brands/").await.expect(200);
}

async fn only_the_bearer_scheme_carries_a_token(gateway: Gateway) {
    let good = hs256(&access_claims(&gateway));
    let send_header = async |header: &[u8]| {
        let value = reqwest::header::HeaderValue::from_bytes(header).unwrap();
        let request = gateway.anon.request(reqwest::Method::GET, "brands/");
        crate::support::actors::send(request.header("authorization", value)).await
    };
    send_header(format!("Bearer {good}").as_bytes()).await.expect(200);
    send_header(format!("bearer {good}").as_bytes()).await.expect(200);
    send_header(format!("BEARER   {good} ").as_bytes())
        .await
        .expect(200);
    send_header(b"Bearer").await.expect_body(401, BAD_TOKEN);
    send_header(b"Bearer  ").await.expect_body(401, BAD_TOKEN);
    send_header(format!("Bearer {good} {good}").as_bytes())
        .await
        .expect_body(401, BAD_TOKEN);
    send_header(b"Bearer \xff\xfe").await.expect_body(401, BAD_TOKEN);
    // Another scheme counts as no token.
    send_header(format!("Token {good}").as_bytes())
        .await
        .expect_body(401, NO_TOKEN);
    send_header(b"Basic YWRtaW46eW91cnBhc3N3b3Jk")
        .await
        .expect_body(401, NO_TOKEN);
    send_header(good.as_bytes()).await.expect_body(401, NO_TOKEN);
    send_header(b"").await.expect_body(401, NO_TOKEN);
}
