//! `LedgerTail`: the channel from the task that reads new ledger entries to all subscribers in the process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::entity::stock_change::Model;
use tokio::sync::{broadcast, watch};

/// The number of pages that the channel buffers. A subscriber that falls further behind reads from the database.
const PAGES: usize = 64;

/// The channel of the task that reads new entries, or `None` while there are no subscribers.
#[derive(Default)]
pub struct LedgerTail {
    channel: Mutex<Option<Arc<LedgerChannel>>>,
}

pub(super) struct LedgerChannel {
    entries: broadcast::Sender<Arc<[Model]>>,
    /// All entries up to this id are settled and have been sent. `None` before the first read.
    settled: watch::Sender<Option<i64>>,
}

/// A subscriber's end of the channel.
pub(super) struct Subscription {
    pub(super) entries: broadcast::Receiver<Arc<[Model]>>,
    pub(super) settled: watch::Receiver<Option<i64>>,
}

impl LedgerTail {
    /// Subscribes, and calls `start` with a new channel if there is none.
    pub(super) fn subscribe(&self, start: impl FnOnce(Arc<LedgerChannel>)) -> Subscription {
        let mut current = self.lock();
        if let Some(channel) = &*current {
            return channel.subscribe();
        }
        let channel = Arc::new(LedgerChannel {
            entries: broadcast::Sender::new(PAGES),
            settled: watch::Sender::new(None),
        });
        // Subscribe before the task starts, because it ends when it finds no subscriber.
        let subscription = channel.subscribe();
        start(Arc::clone(&channel));
        *current = Some(channel);
        subscription
    }

    /// Closes the channel if it has no subscribers, and returns whether it did. The next subscriber opens a new one.
    pub(super) fn close_if_unused(&self, channel: &LedgerChannel) -> bool {
        let mut current = self.lock();
        let unused = channel.entries.receiver_count() == 0;
        if unused {
            *current = None;
        }
        unused
    }

    /// Closes the channel when the program stops.
    pub(super) fn close(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<LedgerChannel>>> {
        self.channel.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LedgerChannel {
    fn subscribe(&self) -> Subscription {
        Subscription {
            entries: self.entries.subscribe(),
            settled: self.settled.subscribe(),
        }
    }

    /// Sets the id up to which all entries are settled, without sending any.
    pub(super) fn begin_at(&self, settled: i64) {
        self.settled.send_replace(Some(settled));
    }

    /// Sends settled entries. `newest` is the id of the last one.
    pub(super) fn send(&self, newest: i64, entries: &[Model]) {
        // Set the position first: a task that subscribes in between reads the entries from the database.
        self.settled.send_replace(Some(newest));
        let _ = self.entries.send(entries.into());
    }
}
