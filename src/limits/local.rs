//! The windows of one gateway, in memory, of which they take a bounded amount.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::{Answer, Class, WINDOW, Who};

/// Windows that are open at the same time, at most; together some ten megabytes.
const OPEN: usize = 100_000;

/// The open windows.
#[derive(Default)]
pub struct Local(Mutex<HashMap<(Who, Class), Window>>);

struct Window {
    closes: DateTime<Utc>,
    used: u32,
}

impl Local {
    /// Counts requests in their window, which opens with the first of them.
    pub fn count(&self, who: Who, class: Class, count: u32, now: DateTime<Utc>) -> Answer {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= OPEN && !windows.contains_key(&(who, class)) {
            make_room(&mut windows, now);
        }
        let fresh = || Window {
            closes: now + TimeDelta::from_std(WINDOW).unwrap_or_default(),
            used: 0,
        };
        let window = windows.entry((who, class)).or_insert_with(fresh);
        if window.closes <= now {
            *window = fresh();
        }
        let allowed = window.used.saturating_add(count) <= class.quota();
        if allowed {
            window.used += count;
        }
        Answer {
            allowed,
            used: window.used,
            reset: (window.closes - now).to_std().unwrap_or_default(),
        }
    }
}

/// Forgets what is over. A crowd of addresses that all stay is forgotten as a whole: for one minute that is lenient with
/// them, while looking through all of them at each request would be hard on everyone. Users stay.
fn make_room(windows: &mut HashMap<(Who, Class), Window>, now: DateTime<Utc>) {
    windows.retain(|_, window| window.closes > now);
    if windows.len() > OPEN / 2 {
        windows.retain(|(who, _), _| matches!(who, Who::User(_)));
    }
    if windows.len() > OPEN / 2 {
        windows.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Duration;

    use super::*;

    fn start() -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    fn address(index: u32) -> Who {
        Who::Network(IpAddr::V4(Ipv4Addr::from_bits(index)))
    }

    #[test]
    fn a_window_has_room_for_the_quota_and_not_for_one_more() {
        let (local, now) = (Local::default(), start());
        for used in 1..=10 {
            let answer = local.count(Who::User(1), Class::Authentication, 1, now);
            assert!(answer.allowed);
            assert_eq!(answer.used, used);
        }
        let later = now + TimeDelta::seconds(59);
        let answer = local.count(Who::User(1), Class::Authentication, 1, later);
        assert!(!answer.allowed);
        assert_eq!(answer.reset, Duration::from_secs(1));
        assert!(local.count(Who::User(1), Class::Read, 1, later).allowed);
        assert!(local.count(Who::User(2), Class::Authentication, 1, later).allowed);
        let answer = local.count(
            Who::User(1),
            Class::Authentication,
            1,
            now + TimeDelta::seconds(60),
        );
        assert!(answer.allowed);
        assert_eq!(answer.used, 1);
    }

    #[test]
    fn several_are_counted_all_or_none() {
        let (local, now) = (Local::default(), start());
        assert!(local.count(Who::User(1), Class::Write, 49, now).allowed);
        assert!(!local.count(Who::User(1), Class::Write, 2, now).allowed);
        assert!(local.count(Who::User(1), Class::Write, 1, now).allowed);
        assert!(!local.count(Who::User(1), Class::Write, u32::MAX, now).allowed);
    }

    #[test]
    fn a_crowd_of_addresses_takes_bounded_memory_and_nobodys_window() {
        let (local, now) = (Local::default(), start());
        for _ in 0..50 {
            local.count(Who::User(1), Class::Write, 1, now);
        }
        for index in 0..250_000 {
            assert!(local.count(address(index), Class::Read, 1, now).allowed);
        }
        assert!(local.0.lock().unwrap().len() <= OPEN);
        assert!(!local.count(Who::User(1), Class::Write, 1, now).allowed);
    }
}
