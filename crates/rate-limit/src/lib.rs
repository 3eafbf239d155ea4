//! Rate limits: the number of operations that a client may run in a minute, and the number of attempts that may fail.
//!
//! A limit counts in fixed windows: a window opens with the first operation, admits operations up to the limit and refuses
//! the rest until the minute is over. A token bucket would be refilled during the minute, and admit more than the limit.
//!
//! ```
//! use std::time::Duration;
//!
//! use rate_limit::{Client, Limit, Windows};
//!
//! const READS: Limit = Limit { name: "read", max: 2 };
//!
//! # async fn run() {
//! let windows = Windows::local();
//! let (client, now) = (Client::User(7), Duration::ZERO);
//! assert!(windows.count(client, READS, 2, now).await.admitted);
//! let count = windows.count(client, READS, 1, now).await;
//! assert!(!count.admitted);
//! assert_eq!(count.reset, rate_limit::WINDOW);
//! # }
//! ```
//!
//! # Guarantees
//!
//! - Operations that are counted together are admitted together or not at all.
//! - Memory is bounded. When there are too many windows, the windows of addresses are removed before those of users.
//! - Windows and failures in Redis are shared by all programs with the same prefix. While Redis is unavailable, each program
//!   counts by itself: a call has a short timeout, and after a failure none is made for a second, so an outage adds almost
//!   no time to an operation.
//! - Time is passed in and monotonic; only Redis has a clock of its own. No wait is longer than a window, even if a clock is
//!   set back.
//! - [`Failures`] counts an attempt as failed until it succeeds, so concurrent attempts can't exceed the limit.
//!
//! # Modules
//!
//! | module | contents |
//! | --- | --- |
//! | `window` | limits, clients and counts |
//! | `local`, `shared` | windows in memory and in Redis |
//! | `failures`, `shared_failures` | failed attempts, in memory and in Redis |
//! | `store` | the connection to Redis |

use std::sync::Arc;
use std::time::Duration;

mod failures;
mod local;
mod shared;
mod shared_failures;
mod store;
mod window;

pub use self::failures::{Attempt, Failures};
pub use self::store::{RedisError, Store};
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

    /// Windows in Redis.
    pub fn shared(store: Arc<Store>) -> Self {
        Self {
            local: LocalWindows::default(),
            shared: Some(SharedWindows::new(store)),
        }
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
