//! `Keyed`: a running request with an idempotency key; and `RunningKeys`: the keys of all such requests in this process.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::key::{Fingerprint, Key};

/// The keys of the requests that this process is executing: at most one request with each key at a time.
#[derive(Default)]
pub struct RunningKeys(Mutex<HashSet<(i64, Key)>>);

impl RunningKeys {
    /// Enters a key. Returns `None` if a request with it is being executed.
    pub fn enter(self: &Arc<Self>, user_id: i64, key: &Key) -> Option<Entry> {
        let entry = (user_id, key.clone());
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.insert(entry.clone()).then(|| Entry {
            running: Arc::clone(self),
            entry,
        })
    }
}

/// Removes a key when it is dropped.
pub struct Entry {
    running: Arc<RunningKeys>,
    entry: (i64, Key),
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut running = self.running.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.remove(&self.entry);
    }
}

/// A request with a key, shared by everything that works on it.
pub struct Keyed {
    pub user_id: i64,
    pub key: Key,
    pub fingerprint: Fingerprint,
    /// The outcome of an earlier execution whose response is not stored, as JSON.
    pub(super) recorded: Option<String>,
    is_committed: AtomicBool,
    has_lost: AtomicBool,
    entry: Mutex<Option<Entry>>,
}

impl Keyed {
    pub(super) fn new(entry: Entry, fingerprint: Fingerprint, recorded: Option<String>) -> Self {
        let (user_id, key) = entry.entry.clone();
        Self {
            user_id,
            key,
            fingerprint,
            recorded,
            is_committed: AtomicBool::new(false),
            has_lost: AtomicBool::new(false),
            entry: Mutex::new(Some(entry)),
        }
    }

    /// Records that the change and the key are committed.
    pub fn committed(&self) {
        self.is_committed.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_committed(&self) -> bool {
        self.is_committed.load(Ordering::Relaxed)
    }

    /// Records that another request with this key is being executed, or has been.
    pub(super) fn lost(&self) {
        self.has_lost.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_lost(&self) -> bool {
        self.has_lost.load(Ordering::Relaxed)
    }

    /// Lets other requests with this key begin. Otherwise that happens when the last reference is dropped.
    pub(super) fn release(&self) {
        drop(self.entry.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}
