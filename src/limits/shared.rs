//! The windows that all gateways count in: one key in Redis for each, which ends with its window.
//!
//! Redis is asked with little patience, and after it has failed to answer not again for a second, so that its absence
//! costs a request next to nothing. What it is away for, the gateway counts by itself.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Script};
use tokio::time::Instant;

use super::{Answer, Class, WINDOW, Who};
use crate::config::Secret;
use crate::error::{Error, Result};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long Redis is left alone after it did not answer.
const PAUSE: Duration = Duration::from_secs(1);
/// Commands under way at the same time; more than these would only wait.
const UNDER_WAY: usize = 256;

/// Counts up to the quota: whether there was room, how many are counted, and for how many milliseconds still.
const COUNT: &str = r"
    local used = tonumber(redis.call('GET', KEYS[1]) or '0')
    local count, quota, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
    local allowed = used + count <= quota
    if allowed then
        used = redis.call('INCRBY', KEYS[1], count)
    end
    local left = redis.call('PTTL', KEYS[1])
    if left < 0 then
        redis.call('PEXPIRE', KEYS[1], window)
        left = window
    end
    return {allowed and 1 or 0, used, left}
";

/// The way to Redis.
pub struct Shared {
    redis: ConnectionManager,
    script: Script,
    left_alone_until: Mutex<Option<Instant>>,
}

impl Shared {
    /// Connects when it is first asked.
    pub fn new(url: &Secret) -> Result<Self> {
        let client = Client::open(url.text()).map_err(Error::internal)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(0)
            .set_concurrency_limit(UNDER_WAY);
        Ok(Self {
            redis: ConnectionManager::new_lazy_with_config(client, config).map_err(Error::internal)?,
            script: Script::new(COUNT),
            left_alone_until: Mutex::default(),
        })
    }

    /// Counts requests in their window; nothing when Redis is away.
    pub async fn count(&self, who: Who, class: Class, count: u32) -> Option<Answer> {
        if self.is_left_alone() {
            return None;
        }
        let mut redis = self.redis.clone();
        let mut call = self.script.key(format!("stockroom:limit:{}:{who}", class.name()));
        call.arg(count)
            .arg(class.quota())
            .arg(WINDOW.as_millis().to_string());
        let answer = call.invoke_async::<(u8, u32, u64)>(&mut redis);
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok((allowed, used, left))) => {
                self.answered();
                Some(Answer {
                    allowed: allowed == 1,
                    used,
                    reset: Duration::from_millis(left),
                })
            }
            Ok(Err(error)) => self.leave_alone(&error),
            Err(elapsed) => self.leave_alone(&elapsed),
        }
    }

    /// Whether it is too early to ask again. Of those who come afterwards, one asks, and the others as soon as that one
    /// was answered.
    fn is_left_alone(&self) -> bool {
        let mut until = self
            .left_alone_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match *until {
            None => false,
            Some(moment) if Instant::now() < moment => true,
            Some(_) => {
                *until = Some(Instant::now() + PAUSE);
                false
            }
        }
    }

    fn answered(&self) {
        let was_away = self
            .left_alone_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if was_away.is_some() {
            tracing::info!("Redis is back: the limits are shared again");
        }
    }

    fn leave_alone(&self, error: &dyn std::error::Error) -> Option<Answer> {
        let mut until = self
            .left_alone_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if until.is_none() {
            tracing::warn!(
                error = %error,
                "Redis does not answer: until it does, this gateway limits by itself"
            );
        }
        *until = Some(Instant::now() + PAUSE);
        None
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::Network(address) => write!(f, "address:{address}"),
        }
    }
}
