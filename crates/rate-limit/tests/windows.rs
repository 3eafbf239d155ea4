//! Windows and failures without a Redis that responds.

use std::sync::Arc;
use std::time::Duration;

use rate_limit::{Client, Failures, Limit, Store, WINDOW, Windows};

const LIMIT: Limit = Limit {
    name: "tests",
    max: 3,
};

#[tokio::test]
async fn each_program_counts_by_itself_while_redis_is_unavailable() {
    // Nothing listens on port 1.
    let store = Arc::new(Store::new("redis://127.0.0.1:1", "tests").unwrap());
    let windows = Windows::shared(Arc::clone(&store));
    let now = Duration::from_secs(100);
    for used in 1..=3 {
        let count = windows.count(Client::User(1), LIMIT, 1, now).await;
        assert_eq!((count.admitted, count.used, count.reset), (true, used, WINDOW));
    }
    let count = windows.count(Client::User(1), LIMIT, 1, now + WINDOW / 2).await;
    assert_eq!((count.admitted, count.used, count.reset), (false, 3, WINDOW / 2));
    assert!(windows.count(Client::User(2), LIMIT, 3, now).await.admitted);
    assert!(
        windows
            .count(Client::User(1), LIMIT, 3, now + WINDOW)
            .await
            .admitted
    );
    let (failures, client) = (Failures::shared(store), "192.0.2.1".parse().unwrap());
    for _ in 0..10 {
        assert!(failures.begin(client, "ann", now).await.is_ok());
    }
    assert_eq!(failures.begin(client, "ann", now).await.err(), Some(WINDOW));
}

#[test]
fn an_error_does_not_show_the_url() {
    let error = Store::new("redis//user:hunter2@host", "tests").err().unwrap();
    assert_eq!(error.to_string(), "the URL of Redis can't be used");
}
