//! Failed logins, limited in two ways: by client address and user name together, so that a client can't lock another
//! client's user out, and by address alone, so that no one can try one password on many names.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::window::{WINDOW, network_of};
use crate::error::{Error, Result};

/// Failed logins of one address under one name that are admitted in one [`WINDOW`].
const MAX_FAILURES: usize = 10;
/// The same whatever the names.
const MAX_FAILURES_OF_ADDRESS: usize = 60;
/// Most pairs of address and name kept, and most addresses.
const CAPACITY: usize = 100_000;

/// The failures of the last minute, in monotonic time. An attempt counts as a failure until it succeeds, so that
/// concurrent attempts can't exceed a limit.
#[derive(Default)]
pub struct FailedLogins(Mutex<State>);

#[derive(Default)]
struct State {
    by_name: Failures<(IpAddr, u64)>,
    by_address: Failures<IpAddr>,
}

/// A login in progress.
pub struct LoginAttempt {
    name: (IpAddr, u64),
    at: Duration,
}

impl FailedLogins {
    /// Counts an attempt.
    ///
    /// # Errors
    /// [`Error::Limited`] when there were too many failures.
    pub fn begin(&self, client: IpAddr, username: &str, now: Duration) -> Result<LoginAttempt> {
        let mut hasher = DefaultHasher::new();
        username.hash(&mut hasher);
        let address = network_of(client);
        let name = (address, hasher.finish());
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = state.by_name.wait(&name, MAX_FAILURES, now);
        let wait = wait.max(state.by_address.wait(&address, MAX_FAILURES_OF_ADDRESS, now));
        if let Some(retry_after) = wait {
            return Err(Error::Limited { retry_after });
        }
        state.by_name.add(name, now);
        state.by_address.add(address, now);
        Ok(LoginAttempt { name, at: now })
    }

    /// Removes an attempt that succeeded.
    pub fn succeeded(&self, attempt: &LoginAttempt) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.by_name.remove(&attempt.name, attempt.at);
        state.by_address.remove(&attempt.name.0, attempt.at);
    }
}

struct Failures<K>(HashMap<K, VecDeque<Duration>>);

impl<K> Default for Failures<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash> Failures<K> {
    /// How long to wait before the next attempt, if there were too many failures.
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
