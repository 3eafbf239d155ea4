//! Sessions: logging in, refreshing, verifying and logging out.

use ::entity::{ended_session, spent_token, user};
use chrono::DateTime;
use passwords::is_own_hash;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokens::{Claims, TokenType, new_jti, new_session};

use super::actor::Actor;
use super::identify::load_actor;
use crate::ctx::Ctx;
use crate::db_error::on_unique;
use crate::error::{Error, LoginError, Result};

/// The tokens issued by a login or a refresh.
#[derive(Clone, Debug)]
pub struct TokenPair {
    pub access: String,
    /// Absent when the refresh token that was sent stays valid.
    pub refresh: Option<String>,
}

/// Issues tokens for a user name and a password.
///
/// # Errors
/// [`LoginError::WrongCredentials`] for an unknown name, a wrong password and an inactive user, all of which take the same time;
/// [`Error::Limited`] after too many failures in a minute.
pub async fn log_in(ctx: &Ctx, username: &str, password: String) -> Result<(TokenPair, Actor)> {
    let attempt = ctx
        .services
        .failed_logins
        .begin(ctx.client, username, ctx.services.clock.monotonic())
        .await
        .map_err(|retry_after| {
            ctx.services.metrics.count_rate_limited("failed_logins");
            Error::Limited { retry_after }
        })?;
    let wrong_credentials = Error::Unauthenticated(LoginError::WrongCredentials);
    // PostgreSQL rejects NUL in texts, and no user name contains one.
    let user = if username.contains('\0') {
        None
    } else {
        user::Entity::find()
            .filter(user::Column::Username.eq(username))
            .one(ctx.db())
            .await?
    };
    let passwords = &ctx.services.passwords;
    passwords
        .record_all_once(async || record_old_hashes(ctx).await)
        .await?;
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let matches = passwords.verify(password.clone(), hash).await?;
    // Read the user again, because verifying takes a while: if the password has been changed since, no token is issued.
    let user = match user {
        Some(user) if matches && user.is_active => user::Entity::find_by_id(user.id)
            .one(ctx.db())
            .await?
            .filter(|current| current.is_active && current.token_generation == user.token_generation),
        _ => None,
    };
    let Some(user) = user else {
        ctx.services.metrics.count_login(false);
        return Err(wrong_credentials);
    };
    ctx.services.failed_logins.record_success(&attempt).await;
    ctx.services.metrics.count_login(true);
    ctx.record.set_user(Some(user.id));
    if !is_own_hash(&user.password_hash) {
        replace_old_hash(ctx, &user, password).await;
    }
    let pair = start_session(ctx, user.id, user.token_generation)?;
    Ok((pair, load_actor(ctx.db(), user).await?))
}

/// The number of users read at a time.
const BATCH: u64 = 2_000;

/// Passes the imported hashes that no login has replaced yet to [`Passwords::record`](passwords::Passwords::record), so that
/// failed logins take as long as a login with the slowest of them.
async fn record_old_hashes(ctx: &Ctx) -> Result<()> {
    let mut last = 0;
    loop {
        let page = user::Entity::find()
            .filter(user::Column::Id.gt(last))
            .filter(user::Column::PasswordHash.not_like("$argon2%"))
            .order_by_asc(user::Column::Id)
            .limit(BATCH)
            .all(ctx.db())
            .await?;
        let Some(end) = page.last() else {
            return Ok(());
        };
        last = end.id;
        for user in &page {
            ctx.services.passwords.record(&user.password_hash);
        }
    }
}

/// Replaces an imported hash with one of this program, unless the password has been changed since. If that fails, the
/// login still succeeds, and the next login tries again.
async fn replace_old_hash(ctx: &Ctx, user: &user::Model, password: String) {
    let replacing = async {
        let new = ctx.services.passwords.hash(password).await?;
        let (id, old) = (user.id, user.password_hash.clone());
        ctx.transaction(move |tx| {
            let (new, old) = (new.clone(), old.clone());
            Box::pin(async move {
                user::Entity::update_many()
                    .col_expr(user::Column::PasswordHash, Expr::value(new))
                    .filter(user::Column::Id.eq(id))
                    .filter(user::Column::PasswordHash.eq(old))
                    .exec(tx)
                    .await?;
                Ok(())
            })
        })
        .await
    };
    let replaced: Result<()> = replacing.await;
    if let Err(error) = replaced {
        tracing::warn!(?error, user = user.id, "an old password hash was not replaced");
    }
}

/// The tokens of a new session of a user with this token generation.
pub fn start_session(ctx: &Ctx, user_id: i64, generation: i64) -> Result<TokenPair> {
    let session = new_session();
    let issue = |token_type| issue_token(ctx, token_type, new_jti(&session, generation), user_id);
    Ok(TokenPair {
        access: issue(TokenType::Access)?,
        refresh: Some(issue(TokenType::Refresh)?),
    })
}

