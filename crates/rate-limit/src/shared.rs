//! Windows shared by several programs: one Redis key for each, which expires with the window.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::Script;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use tokio::time::Instant;

use crate::window::{Client, Count, Limit, WINDOW};

/// Timeout of a call.
const TIMEOUT: Duration = Duration::from_millis(250);
/// Time without calls after one has failed.
const PAUSE: Duration = Duration::from_secs(1);
/// Maximum number of calls in flight.
const CONCURRENCY: usize = 256;

/// Counts operations up to the limit. Returns whether they were admitted, the number of operations in the window, and the
/// milliseconds until the window closes.
const SCRIPT: &str = r"
    local used = tonumber(redis.call('GET', KEYS[1]) or '0')
    local count, limit, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
    local admitted = used + count <= limit
    if admitted then
        used = redis.call('INCRBY', KEYS[1], count)
    end
    local left = redis.call('PTTL', KEYS[1])
    if left < 0 then
        redis.call('PEXPIRE', KEYS[1], window)
        left = window
    end
    return {admitted and 1 or 0, used, left}
";

/// The URL of Redis can't be parsed. The source error may quote the URL, and the password in it.
#[derive(Debug)]
pub struct RedisError(redis::RedisError);

impl fmt::Display for RedisError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the URL of Redis can't be used")
    }
}

impl std::error::Error for RedisError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

pub struct SharedWindows {
    redis: ConnectionManager,
    script: Script,
    prefix: &'static str,
    /// No call is made before this moment. `None` while Redis responds.
    paused_until: Mutex<Option<Instant>>,
}

impl SharedWindows {
    /// Connects at the first call.
    pub fn new(url: &str, prefix: &'static str) -> Result<Self, RedisError> {
        let client = redis::Client::open(url).map_err(RedisError)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT))
            .set_number_of_retries(0)
            .set_concurrency_limit(CONCURRENCY);
        Ok(Self {
            redis: ConnectionManager::new_lazy_with_config(client, config).map_err(RedisError)?,
            script: Script::new(SCRIPT),
            prefix,
            paused_until: Mutex::default(),
        })
    }

    /// Counts operations in their window; `None` while Redis is unavailable.
    pub async fn count(&self, client: Client, limit: Limit, operations: u32) -> Option<Count> {
        if self.is_paused() {
            return None;
        }
        let mut redis = self.redis.clone();
        let mut call = self
            .script
            .key(format!("{}:{}:{client}", self.prefix, limit.name));
        call.arg(operations)
            .arg(limit.most)
            .arg(WINDOW.as_millis().to_string());
        let reply = call.invoke_async::<(u8, u32, u64)>(&mut redis);
        match tokio::time::timeout(TIMEOUT, reply).await {
            Ok(Ok((admitted, used, left))) => {
                self.resume();
                Some(Count {
                    admitted: admitted == 1,
                    used,
                    reset: Duration::from_millis(left),
                })
            }
            Ok(Err(error)) => self.pause(&error),
            Err(elapsed) => self.pause(&elapsed),
        }
    }

    /// Whether calls are paused. After a pause, only one operation makes a call; for the others the pause continues until
    /// that call succeeds.
    fn is_paused(&self) -> bool {
        let mut until = self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        match *until {
            None => false,
            Some(moment) if Instant::now() < moment => true,
            Some(_) => {
                *until = Some(Instant::now() + PAUSE);
                false
            }
        }
    }

    fn resume(&self) {
        let was_paused = self
            .paused_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if was_paused.is_some() {
            tracing::info!("Redis responds again: rate limits are shared");
        }
    }

    fn pause(&self, error: &dyn std::error::Error) -> Option<Count> {
        let mut until = self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.is_none() {
            tracing::warn!(
                error = %error,
                "Redis does not respond: rate limits are counted by this program alone"
            );
        }
        *until = Some(Instant::now() + PAUSE);
        None
    }
}
