//! The Redis database that several programs share for counting.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{FromRedisValue, ScriptInvocation};
use tokio::time::Instant;

/// Timeout of a call, and of connecting.
const TIMEOUT: Duration = Duration::from_millis(250);
/// Time without calls after one has failed.
const PAUSE: Duration = Duration::from_secs(1);
/// Maximum number of calls in flight.
const CONCURRENCY: usize = 256;

/// The error for a URL of Redis that can't be parsed. The source error can quote the URL with its password.
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

/// A connection to Redis, over TLS for a URL that begins with `rediss://`. Certificates are verified against the authorities
/// of the operating system, or those in the file that `SSL_CERT_FILE` names.
pub struct Store {
    redis: ConnectionManager,
    prefix: &'static str,
    /// No call is made before this moment. `None` while Redis responds.
    paused_until: Mutex<Option<Instant>>,
}

impl Store {
    /// A store in the Redis database at `url`, under keys that begin with `prefix`. Connects at the first call.
    ///
    /// # Errors
    /// When the URL can't be parsed.
    pub fn new(url: &str, prefix: &'static str) -> Result<Self, RedisError> {
        let client = redis::Client::open(url).map_err(RedisError)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT))
            .set_number_of_retries(0)
            .set_concurrency_limit(CONCURRENCY);
        Ok(Self {
            redis: ConnectionManager::new_lazy_with_config(client, config).map_err(RedisError)?,
            prefix,
            paused_until: Mutex::default(),
        })
    }

    /// The key of this name.
    pub(crate) fn key(&self, name: impl fmt::Display) -> String {
        format!("{}:{name}", self.prefix)
    }

    /// Runs a script; `None` while Redis is unavailable.
    pub(crate) async fn call<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Option<T> {
        if self.is_paused() {
            return None;
        }
        let mut redis = self.redis.clone();
        match tokio::time::timeout(TIMEOUT, script.invoke_async(&mut redis)).await {
            Ok(Ok(reply)) => {
                self.resume();
                Some(reply)
            }
            Ok(Err(error)) => self.pause(&error),
            Err(elapsed) => self.pause(&elapsed),
        }
    }

    /// Whether calls are paused. After a pause, one operation makes a call; for the others the pause continues for another
    /// [`PAUSE`], or until that call succeeds.
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
            tracing::info!("Redis responds again: rate limits are shared again");
        }
    }

    fn pause<T>(&self, error: &dyn std::error::Error) -> Option<T> {
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
