//! Name and password for tokens. Failures are limited by client address and name together, so that a stranger can
//! neither guess on nor lock a user out.

use ::entity::{ended_session, spent_token, user};
use chrono::DateTime;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::actor::Actor;
use super::identify::load_actor;
use super::token::{Claims, TokenType};
use crate::ctx::Ctx;
use crate::db_error::on_unique;
use crate::error::{Error, Login, Result};

/// The tokens that a login or a refresh gives.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Goes with each request.
    pub access: String,
    /// Is traded for access tokens; none when the old one stays good.
    pub refresh: Option<String>,
}

/// Trades a name and a password for tokens.
///
/// # Errors
/// [`Login::WrongCredentials`] for an unknown name, a wrong password and a user who is not active alike, after the same
/// time; [`Error::Limited`] after [`FAILURES`] of them in a minute.
pub async fn log_in(ctx: &Ctx, username: &str, password: String) -> Result<(Pair, Actor)> {
    let attempt = ctx
        .services
        .failed_logins
        .begin(ctx.client, username, ctx.now)
        .inspect_err(|_| ctx.services.metrics.refused("failed_logins"))?;
    let wrong = Error::Unauthenticated(Login::WrongCredentials);
    // PostgreSQL has no NUL in texts, and no name has one either.
    let user = if username.contains('\0') {
        None
    } else {
        user::Entity::find()
            .filter(user::Column::Username.eq(username))
            .one(ctx.db())
            .await?
    };
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let right = ctx.services.passwords.verify(password, hash).await?;
    let Some(user) = user.filter(|user| right && user.is_active) else {
        ctx.services.metrics.login(false);
        return Err(wrong);
    };
    ctx.services.failed_logins.take_back(&attempt);
    ctx.services.metrics.login(true);
    ctx.record.identified(Some(user.id));
    let pair = start_session(ctx, user.id)?;
    Ok((pair, load_actor(ctx.db(), user).await?))
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
    if !ctx.services.config.rotate_refresh_tokens {
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
    let config = &ctx.services.config;
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
    let Some(claims) = ctx.services.tokens.read(token, ctx.now) else {
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
        TokenType::Access => ctx.services.config.access_token_lifetime,
        TokenType::Refresh => ctx.services.config.refresh_token_lifetime,
    };
    let iat = ctx.now.timestamp();
    let jti = format!("{session}{}", random_digits());
    ctx.services.tokens.issue(&Claims {
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
