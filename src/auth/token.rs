//! Tokens: HS256 JWTs with the claims that clients of the former Django system use.
//!
//! The first half of a `jti` is the session's id, shared by its refresh token, the tokens that replace it by rotation,
//! and all access tokens issued for them. So one row ends a session, and there is no claim beyond the documented ones.

use chrono::DateTime;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use quick_cache::sync::Cache;
use serde::{Deserialize, Deserializer, Serialize};

use crate::config::Secret;
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
    /// 32 hexadecimal digits; the first 16 are the session's id.
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
}

const SESSION_DIGITS: usize = 16;
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
        // Expiry is checked in `read`, against the injected time and without leeway.
        validation.validate_exp = false;
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
        (claims.exp > now.timestamp()).then_some(claims)
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
