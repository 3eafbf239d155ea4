//! Rate limits: how many operations a client may run in a minute, and how often an attempt may fail.
//!
//! A limit is a fixed window: it opens with the first operation, admits operations up to the limit and refuses the rest
//! until the minute is over. It is not a token bucket, which would admit the 101st operation of a minute if the first
//! hundred took a while.
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
//! - Operations that are counted together are admitted all or none.
//! - Memory is bounded. When there are too many windows, those of addresses are dropped before those of users.
//! - Windows and failures in Redis are shared by all programs with the same prefix. While Redis is unavailable, each program
//!   counts by itself: a call has a short timeout, and after a failure none is made for a second, so an outage adds almost
//!   nothing to an operation.
//! - Time is passed in and monotonic; only Redis has a clock of its own. No wait is longer than a window, whichever clock is
//!   set back.
//! - [`Failures`] counts an attempt as failed until it succeeds, so attempts at the same time can't exceed the limit.
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

/// The windows of one program, and its connection to those of all.
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

    /// Counts operations in the client's window at a monotonic time.
    pub async fn count(&self, client: Client, limit: Limit, operations: u32, now: Duration) -> Count {
        let shared = match &self.shared {
            Some(shared) => shared.count(client, limit, operations).await,
            None => None,
        };
        shared.unwrap_or_else(|| self.local.count(client, limit, operations, now))
    }
}
