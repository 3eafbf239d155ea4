//! The rate-limit check of every request.

use rate_limit::Client;
use request_telemetry::Quota;

use super::Class;
use crate::ctx::Ctx;
use crate::error::{Error, Result};

impl Ctx {
    /// Counts operations of the caller, or rejects all of them, and records the remaining quota for the response's headers.
    ///
    /// # Errors
    /// [`Error::Limited`] when the window does not allow all of them.
    pub async fn check_rate_limit(&self, class: Class, operations: u32) -> Result<()> {
        let Some(windows) = self.services.limits.as_ref().filter(|_| operations > 0) else {
            return Ok(());
        };
        let limit = class.limit();
        let user_id = self.actor.as_ref().and_then(|actor| actor.user_id);
        let client = Client::new(user_id, self.client);
        let now = self.services.clock.monotonic();
        let count = windows.count(client, limit, operations, now).await;
        self.record.record_quota(Quota {
            name: limit.name,
            limit: limit.max,
            remaining: limit.max.saturating_sub(count.used),
            reset: count.reset,
        });
        if count.admitted {
            return Ok(());
        }
        self.services.metrics.count_rate_limited(limit.name);
        Err(Error::Limited {
            retry_after: count.reset,
        })
    }
}
