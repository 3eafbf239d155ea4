//! Windows while Redis is unavailable.

use std::time::Duration;

use rate_limit::{Client, Limit, WINDOW, Windows};

const LIMIT: Limit = Limit {
    name: "tests",
    most: 3,
};

#[tokio::test]
async fn each_program_counts_by_itself_while_redis_is_unavailable() {
    // Nothing listens on port 1.
    let windows = Windows::shared("redis://127.0.0.1:1", "tests").unwrap();
    let now = Duration::from_secs(100);
    for used in 1..=3 {
        let count = windows.count(Client::User(1), LIMIT, 1, now).await;
        assert_eq!((count.admitted, count.used, count.reset), (true, used, WINDOW));
    }
    let refused = windows.count(Client::User(1), LIMIT, 1, now + WINDOW / 2).await;
    assert_eq!(
        (refused.admitted, refused.used, refused.reset),
        (false, 3, WINDOW / 2)
    );
    assert!(windows.count(Client::User(2), LIMIT, 3, now).await.admitted);
    assert!(
        windows
            .count(Client::User(1), LIMIT, 3, now + WINDOW)
            .await
            .admitted
    );
}

#[test]
fn an_error_does_not_show_the_url() {
    let error = Windows::shared("redis//user:hunter2@host", "tests")
        .err()
        .unwrap();
    assert_eq!(error.to_string(), "the URL of Redis can't be used");
}
