//! Tokens: HS256 JWTs in the shape that clients of the Django system have today.
//!
//! The first half of a `jti` names the session: the refresh token, those it is rotated into, and the access tokens that
//! they give all share it. So a logout ends a session with one row, and the claims stay exactly the documented ones.

use chrono::DateTime;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use quick_cache::sync::Cache;
use serde::{Deserialize, Deserializer, Serialize};

use crate::config::Secret;
use crate::error::{Error, Result};

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenType {
    /// Goes with each request.
    Access,
    /// Is traded for access tokens.
    Refresh,
}

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// What it is for.
    pub token_type: TokenType,
    /// When it ends, in seconds since 1970.
    pub exp: i64,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// 32 hex digits; the first 16 name the session.
    pub jti: String,
    /// The user. Django's tokens have it as a string of digits since simplejwt 5.5.1.
    #[serde(deserialize_with = "integer_or_digits")]
    pub user_id: i64,
}

impl Claims {
    /// What all tokens of the session share.
    pub fn session(&self) -> &str {
        self.jti.get(..SESSION_DIGITS).unwrap_or(&self.jti)
    }
}

const SESSION_DIGITS: usize = 16;

/// Issues and reads tokens.
pub struct Tokens {
    signing: EncodingKey,
    verifying: DecodingKey,
    header: Header,
    validation: Validation,
    /// Tokens that were found to be signed here, with what they say: most come again and again.
    known: Cache<Box<str>, Claims>,
}

/// Tokens that are remembered at most.
const REMEMBERED: usize = 10_000;
/// The longest token that is remembered, in bytes; ours have some two hundred.
const LONGEST_REMEMBERED: usize = 1_024;

impl Tokens {
    /// Signs with the bytes of the secret.
    pub fn new(secret: &Secret) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        // The time is injected, so this file compares it; and there is no leeway.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        Self {
            signing: EncodingKey::from_secret(secret.bytes()),
            verifying: DecodingKey::from_secret(secret.bytes()),
            header: Header::new(Algorithm::HS256),
            validation,
            known: Cache::new(REMEMBERED),
        }
    }

    /// What a token says, if it was signed here and has not ended. Nothing is asked of the database.
    pub fn read(&self, token: &str, now: DateTime<chrono::Utc>) -> Option<Claims> {
        let claims = match self.known.get(token) {
            Some(claims) => claims,
            None => {
                let decoded = decode::<Claims>(token, &self.verifying, &self.validation).ok()?;
                if token.len() <= LONGEST_REMEMBERED {
                    self.known.insert(token.into(), decoded.claims.clone());
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
