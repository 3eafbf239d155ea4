//! Access and refresh tokens: HS256 JWTs with the claims of Django's simplejwt. Tokens of simplejwt are accepted as well.
//!
//! ```
//! use chrono::{TimeDelta, Utc};
//! use tokens::{Claims, TokenType, Tokens, new_jti, new_session};
//!
//! # fn run() -> Result<(), tokens::Error> {
//! let tokens = Tokens::new(b"a secret of at least 32 random bytes");
//! let (now, session) = (Utc::now(), new_session());
//! let claims = Claims {
//!     token_type: TokenType::Access,
//!     exp: now.timestamp() + 300,
//!     iat: now.timestamp(),
//!     nbf: None,
//!     jti: new_jti(&session, 1),
//!     user_id: 5,
//! };
//! let token = tokens.issue(&claims)?;
//! assert_eq!(tokens.read(&token, now), Some(claims));
//! assert_eq!(tokens.read(&token, now + TimeDelta::seconds(300)), None);
//! # Ok(())
//! # }
//! # run().unwrap();
//! ```
//!
//! The first half of a `jti` is the id of the session. It is shared by the refresh token, the tokens that replace it by
//! rotation, and all access tokens issued for them. A single row can therefore end a session, and no claim beyond
//! simplejwt's is needed.
//!
//! # Guarantees
//!
//! - **HS256 only.** A token with another algorithm, or with none, is refused.
//! - **Time is a parameter**, without leeway: a token is valid before the second of its `exp`.
//! - **Exact revocation.** [`Claims::is_revoked`] distinguishes tokens issued before and after a revocation in the same
//!   second by the generation in their `jti`.
//! - **Bounded.** Verified tokens are cached, at most 10,000 of at most 1,024 bytes; a longer one is verified each time. The
//!   expiry of cached tokens is checked, too.
//!
//! The program must check whether the session has ended, a refresh token was already used, or the user is inactive.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use quick_cache::sync::Cache;
use serde::{Deserialize, Deserializer, Serialize};

mod hs256;

/// The error of a token that could not be signed.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] jsonwebtoken::errors::Error);

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
    /// When the token becomes valid, in seconds since 1970. Tokens of this program have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// 32 hexadecimal digits; the first 16 are the id of the session, the last six the user's token generation.
    pub jti: String,
    /// A string of digits in tokens of simplejwt 5.5.1 and later.
    #[serde(deserialize_with = "integer_or_digits")]
    pub user_id: i64,
}

impl Claims {
    /// The session's id.
    pub fn session(&self) -> &str {
        self.jti.get(..SESSION_DIGITS).unwrap_or(&self.jti)
    }

    /// Whether the token was issued before its user's tokens were last revoked. `iat` is in whole seconds, so tokens of the
    /// same second are revoked unless they have the user's current `generation`.
    pub fn is_revoked(&self, revoked_at: Option<DateTime<Utc>>, generation: i64) -> bool {
        let Some(revoked_at) = revoked_at else {
            return false;
        };
        match self.iat.cmp(&revoked_at.timestamp()) {
            Ordering::Less => true,
            Ordering::Equal => !self.jti.ends_with(&generation_digits(generation)),
            Ordering::Greater => false,
        }
    }
}

const SESSION_DIGITS: usize = 16;
/// Enough to distinguish all generations within one second.
const GENERATION_DIGITS: usize = 6;

/// The end of the `jti` of a user's tokens, which changes whenever they are revoked.
fn generation_digits(generation: i64) -> String {
    format!("{:0GENERATION_DIGITS$x}", generation & 0xff_ffff)
}

/// The id of a new session, 16 hexadecimal digits.
pub fn new_session() -> String {
    format!("{:0SESSION_DIGITS$x}", rand::random::<u64>())
}

/// A new `jti`.
pub fn new_jti(session: &str, generation: i64) -> String {
    let random = rand::random::<u64>() >> (4 * GENERATION_DIGITS);
    let width = SESSION_DIGITS - GENERATION_DIGITS;
    format!("{session}{random:0width$x}{}", generation_digits(generation))
}

/// Maximum number of cached tokens.
const CACHE_CAPACITY: usize = 10_000;
/// Maximum length of a cached token in bytes. Tokens of this program have about 200.
const MAX_CACHED_LENGTH: usize = 1_024;

/// Issues and verifies tokens with one secret key.
pub struct Tokens {
    signing_key: EncodingKey,
    verifying_key: DecodingKey,
    header: Header,
    validation: Validation,
    /// The claims of tokens with a verified signature, since most tokens are sent many times.
    verified_claims: Cache<Box<str>, Claims>,
}

