//! Waiting for something that another process does.

use std::time::{Duration, Instant};

/// Waits until the condition holds; panics with the message `failure` if it does not in time.
pub async fn wait_until(time: Duration, failure: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begin = Instant::now();
    while !holds().await {
        assert!(begin.elapsed() < time, "{failure}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