/// Issues an access token for a refresh token. With rotation it also issues a new refresh token, and the old one can't be
/// used again.
///
/// # Errors
/// [`LoginError::TokenRefused`] when it is not a valid refresh token.
pub async fn refresh(ctx: &Ctx, token: &str) -> Result<TokenPair> {
    let (claims, generation) = valid_claims(ctx, token)
        .await?
        .filter(|(claims, _)| claims.token_type == TokenType::Refresh)
        .ok_or_else(invalid_token)?;
    let issue = |token_type| {
        let jti = new_jti(claims.session(), generation);
        issue_token(ctx, token_type, jti, claims.user_id)
    };
    let access = issue(TokenType::Access)?;
    if !ctx.services.config.rotate_refresh_tokens {
        return Ok(TokenPair {
            access,
            refresh: None,
        });
    }
    let new_refresh = issue(TokenType::Refresh)?;
    ctx.transaction(move |tx| {
        let claims = claims.clone();
        Box::pin(async move {
            let now = tx.ctx().now;
            spent_token::Entity::delete_many()
                .filter(spent_token::Column::ExpiresAt.lt(now))
                .exec(tx)
                .await?;
            let row = spent_token::ActiveModel {
                jti: Set(claims.jti.clone()),
                expires_at: Set(expiry(&claims)),
            };
            // Of two concurrent refreshes with the same token, one violates the primary key.
            let inserted = spent_token::Entity::insert(row).exec_without_returning(tx).await;
            on_unique(inserted, "spent_token_pkey", invalid_token).map(|_| ())
        })
    })
    .await?;
    Ok(TokenPair {
        access,
        refresh: Some(new_refresh),
    })
}

/// Checks that a token of either type is valid.
///
/// # Errors
/// [`LoginError::TokenRefused`] when it is not.
pub async fn verify(ctx: &Ctx, token: &str) -> Result<()> {
    valid_claims(ctx, token)
        .await?
        .map(|_| ())
        .ok_or_else(invalid_token)
}

/// Ends the session of a refresh token, so that all tokens of the session become invalid.
///
/// # Errors
/// [`LoginError::TokenRefused`] when it is not a valid refresh token.
pub async fn log_out(ctx: &Ctx, token: &str) -> Result<()> {
    let (claims, _) = valid_claims(ctx, token)
        .await?
        .filter(|(claims, _)| claims.token_type == TokenType::Refresh)
        .ok_or_else(invalid_token)?;
    let config = &ctx.services.config;
    let longest = config.access_token_lifetime.max(config.refresh_token_lifetime);
    // No token of the session expires later than a token issued now, or later than the token that was sent.
    let last_expiry = expiry(&claims).max(ctx.now + chrono::TimeDelta::seconds(longest));
    ctx.transaction(move |tx| {
        let session = claims.session().to_owned();
        Box::pin(async move {
            let now = tx.ctx().now;
            ended_session::Entity::delete_many()
                .filter(ended_session::Column::ExpiresAt.lt(now))
                .exec(tx)
                .await?;
            let row = ended_session::ActiveModel {
                session: Set(session),
                expires_at: Set(last_expiry),
            };
            let inserted = ended_session::Entity::insert(row)
                .exec_without_returning(tx)
                .await;
            on_unique(inserted, "ended_session_pkey", invalid_token).map(|_| ())
        })
    })
    .await
}

/// The claims of a valid token, and its user's token generation. A valid token is signed by this program, is not expired,
/// spent, logged out or revoked, and has an active user.
async fn valid_claims(ctx: &Ctx, token: &str) -> Result<Option<(Claims, i64)>> {
    let Some(claims) = ctx.services.tokens.read(token, ctx.now) else {
        return Ok(None);
    };
    let is_spent = spent_token::Entity::find_by_id(claims.jti.clone())
        .one(ctx.db())
        .await?
        .is_some();
    let is_logged_out = ended_session::Entity::find_by_id(claims.session().to_owned())
        .one(ctx.db())
        .await?
        .is_some();
    let user = user::Entity::find_by_id(claims.user_id).one(ctx.db()).await?;
    let user = user.filter(|user| {
        let is_revoked = claims.is_revoked(user.tokens_revoked_at, user.token_generation);
        !is_spent && !is_logged_out && user.is_active && !is_revoked
    });
    Ok(user.map(|user| (claims, user.token_generation)))
}

fn issue_token(ctx: &Ctx, token_type: TokenType, jti: String, user_id: i64) -> Result<String> {
    let lifetime = match token_type {
        TokenType::Access => ctx.services.config.access_token_lifetime,
        TokenType::Refresh => ctx.services.config.refresh_token_lifetime,
    };
    let iat = ctx.now.timestamp();
    let claims = Claims {
        token_type,
        exp: iat + lifetime,
        iat,
        nbf: None,
        jti,
        user_id,
    };
    Ok(ctx.services.tokens.issue(&claims)?)
}

fn expiry(claims: &Claims) -> DateTime<chrono::Utc> {
    DateTime::from_timestamp(claims.exp, 0).unwrap_or(DateTime::<chrono::Utc>::MAX_UTC)
}

fn invalid_token() -> Error {
    Error::Unauthenticated(LoginError::TokenRefused)
}