impl Tokens {
    pub fn new(secret: &[u8]) -> Self {
        hs256::install();
        let mut validation = Validation::new(Algorithm::HS256);
        // `exp` and `nbf` are checked in `read`, against the injected time and without leeway.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        Self {
            signing_key: EncodingKey::from_secret(secret),
            verifying_key: DecodingKey::from_secret(secret),
            header: Header::new(Algorithm::HS256),
            validation,
            verified_claims: Cache::new(CACHE_CAPACITY),
        }
    }

    /// The claims of a token; `None` if its signature is invalid, or it has expired or is not yet valid. Does not check for
    /// revocation.
    pub fn read(&self, token: &str, now: DateTime<Utc>) -> Option<Claims> {
        let claims = match self.verified_claims.get(token) {
            Some(claims) => claims,
            None => {
                let decoded = decode::<Claims>(token, &self.verifying_key, &self.validation).ok()?;
                if token.len() <= MAX_CACHED_LENGTH {
                    self.verified_claims.insert(token.into(), decoded.claims.clone());
                }
                decoded.claims
            }
        };
        let now = now.timestamp();
        let is_valid = claims.exp > now && claims.nbf.is_none_or(|nbf| nbf <= now);
        is_valid.then_some(claims)
    }

    pub fn issue(&self, claims: &Claims) -> Result<String, Error> {
        Ok(encode(&self.header, claims, &self.signing_key)?)
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

#[cfg(test)]
mod tests {
    use jsonwebtoken::crypto::sign;
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &[u8] = b"a secret of at least 32 random bytes";
    const NOW: i64 = 1_800_000_000;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn claims() -> Claims {
        Claims {
            token_type: TokenType::Refresh,
            exp: NOW + 60,
            iat: NOW,
            nbf: None,
            jti: new_jti("0123456789abcdef", 0x12),
            user_id: 5,
        }
    }

    /// A token with any claims, signed with the secret.
    fn sign_claims(claims: &Value) -> String {
        hs256::install();
        encode(
            &Header::new(Algorithm::HS256),
            claims,
            &EncodingKey::from_secret(SECRET),
        )
        .unwrap()
    }

    #[test]
    fn a_token_is_valid_until_the_second_it_expires() {
        let tokens = Tokens::new(SECRET);
        let token = tokens.issue(&claims()).unwrap();
        // The second run reads from the cache.
        for _ in 0..2 {
            assert_eq!(tokens.read(&token, at(NOW + 59)).unwrap().user_id, 5);
            assert_eq!(tokens.read(&token, at(NOW + 60)), None);
        }
        let early = Claims {
            nbf: Some(NOW + 5),
            ..claims()
        };
        let early = tokens.issue(&early).unwrap();
        assert_eq!(tokens.read(&early, at(NOW + 4)), None);
        assert!(tokens.read(&early, at(NOW + 5)).is_some());
    }

    #[test]
    fn tokens_with_another_key_or_algorithm_are_refused() {
        let tokens = Tokens::new(SECRET);
        let other = Tokens::new(b"another secret of at least 32 bytes!")
            .issue(&claims())
            .unwrap();
        assert_eq!(tokens.read(&other, at(NOW)), None);
        let claims = serde_json::to_value(claims()).unwrap();
        assert!(tokens.read(&sign_claims(&claims), at(NOW)).is_some());
        // `{"alg":"none"}`
        let valid = sign_claims(&claims);
        let payload = valid.split('.').nth(1).unwrap();
        assert_eq!(
            tokens.read(&format!("eyJhbGciOiJub25lIn0.{payload}."), at(NOW)),
            None
        );
        // `{"alg":"HS512","typ":"JWT"}` with a signature by HS256.
        let content = format!("eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.{payload}");
        let key = EncodingKey::from_secret(SECRET);
        let signature = sign(content.as_bytes(), &key, Algorithm::HS256).unwrap();
        assert_eq!(tokens.read(&format!("{content}.{signature}"), at(NOW)), None);
        assert!(sign(content.as_bytes(), &key, Algorithm::HS512).is_err());
    }

    #[test]
    fn a_user_id_can_be_digits() {
        let tokens = Tokens::new(SECRET);
        let read = |user_id: Value| {
            let mut claims = serde_json::to_value(claims()).unwrap();
            claims["user_id"] = user_id;
            let token = sign_claims(&claims);
            tokens.read(&token, at(NOW)).map(|claims| claims.user_id)
        };
        assert_eq!(read(json!("17")), Some(17));
        assert_eq!(read(json!(17)), Some(17));
        for refused in [
            json!("+17"),
            json!("1.0"),
            json!(""),
            json!("99999999999999999999"),
            json!(null),
        ] {
            assert_eq!(read(refused), None);
        }
    }

    #[test]
    fn a_new_generation_revokes_tokens_of_the_same_second() {
        let claims = claims();
        assert_eq!(claims.session(), "0123456789abcdef");
        assert_eq!(claims.jti.len(), 2 * SESSION_DIGITS);
        assert!(!claims.is_revoked(None, 0x13));
        assert!(!claims.is_revoked(Some(at(NOW - 1)), 0x13));
        assert!(!claims.is_revoked(Some(at(NOW)), 0x12));
        assert!(claims.is_revoked(Some(at(NOW)), 0x13));
        assert!(claims.is_revoked(Some(at(NOW + 1)), 0x12));
        assert_eq!(new_session().len(), SESSION_DIGITS);
    }
}
