//! The windows of one program, in a bounded amount of memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::window::{Client, Count, Limit, WINDOW};

/// Maximum number of windows kept; together they take about 10 MB.
const CAPACITY: usize = 100_000;

#[derive(Default)]
pub struct LocalWindows(Mutex<HashMap<(Client, &'static str), Window>>);

struct Window {
    /// The monotonic time at which the window closes.
    closes_at: Duration,
    used: u32,
}

impl LocalWindows {
    /// Counts operations in the client's window, which opens with the first operation.
    pub fn count(&self, client: Client, limit: Limit, operations: u32, now: Duration) -> Count {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= CAPACITY && !windows.contains_key(&(client, limit.name)) {
            make_room(&mut windows, now);
        }
        let new_window = || Window {
            closes_at: now + WINDOW,
            used: 0,
        };
        let window = windows.entry((client, limit.name)).or_insert_with(new_window);
        if window.closes_at <= now {
            *window = new_window();
        }
        let admitted = window.used.saturating_add(operations) <= limit.max;
        if admitted {
            window.used += operations;
        }
        Count {
            admitted,
            used: window.used,
            reset: window.closes_at.saturating_sub(now),
        }
    }
}

/// Removes closed windows. If the rest takes more than half of the capacity, removes the windows of all addresses, and then
/// those of users if there are still too many. Addresses can then exceed their limits for a minute, but searching all
/// windows at every request would slow down all clients.
fn make_room(windows: &mut HashMap<(Client, &'static str), Window>, now: Duration) {
    windows.retain(|_, window| window.closes_at > now);
    if windows.len() > CAPACITY / 2 {
        windows.retain(|(client, _), _| matches!(client, Client::User(_)));
    }
    if windows.len() > CAPACITY / 2 {
        windows.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};

    const LOGINS: Limit = Limit {
        name: "login",
        max: 10,
    };
    const READS: Limit = Limit {
        name: "read",
        max: 100,
    };
    const WRITES: Limit = Limit {
        name: "write",
        max: 50,
    };

    fn start() -> Duration {
        Duration::from_secs(1_000)
    }

    fn address(index: u32) -> Client {
        Client::Network(IpAddr::V4(Ipv4Addr::from_bits(index)))
    }

    #[test]
    fn a_window_admits_up_to_its_limit() {
        let (local, now) = (LocalWindows::default(), start());
        for used in 1..=10 {
            let count = local.count(Client::User(1), LOGINS, 1, now);
            assert!(count.admitted);
            assert_eq!(count.used, used);
        }
        let later = now + Duration::from_secs(59);
        let count = local.count(Client::User(1), LOGINS, 1, later);
        assert!(!count.admitted);
        assert_eq!(count.reset, Duration::from_secs(1));
        assert!(local.count(Client::User(1), READS, 1, later).admitted);
        assert!(local.count(Client::User(2), LOGINS, 1, later).admitted);
        let count = local.count(Client::User(1), LOGINS, 1, now + Duration::from_secs(60));
        assert!(count.admitted);
        assert_eq!(count.used, 1);
    }

    #[test]
    fn operations_are_admitted_together_or_not_at_all() {
        let (local, now) = (LocalWindows::default(), start());
        assert!(local.count(Client::User(1), WRITES, 49, now).admitted);
        assert!(!local.count(Client::User(1), WRITES, 2, now).admitted);
        assert!(local.count(Client::User(1), WRITES, 1, now).admitted);
        assert!(!local.count(Client::User(1), WRITES, u32::MAX, now).admitted);
    }

    #[test]
    fn many_addresses_take_bounded_memory_and_do_not_displace_users() {
        let (local, now) = (LocalWindows::default(), start());
        for _ in 0..50 {
            local.count(Client::User(1), WRITES, 1, now);
        }
        for index in 0..250_000 {
            assert!(local.count(address(index), READS, 1, now).admitted);
        }
        assert!(local.0.lock().unwrap().len() <= CAPACITY);
        assert!(!local.count(Client::User(1), WRITES, 1, now).admitted);
    }
}
