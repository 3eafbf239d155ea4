//! Tokens: HS256 JWTs with the claims that clients of the former Django system use.
//!
//! The first half of a `jti` is the session's id, shared by its refresh token, the tokens that replace it by rotation,
//! and all access tokens issued for them. So one row ends a session, and there is no claim beyond the documented ones.

use std::cmp::Ordering;

use ::entity::user;
use chrono::DateTime;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use quick_cache::sync::Cache;
use serde::{Deserialize, Deserializer, Serialize};
use settings::Secret;

use crate::error::{Error, Result};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenType {
    /// Sent with each request.
    Access,
    /// Exchanged for access tokens.
    Refresh,
}

/// The claims of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub token_type: TokenType,
    /// When the token expires, in seconds since 1970.
    pub exp: i64,
    /// When the token was issued, in seconds since 1970.
    pub iat: i64,
    /// When the token begins to be valid, in seconds since 1970. Ours have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// 32 hexadecimal digits; the first 16 are the session's id, the last [`GENERATION_DIGITS`] the user's token
    /// generation.
    pub jti: String,
    /// Django's tokens have it as a string of digits since simplejwt 5.5.1.
    #[serde(deserialize_with = "integer_or_digits")]
    pub user_id: i64,
}

impl Claims {
    /// The session's id.
    pub fn session(&self) -> &str {
        self.jti.get(..SESSION_DIGITS).unwrap_or(&self.jti)
    }

    /// Whether the token was issued before the user's tokens were revoked. `iat` has whole seconds, so tokens of the same
    /// second are distinguished by their generation.
    pub fn is_revoked(&self, user: &user::Model) -> bool {
        let Some(revoked_at) = user.tokens_revoked_at else {
            return false;
        };
        match self.iat.cmp(&revoked_at.timestamp()) {
            Ordering::Less => true,
            Ordering::Equal => !self.jti.ends_with(&generation_digits(user.token_generation)),
            Ordering::Greater => false,
        }
    }
}

const SESSION_DIGITS: usize = 16;
/// Enough for all the generations of one second.
const GENERATION_DIGITS: usize = 6;

/// The end of the `jti` of a user's tokens, which changes whenever they are revoked.
fn generation_digits(generation: i64) -> String {
    format!("{:0GENERATION_DIGITS$x}", generation & 0xff_ffff)
}

/// A new `jti`.
pub fn new_jti(session: &str, generation: i64) -> String {
    let random = rand::random::<u64>() >> (4 * GENERATION_DIGITS);
    let width = SESSION_DIGITS - GENERATION_DIGITS;
    format!("{session}{random:0width$x}{}", generation_digits(generation))
}
/// Most tokens cached.
const CACHE_CAPACITY: usize = 10_000;
/// The longest token that is cached, in bytes; ours have about 200.
const MAX_CACHED_LENGTH: usize = 1_024;

/// Issues and reads tokens.
pub struct Tokens {
    signing: EncodingKey,
    verifying: DecodingKey,
    header: Header,
    validation: Validation,
    /// Tokens whose signature has been verified: most are sent many times.
    verified: Cache<Box<str>, Claims>,
}

impl Tokens {
    pub fn new(secret: &Secret) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        // `exp` and `nbf` are checked in `read`, against the injected time and without leeway.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        Self {
            signing: EncodingKey::from_secret(secret.bytes()),
            verifying: DecodingKey::from_secret(secret.bytes()),
            header: Header::new(Algorithm::HS256),
            validation,
            verified: Cache::new(CACHE_CAPACITY),
        }
    }

    /// The claims of a token that has a valid signature and has not expired. The database is not consulted.
    pub fn read(&self, token: &str, now: DateTime<chrono::Utc>) -> Option<Claims> {
        let claims = match self.verified.get(token) {
            Some(claims) => claims,
            None => {
                let decoded = decode::<Claims>(token, &self.verifying, &self.validation).ok()?;
                if token.len() <= MAX_CACHED_LENGTH {
                    self.verified.insert(token.into(), decoded.claims.clone());
                }
                decoded.claims
            }
        };
        let now = now.timestamp();
        let is_valid = claims.exp > now && claims.nbf.is_none_or(|nbf| nbf <= now);
        is_valid.then_some(claims)
    }

    pub fn issue(&self, claims: &Claims) -> Result<String> {
        encode(&self.header, claims, &self.signing).map_err(Error::internal)
    }
}

fn integer_or_digits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum UserId {
        Integer(i64),
        Digits(String),
    }
    match UserId::deserialize(deserializer)? {
        UserId::Integer(id) => Ok(id),
        UserId::Digits(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().map_err(serde::de::Error::custom)
        }
        UserId::Digits(_) => Err(serde::de::Error::custom("not a string of digits")),
    }
}
