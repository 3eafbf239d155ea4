//! Windows shared by several programs: one Redis key for each, which expires with the window.

use std::sync::Arc;
use std::time::Duration;

use redis::Script;

use crate::store::Store;
use crate::window::{Client, Count, Limit, WINDOW};

/// Counts operations up to the limit. Returns whether they were admitted, how many are counted, and the milliseconds
/// until the window closes, which are never more than its length, even if the clock of Redis was set back.
const SCRIPT: &str = r"
    local used = tonumber(redis.call('GET', KEYS[1]) or '0')
    local count, limit, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
    local admitted = used + count <= limit
    if admitted then
        used = redis.call('INCRBY', KEYS[1], count)
    end
    local left = redis.call('PTTL', KEYS[1])
    if left < 0 or left > window then
        redis.call('PEXPIRE', KEYS[1], window)
        left = window
    end
    return {admitted and 1 or 0, used, left}
";

pub struct SharedWindows {
    store: Arc<Store>,
    script: Script,
}

impl SharedWindows {
    pub fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            script: Script::new(SCRIPT),
        }
    }

    /// Counts operations in their window; `None` while Redis is unavailable.
    pub async fn count(&self, client: Client, limit: Limit, operations: u32) -> Option<Count> {
        let mut call = self
            .script
            .key(self.store.key(format_args!("{}:{client}", limit.name)));
        call.arg(operations)
            .arg(limit.max)
            .arg(WINDOW.as_millis().to_string());
        let (admitted, used, left) = self.store.call::<(u8, u32, u64)>(&call).await?;
        Some(Count {
            admitted: admitted == 1,
            used,
            reset: Duration::from_millis(left),
        })
    }
}
