//! Failed attempts, limited in two ways: by client address and name together, so that a client can't lock out a user at
//! another address, and by address alone, so that one password can't be tried on many names.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::shared_failures::{SharedAttempt, SharedFailures};
use crate::store::Store;
use crate::window::{WINDOW, network_of};

/// Failures per address and name that are admitted in one [`WINDOW`].
pub(crate) const MAX_FAILURES: usize = 10;
/// Failures per address, with any name, that are admitted in one [`WINDOW`].
pub(crate) const MAX_FAILURES_OF_ADDRESS: usize = 60;
/// Maximum number of pairs of address and name that are kept, and of addresses.
const CAPACITY: usize = 100_000;

/// The failures of the last minute, in memory or in Redis. An attempt counts as a failure until it succeeds, so that
/// concurrent attempts can't exceed a limit.
#[derive(Default)]
pub struct Failures {
    local: Mutex<State>,
    shared: Option<SharedFailures>,
}

/// The monotonic times of the failures in memory.
#[derive(Default)]
struct State {
    by_name: Times<(IpAddr, u64)>,
    by_address: Times<IpAddr>,
}

/// An attempt in progress.
pub struct Attempt(CountedAttempt);

/// Where an attempt is counted.
enum CountedAttempt {
    Local { name: (IpAddr, u64), at: Duration },
    Shared(SharedAttempt),
}

impl Failures {
    /// Failures in Redis, counted by all programs together. While Redis is unavailable, each program counts by itself.
    pub fn shared(store: Arc<Store>) -> Self {
        Self {
            local: Mutex::default(),
            shared: Some(SharedFailures::new(store)),
        }
    }

    /// Counts an attempt at a monotonic time.
    ///
    /// # Errors
    /// The time to wait before the next attempt, when there were too many failures.
    pub async fn begin(&self, client: IpAddr, name: &str, now: Duration) -> Result<Attempt, Duration> {
        let address = network_of(client);
        let shared = match &self.shared {
            Some(shared) => shared.begin(address, name).await,
            None => None,
        };
        let attempt = match shared {
            Some(attempt) => CountedAttempt::Shared(attempt?),
            None => self.begin_locally(address, name, now)?,
        };
        Ok(Attempt(attempt))
    }

    fn begin_locally(&self, address: IpAddr, name: &str, now: Duration) -> Result<CountedAttempt, Duration> {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        let name = (address, hasher.finish());
        let mut state = self.local.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = state.by_name.wait(&name, MAX_FAILURES, now);
        let wait = wait.max(state.by_address.wait(&address, MAX_FAILURES_OF_ADDRESS, now));
        if let Some(retry_after) = wait {
            return Err(retry_after);
        }
        state.by_name.add(name, now);
        state.by_address.add(address, now);
        Ok(CountedAttempt::Local { name, at: now })
    }

    /// Removes an attempt that succeeded.
    pub async fn record_success(&self, Attempt(attempt): &Attempt) {
        match (attempt, &self.shared) {
            (CountedAttempt::Local { name, at }, _) => {
                let mut state = self.local.lock().unwrap_or_else(PoisonError::into_inner);
                state.by_name.remove(name, *at);
                state.by_address.remove(&name.0, *at);
            }
            (CountedAttempt::Shared(attempt), Some(shared)) => shared.record_success(attempt).await,
            (CountedAttempt::Shared(_), None) => {}
        }
    }
}

/// The times of the failures for each key, oldest first.
struct Times<K>(HashMap<K, VecDeque<Duration>>);

impl<K> Default for Times<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash> Times<K> {
    /// The time to wait before the next attempt, if there were too many failures or there is no room for another key.
    fn wait(&mut self, key: &K, limit: usize, now: Duration) -> Option<Duration> {
        if self.0.len() >= CAPACITY {
            self.0
                .retain(|_, times| times.back().is_some_and(|last| *last + WINDOW > now));
        }
        let Some(times) = self.0.get_mut(key) else {
            return (self.0.len() >= CAPACITY).then_some(WINDOW);
        };
        while times.front().is_some_and(|first| *first + WINDOW <= now) {
            times.pop_front();
        }
        let first = times.front().filter(|_| times.len() >= limit)?;
        Some((*first + WINDOW).saturating_sub(now))
    }

    fn add(&mut self, key: K, now: Duration) {
        self.0.entry(key).or_default().push_back(now);
    }

    fn remove(&mut self, key: &K, at: Duration) {
        let Some(times) = self.0.get_mut(key) else { return };
        if let Some(index) = times.iter().rposition(|time| *time == at) {
            times.remove(index);
        }
        if times.is_empty() {
            self.0.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn failures_are_limited_by_name_and_by_address() {
        let (failures, address, now) = (Failures::default(), "1.2.3.4".parse().unwrap(), Duration::ZERO);
        for _ in 0..MAX_FAILURES {
            assert!(failures.begin(address, "ann", now).await.is_ok());
        }
        let later = now + WINDOW / 4;
        assert_eq!(
            failures.begin(address, "ann", later).await.err(),
            Some(WINDOW / 4 * 3)
        );
        let other = "1.2.3.5".parse().unwrap();
        assert!(failures.begin(other, "ann", later).await.is_ok());
        for name in MAX_FAILURES..MAX_FAILURES_OF_ADDRESS {
            assert!(failures.begin(address, &name.to_string(), later).await.is_ok());
        }
        assert!(failures.begin(address, "eve", later).await.is_err());
        assert!(failures.begin(address, "eve", now + WINDOW).await.is_ok());
    }

    #[tokio::test]
    async fn successes_do_not_count() {
        let (failures, address) = (Failures::default(), "::1".parse().unwrap());
        for _ in 0..=MAX_FAILURES_OF_ADDRESS {
            let attempt = failures.begin(address, "ann", Duration::ZERO).await.unwrap();
            failures.record_success(&attempt).await;
        }
    }
}
