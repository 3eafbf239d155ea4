//! The documented rate limits: a minute's 10 logins, 100 reads and 50 writes, of each user, or of each client address
//! without one. Off unless `RATE_LIMIT_ENABLED`.
//!
//! A limit is a *window*: it opens with the first request, counts up to the quota and refuses the rest until the minute
//! is over. Not a bucket that fills drop by drop: that lets the 101st request of a minute through when the hundred took a
//! while, and the document says 100. The same window is kept in memory (`local.rs`), or in Redis (`shared.rs`), where all
//! gateways count together.
//!
//! What counts is what runs, not how it is wrapped: the REST face asks once a request, the GraphQL face once for a query
//! and once for each mutation in it.

use std::net::IpAddr;
use std::time::Duration;

use crate::auth::login::network_of;
use crate::config::Config;
use crate::ctx::Ctx;
use crate::error::{Error, Result};

mod local;
mod shared;

use local::Local;
use shared::Shared;

/// How long a window is open.
pub const WINDOW: Duration = Duration::from_secs(60);

/// Kinds of requests, each with its own limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Logging in, refreshing, verifying, logging out.
    Authentication,
    /// Reading.
    Read,
    /// Creating, changing, deleting.
    Write,
}

impl Class {
    /// How many of them a window has room for.
    pub const fn quota(self) -> u32 {
        match self {
            Self::Authentication => 10,
            Self::Read => 100,
            Self::Write => 50,
        }
    }

    /// What the headers and the figures call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// Whose requests are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Who {
    User(i64),
    Network(IpAddr),
}

/// Where somebody stands with one limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which limit.
    pub class: Class,
    /// How many more the window has room for.
    pub remaining: u32,
    /// When the next window opens.
    pub reset: Duration,
}

/// What a window says to a request.
struct Answer {
    allowed: bool,
    used: u32,
    reset: Duration,
}

/// The limits of one gateway, or its part in those of all.
pub struct Limits {
    enabled: bool,
    local: Local,
    shared: Option<Shared>,
}

impl Limits {
    /// The limits that the settings ask for.
    ///
    /// # Errors
    /// When `REDIS_URL` can't be read.
    pub fn new(config: &Config) -> Result<Self> {
        let shared = config.redis_url.as_ref().filter(|_| config.rate_limit_enabled);
        Ok(Self {
            enabled: config.rate_limit_enabled,
            local: Local::default(),
            shared: shared.map(Shared::new).transpose()?,
        })
    }
}

/// Counts a request, or refuses it.
///
/// # Errors
/// [`Error::Limited`] when its window has no room left.
pub async fn check(ctx: &Ctx, class: Class) -> Result<()> {
    check_many(ctx, class, 1).await
}

/// Counts several at once, or refuses them all: the mutations of one document.
///
/// # Errors
/// [`Error::Limited`] when the window has not enough room left.
pub async fn check_many(ctx: &Ctx, class: Class, count: u32) -> Result<()> {
    let limits = &ctx.app.limits;
    if !limits.enabled || count == 0 {
        return Ok(());
    }
    let who = match ctx.actor.as_ref().and_then(|actor| actor.user_id) {
        Some(user) => Who::User(user),
        None => Who::Network(network_of(ctx.client)),
    };
    let together = match &limits.shared {
        Some(shared) => shared.count(who, class, count).await,
        None => None,
    };
    // Where Redis is away, each gateway holds the limit by itself.
    let answer = together.unwrap_or_else(|| limits.local.count(who, class, count, ctx.app.clock.now()));
    ctx.record.stands(Standing {
        class,
        remaining: class.quota().saturating_sub(answer.used),
        reset: answer.reset,
    });
    if answer.allowed {
        return Ok(());
    }
    ctx.app.metrics.refused(class.name());
    Err(Error::Limited {
        retry_after: answer.reset,
    })
}
