//! Moments within working hours, counted back from `now`.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

use crate::rng::Rng;

/// Length of the history in days.
pub(crate) const TRADING_DAYS: i64 = 180;

pub(crate) struct Calendar {
    pub(crate) now: DateTime<Utc>,
}

impl Calendar {
    /// Returns a random moment between 7:00 and 20:00 UTC, `days_ago` days ago, or a day earlier if that is not in the past.
    pub(crate) fn moment(&self, rng: &mut Rng, days_ago: i64) -> DateTime<Utc> {
        let midnight = self.now.date_naive().and_time(NaiveTime::MIN).and_utc();
        let at = midnight - TimeDelta::days(days_ago) + TimeDelta::seconds(rng.between(7 * 3600, 20 * 3600));
        if at < self.now {
            at
        } else {
            at - TimeDelta::days(1)
        }
    }

    pub(crate) fn days_since(&self, moment: DateTime<Utc>) -> i64 {
        (self.now.date_naive() - moment.date_naive()).num_days()
    }
}
