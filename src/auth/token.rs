//! Tokens: HS256 JWTs in the shape that clients of the Django system have today.
//!
//! The first half of a `jti` names the session: the refresh token, those it is rotated into, and the access tokens that
//! they give all share it. So a logout ends a session with one row, and the claims stay exactly the documented ones.

use chrono::DateTime;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use quick_cache::sync::Cache;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Deserializer, Serialize};

use crate::config::Secret;
use crate::ctx::Ctx;
use crate::db_error::on_unique;
use crate::error::{Error, Login, Result};
use ::entity::{ended_session, spent_token, user};

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

/// The tokens that a login or a refresh gives.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Goes with each request.
    pub access: String,
    /// Is traded for access tokens; none when the old one stays good.
    pub refresh: Option<String>,
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

    fn issue(&self, claims: &Claims) -> Result<String> {
        encode(&self.header, claims, &self.signing).map_err(Error::internal)
    }
}

/// The tokens of a new session.
pub fn start_session(ctx: &Ctx, user_id: i64) -> Result<Pair> {
    let session = random_digits();
    Ok(Pair {
        access: issue(ctx, TokenType::Access, &session, user_id)?,
        refresh: Some(issue(ctx, TokenType::Refresh, &session, user_id)?),
    })
}

/// Trades a refresh token: for an access token, and with rotation for a new refresh token too, once.
///
/// # Errors
/// [`Login::TokenRefused`] when the token is not good, used up, of another type, or its user is not active.
pub async fn refresh(ctx: &Ctx, token: &str) -> Result<Pair> {
    let claims = good(ctx, token)
        .await?
        .filter(|claims| claims.token_type == TokenType::Refresh)
        .ok_or_else(refused)?;
    let access = issue(ctx, TokenType::Access, claims.session(), claims.user_id)?;
    if !ctx.app.config.rotate_refresh_tokens {
        return Ok(Pair {
            access,
            refresh: None,
        });
    }
    let next = issue(ctx, TokenType::Refresh, claims.session(), claims.user_id)?;
    ctx.transaction(move |tx| {
        let claims = claims.clone();
        Box::pin(async move {
            let now = tx.ctx().now;
            spent_token::Entity::delete_many()
                .filter(spent_token::Column::ExpiresAt.lt(now))
                .exec(tx)
                .await?;
            let spent = spent_token::ActiveModel {
                jti: Set(claims.jti.clone()),
                expires_at: Set(end_of(&claims)),
            };
            // The primary key decides between two that trade the same token at the same time.
            let spent = spent_token::Entity::insert(spent)
                .exec_without_returning(tx)
                .await;
            on_unique(spent, "spent_token_pkey", refused).map(|_| ())
        })
    })
    .await?;
    Ok(Pair {
        access,
        refresh: Some(next),
    })
}

/// Whether a token, of either type, is good now.
///
/// # Errors
/// [`Login::TokenRefused`] when it is not.
pub async fn verify(ctx: &Ctx, token: &str) -> Result<()> {
    good(ctx, token).await?.map(|_| ()).ok_or_else(refused)
}

/// Ends the session of a refresh token: the token itself, and the access tokens that it gave.
///
/// # Errors
/// [`Login::TokenRefused`] when the token is not a good refresh token.
pub async fn log_out(ctx: &Ctx, token: &str) -> Result<()> {
    let claims = good(ctx, token)
        .await?
        .filter(|claims| claims.token_type == TokenType::Refresh)
        .ok_or_else(refused)?;
    let config = &ctx.app.config;
    let longest = config.access_token_lifetime.max(config.refresh_token_lifetime);
    // No token of the session can outlive one issued at this moment, nor the one in hand.
    let forget_at = end_of(&claims).max(ctx.now + chrono::TimeDelta::seconds(longest));
    ctx.transaction(move |tx| {
        let session = claims.session().to_owned();
        Box::pin(async move {
            let now = tx.ctx().now;
            ended_session::Entity::delete_many()
                .filter(ended_session::Column::ExpiresAt.lt(now))
                .exec(tx)
                .await?;
            let ended = ended_session::ActiveModel {
                session: Set(session),
                expires_at: Set(forget_at),
            };
            let ended = ended_session::Entity::insert(ended)
                .exec_without_returning(tx)
                .await;
            on_unique(ended, "ended_session_pkey", refused).map(|_| ())
        })
    })
    .await
}

/// What the token says, if it is good: signed here, not ended, neither spent nor logged out, of an active user.
async fn good(ctx: &Ctx, token: &str) -> Result<Option<Claims>> {
    let Some(claims) = ctx.app.tokens.read(token, ctx.now) else {
        return Ok(None);
    };
    let spent = spent_token::Entity::find_by_id(claims.jti.clone())
        .one(ctx.db())
        .await?;
    let ended = ended_session::Entity::find_by_id(claims.session().to_owned())
        .one(ctx.db())
        .await?;
    let user = user::Entity::find_by_id(claims.user_id).one(ctx.db()).await?;
    let good = spent.is_none() && ended.is_none() && user.is_some_and(|user| user.is_active);
    Ok(good.then_some(claims))
}

fn issue(ctx: &Ctx, token_type: TokenType, session: &str, user_id: i64) -> Result<String> {
    let lifetime = match token_type {
        TokenType::Access => ctx.app.config.access_token_lifetime,
        TokenType::Refresh => ctx.app.config.refresh_token_lifetime,
    };
    let iat = ctx.now.timestamp();
    let jti = format!("{session}{}", random_digits());
    ctx.app.tokens.issue(&Claims {
        token_type,
        exp: iat + lifetime,
        iat,
        jti,
        user_id,
    })
}

fn random_digits() -> String {
    format!("{:016x}", rand::random::<u64>())
}

fn end_of(claims: &Claims) -> DateTime<chrono::Utc> {
    DateTime::from_timestamp(claims.exp, 0).unwrap_or(DateTime::<chrono::Utc>::MAX_UTC)
}

fn refused() -> Error {
    Error::Unauthenticated(Login::TokenRefused)
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
