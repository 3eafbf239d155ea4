//! Rate limits: the number of operations that a client may run in a minute, and the number of attempts that may fail.
//!
//! A limit counts in fixed windows: a window opens with the first operation, admits operations up to the limit and refuses
//! the rest until the minute is over. A token bucket would refill meanwhile, and admit more than the limit in a minute.
//!
//! ```
//! use std::time::Duration;
//!
//! use rate_limit::{Client, Limit, Windows};
//!
//! const READS: Limit = Limit { name: "read", most: 2 };
//!
//! # async fn run() {
//! let windows = Windows::local();
//! let (client, now) = (Client::User(7), Duration::ZERO);
//! assert!(windows.count(client, READS, 2, now).await.admitted);
//! let refused = windows.count(client, READS, 1, now).await;
//! assert!(!refused.admitted);
//! assert_eq!(refused.reset, rate_limit::WINDOW);
//! # }
//! ```
//!
//! # Guarantees
//!
//! - Operations that are counted together are admitted together or not at all.
//! - Memory is bounded. When there are too many windows, those of addresses are dropped before those of users.
//! - Windows in Redis are shared by all programs with the same prefix. While Redis is unavailable, each program counts by
//!   itself. A call has a short timeout, and after a failure none is made for a second, so an outage delays operations by
//!   almost nothing.
//! - Time is passed in and monotonic; only windows in Redis use the clock of the server.
//! - [`Failures`] counts an attempt as failed until it succeeds, so concurrent attempts can't exceed the limit.
//!
//! # Modules
//!
//! | module | contents |
//! | --- | --- |
//! | `window` | limits, clients and counts |
//! | `local`, `shared` | windows in memory and in Redis |
//! | `failures` | failed attempts |

use std::time::Duration;

mod failures;
mod local;
mod shared;
mod window;

pub use self::failures::{Attempt, Failures};
pub use self::shared::RedisError;
pub use self::window::{Client, Count, Limit, WINDOW, network_of};

use self::local::LocalWindows;
use self::shared::SharedWindows;

/// Windows in memory and, if configured, in Redis.
pub struct Windows {
    local: LocalWindows,
    shared: Option<SharedWindows>,
}

impl Windows {
    /// Windows in memory.
    pub fn local() -> Self {
        Self {
            local: LocalWindows::default(),
            shared: None,
        }
    }

    /// Windows in the Redis at `url`, under keys that begin with `prefix`. Connects at the first count.
    ///
    /// # Errors
    /// When the URL can't be parsed.
    pub fn shared(url: &str, prefix: &'static str) -> Result<Self, RedisError> {
        Ok(Self {
            local: LocalWindows::default(),
            shared: Some(SharedWindows::new(url, prefix)?),
        })
    }

    /// Counts operations in the client's window. `now` is monotonic.
    pub async fn count(&self, client: Client, limit: Limit, operations: u32, now: Duration) -> Count {
        let shared = match &self.shared {
            Some(shared) => shared.count(client, limit, operations).await,
            None => None,
        };
        shared.unwrap_or_else(|| self.local.count(client, limit, operations, now))
    }
}
