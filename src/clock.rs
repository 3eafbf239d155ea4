//! The clock: the system's, or one that a test sets.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

/// A clock in UTC with a resolution of one microsecond, as in both databases.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// `None` for the system's clock.
    manual: Option<Arc<ManualClock>>,
}

#[derive(Debug)]
struct ManualClock {
    /// Microseconds since 1970.
    wall: AtomicI64,
    /// The microseconds by which [`Clock::advance`] has moved the clock.
    elapsed: AtomicU64,
}

/// The origin of the system's monotonic time.
static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that changes only by [`Clock::advance`] and [`Clock::shift_wall`].
    pub fn manual(start: DateTime<Utc>) -> Self {
        Self {
            manual: Some(Arc::new(ManualClock {
                wall: AtomicI64::new(start.timestamp_micros()),
                elapsed: AtomicU64::new(0),
            })),
        }
    }

    /// Shifts the wall time of a manual clock, as a correction of the system's clock does. The monotonic time does not change.
    pub fn shift_wall(&self, by: TimeDelta) {
        if let Some(manual) = &self.manual {
            let micros = by.num_microseconds().unwrap_or_default();
            manual.wall.fetch_add(micros, Ordering::SeqCst);
        }
    }

    /// The time elapsed since a fixed point in the past, unaffected by changes of the wall time.
    pub fn monotonic(&self) -> Duration {
        match &self.manual {
            Some(manual) => Duration::from_micros(manual.elapsed.load(Ordering::SeqCst)),
            None => STARTED.elapsed(),
        }
    }

    /// The total time by which a manual clock was moved forward, to be added to the database's clock. Zero for the system's
    /// clock.
    pub fn total_advance(&self) -> Duration {
        self.manual.as_ref().map_or(Duration::ZERO, |_| self.monotonic())
    }

    /// Moves a manual clock forward. Has no effect on the system's clock.
    pub fn advance(&self, by: Duration) {
        if let Some(manual) = &self.manual {
            let micros = i64::try_from(by.as_micros()).unwrap_or_default();
            manual.wall.fetch_add(micros, Ordering::SeqCst);
            manual.elapsed.fetch_add(micros.unsigned_abs(), Ordering::SeqCst);
        }
    }

    /// The current time.
    #[expect(
        clippy::disallowed_methods,
        reason = "the only function that reads the system's clock"
    )]
    pub fn now(&self) -> DateTime<Utc> {
        let micros = match &self.manual {
            Some(manual) => manual.wall.load(Ordering::SeqCst),
            None => Utc::now().timestamp_micros(),
        };
        DateTime::from_timestamp_micros(micros).unwrap_or_default()
    }
}
