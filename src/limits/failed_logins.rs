//! Failed logins, limited by client address and user name together, so that a client can neither guess passwords nor
//! lock another client's user out.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::network_of;
use crate::error::{Error, Result};

/// Failed logins in a [`WINDOW`] of one address under one name.
pub const FAILURES: usize = 10;
/// One minute.
pub const WINDOW: TimeDelta = TimeDelta::minutes(1);
/// Addresses and names that are remembered at most.
const REMEMBERED: usize = 100_000;

/// The failures of the last minute. An attempt counts as a failure until it has turned out not to be one, so that many
/// at the same time do not slip through.
#[derive(Default)]
pub struct FailedLogins(Mutex<HashMap<Key, VecDeque<DateTime<Utc>>>>);

type Key = (IpAddr, u64);

/// A login under way.
pub struct Attempt {
    key: Key,
    at: DateTime<Utc>,
}

impl FailedLogins {
    pub fn begin(&self, client: IpAddr, username: &str, now: DateTime<Utc>) -> Result<Attempt> {
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

    pub fn take_back(&self, attempt: &Attempt) {
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
