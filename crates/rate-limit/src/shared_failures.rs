//! Failed attempts that all programs count together: one sorted set in Redis for each address, and one for each address and
//! name. The attempts in a set are sorted by their time on the clock of Redis.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use redis::Script;
use sha2::{Digest as _, Sha256};

use crate::failures::{MAX_FAILURES, MAX_FAILURES_OF_ADDRESS};
use crate::store::Store;
use crate::window::WINDOW;

/// Counts an attempt in both sets, or returns the microseconds to wait. Attempts later than now were counted before the clock
/// was set back, and are removed.
const BEGIN: &str = r"
    local time = redis.call('TIME')
    local now, window, wait = time[1] * 1000000 + time[2], tonumber(ARGV[1]), 0
    for index, key in ipairs(KEYS) do
        redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', now - window))
        redis.call('ZREMRANGEBYSCORE', key, string.format('(%.0f', now), '+inf')
        if redis.call('ZCARD', key) >= tonumber(ARGV[index + 2]) then
            local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
            wait = math.max(wait, first[2] + window - now)
        end
    end
    if wait > 0 then
        return wait
    end
    for _, key in ipairs(KEYS) do
        redis.call('ZADD', key, string.format('%.0f', now), ARGV[2])
        redis.call('PEXPIRE', key, window / 1000)
    end
    return 0
";

/// Removes an attempt that succeeded.
const SUCCEEDED: &str = r"
    for _, key in ipairs(KEYS) do
        redis.call('ZREM', key, ARGV[1])
    end
    return 0
";

pub struct SharedFailures {
    store: Arc<Store>,
    begin: Script,
    succeeded: Script,
}

/// An attempt that Redis has counted.
pub struct SharedAttempt {
    by_name: String,
    by_address: String,
    member: String,
}

impl SharedFailures {
    pub fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            begin: Script::new(BEGIN),
            succeeded: Script::new(SUCCEEDED),
        }
    }

    /// Counts an attempt, or returns how long to wait; `None` while Redis is unavailable.
    pub async fn begin(&self, address: IpAddr, name: &str) -> Option<Result<SharedAttempt, Duration>> {
        let attempt = SharedAttempt {
            by_name: self
                .store
                .key(format_args!("failures:{address}:{}", digest(name))),
            by_address: self.store.key(format_args!("failures:{address}")),
            member: format!("{:016x}", rand::random::<u64>()),
        };
        let mut call = self.begin.key(&attempt.by_name);
        call.key(&attempt.by_address)
            .arg(WINDOW.as_micros().to_string())
            .arg(&attempt.member)
            .arg(MAX_FAILURES)
            .arg(MAX_FAILURES_OF_ADDRESS);
        Some(match self.store.call::<u64>(&call).await? {
            0 => Ok(attempt),
            wait => Err(Duration::from_micros(wait)),
        })
    }

    /// Removes an attempt that succeeded. It stays counted if Redis is unavailable.
    pub async fn record_success(&self, attempt: &SharedAttempt) {
        let mut call = self.succeeded.key(&attempt.by_name);
        call.key(&attempt.by_address).arg(&attempt.member);
        let _ = self.store.call::<u64>(&call).await;
    }
}

/// The hash of a name, as a part of a key.
fn digest(name: &str) -> String {
    let mut digits = String::with_capacity(32);
    for byte in Sha256::digest(name).into_iter().take(16) {
        // Writing to a String does not fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}
