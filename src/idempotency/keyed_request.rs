//! `KeyedRequest`: a running request with an idempotency key. `RunningKeys`: the keys of all such requests in this process.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::key::{Fingerprint, Key};

/// The keys of the requests that this process is executing: at most one request with each key at a time.
#[derive(Default)]
pub struct RunningKeys(Mutex<HashSet<(i64, Key)>>);

impl RunningKeys {
    /// Adds a key. Returns `None` if a request with it is being executed.
    pub fn insert(self: &Arc<Self>, user_id: i64, key: &Key) -> Option<Entry> {
        let user_and_key = (user_id, key.clone());
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.insert(user_and_key.clone()).then(|| Entry {
            running: Arc::clone(self),
            user_and_key,
        })
    }
}

/// A key in [`RunningKeys`], which is removed on drop.
pub struct Entry {
    running: Arc<RunningKeys>,
    user_and_key: (i64, Key),
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut running = self.running.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.remove(&self.user_and_key);
    }
}

/// A request with a key. Everything that takes part in its execution shares this value.
pub struct KeyedRequest {
    pub user_id: i64,
    pub key: Key,
    pub fingerprint: Fingerprint,
    /// The outcome of an earlier execution, as JSON, if its response has not been stored.
    pub(super) recorded_outcome: Option<String>,
    is_committed: AtomicBool,
    has_conflict: AtomicBool,
    entry: Mutex<Option<Entry>>,
}

impl KeyedRequest {
    pub(super) fn new(entry: Entry, fingerprint: Fingerprint, recorded_outcome: Option<String>) -> Self {
        let (user_id, key) = entry.user_and_key.clone();
        Self {
            user_id,
            key,
            fingerprint,
            recorded_outcome,
            is_committed: AtomicBool::new(false),
            has_conflict: AtomicBool::new(false),
            entry: Mutex::new(Some(entry)),
        }
    }

    /// Records that the change and the key are committed.
    pub fn set_committed(&self) {
        self.is_committed.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_committed(&self) -> bool {
        self.is_committed.load(Ordering::Relaxed)
    }

    /// Records that another request with this key is being executed, or was executed first.
    pub(super) fn set_conflict(&self) {
        self.has_conflict.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_conflict(&self) -> bool {
        self.has_conflict.load(Ordering::Relaxed)
    }

    /// Allows other requests with this key to begin. Otherwise they can begin when the last reference is dropped.
    pub(super) fn release(&self) {
        drop(self.entry.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}
