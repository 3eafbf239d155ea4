//! Name and password for tokens. Failures are limited by client address and name together, so that a stranger can
//! neither guess on nor lock a user out.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ::entity::user;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::token::{self, Pair};
use super::{Actor, identify};
use crate::ctx::Ctx;
use crate::error::{Error, Login, Result};

/// Failed logins in a [`WINDOW`] of one address under one name.
pub const FAILURES: usize = 10;
/// One minute.
pub const WINDOW: TimeDelta = TimeDelta::minutes(1);
/// Addresses and names that are remembered at most.
const REMEMBERED: usize = 100_000;

/// Trades a name and a password for tokens.
///
/// # Errors
/// [`Login::WrongCredentials`] for an unknown name, a wrong password and a user who is not active alike, after the same
/// time; [`Error::Limited`] after [`FAILURES`] of them in a minute.
pub async fn log_in(ctx: &Ctx, username: &str, password: String) -> Result<(Pair, Actor)> {
    let attempt = ctx
        .app
        .failed_logins
        .begin(ctx.client, username, ctx.now)
        .inspect_err(|_| ctx.app.metrics.refused("failed_logins"))?;
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
    let right = ctx.app.passwords.verify(password, hash).await?;
    let Some(user) = user.filter(|user| right && user.is_active) else {
        ctx.app.metrics.login(false);
        return Err(wrong);
    };
    ctx.app.failed_logins.take_back(&attempt);
    ctx.app.metrics.login(true);
    ctx.record.identified(Some(user.id));
    let pair = token::start_session(ctx, user.id)?;
    Ok((pair, identify::actor(ctx.db(), user).await?))
}

/// The failures of the last minute. An attempt counts as a failure until it has turned out not to be one, so that many
/// at the same time do not slip through.
#[derive(Default)]
pub struct FailedLogins(Mutex<HashMap<Key, VecDeque<DateTime<Utc>>>>);

type Key = (IpAddr, u64);

/// A login under way.
struct Attempt {
    key: Key,
    at: DateTime<Utc>,
}

impl FailedLogins {
    fn begin(&self, client: IpAddr, username: &str, now: DateTime<Utc>) -> Result<Attempt> {
        let mut hasher = DefaultHasher::new();
        username.hash(&mut hasher);
        let key = (network_of(client), hasher.finish());
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= REMEMBERED {
            failures.retain(|_, times| times.back().is_some_and(|last| *last + WINDOW > now));
        }
        if failures.len() >= REMEMBERED && !failures.contains_key(&key) {
            return Err(Error::Limited {
                retry_after: Duration::from_mins(1),
            });
        }
        let times = failures.entry(key).or_default();
        while times.front().is_some_and(|first| *first + WINDOW <= now) {
            times.pop_front();
        }
        if let Some(first) = times.front()
            && times.len() >= FAILURES
        {
            return Err(Error::Limited {
                retry_after: (*first + WINDOW - now).to_std().unwrap_or_default(),
            });
        }
        times.push_back(now);
        Ok(Attempt { key, at: now })
    }

    fn take_back(&self, attempt: &Attempt) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(times) = failures.get_mut(&attempt.key) {
            if let Some(place) = times.iter().rposition(|time| *time == attempt.at) {
                times.remove(place);
            }
            if times.is_empty() {
                failures.remove(&attempt.key);
            }
        }
    }
}

/// One household has a whole /64 of IPv6, so that counts as one address.
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        v4 @ IpAddr::V4(_) => v4,
    }
}
