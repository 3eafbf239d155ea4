//! The check that every request passes.

use super::{Class, Client};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::telemetry::record::Quota;

impl Ctx {
    /// Counts operations of the caller, or refuses them all, and records what is left for the response's headers.
    ///
    /// # Errors
    /// [`Error::Limited`] when the window has no room for all of them.
    pub async fn check_rate_limit(&self, class: Class, operations: u32) -> Result<()> {
        let limits = &self.services.limits;
        if !limits.is_enabled() || operations == 0 {
            return Ok(());
        }
        let user_id = self.actor.as_ref().and_then(|actor| actor.user_id);
        let client = Client::new(user_id, self.client);
        let count = limits
            .count(client, class, operations, self.services.clock.monotonic())
            .await;
        self.record.record_quota(Quota {
            name: class.name(),
            limit: class.limit(),
            remaining: class.limit().saturating_sub(count.used),
            reset: count.reset,
        });
        if count.admitted {
            return Ok(());
        }
        self.services.metrics.rate_limited(class.name());
        Err(Error::Limited {
            retry_after: count.reset,
        })
    }
}
