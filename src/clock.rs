//! What time it is: the machine's, or one that a test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};

/// A source of the time, in UTC and to the microsecond, which is what both databases keep.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// Microseconds since 1970 of a clock that stands still until it is moved.
    moved_by_hand: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that shows `start` until it is moved.
    pub fn manual(start: DateTime<Utc>) -> Self {
        Self {
            moved_by_hand: Some(Arc::new(AtomicI64::new(start.timestamp_micros()))),
        }
    }

    /// Moves a manual clock on; the machine's goes by itself.
    pub fn advance(&self, by: Duration) {
        if let Some(micros) = &self.moved_by_hand {
            micros.fetch_add(
                i64::try_from(by.as_micros()).unwrap_or(i64::MAX),
                Ordering::SeqCst,
            );
        }
    }

    /// The time.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
    pub fn now(&self) -> DateTime<Utc> {
        let micros = match &self.moved_by_hand {
            Some(micros) => micros.load(Ordering::SeqCst),
            None => Utc::now().timestamp_micros(),
        };
        DateTime::from_timestamp_micros(micros).unwrap_or_default()
    }
}
