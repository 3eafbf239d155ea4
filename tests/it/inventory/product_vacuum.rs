//! PostgreSQL vacuums products after few changes, so that searches go on reading from indexes alone.

use std::time::{Duration, Instant};

use crate::support::cluster::Cluster;
use crate::support::command::run_ok;

/// The time limit of a vacuum, the need for which is checked every second.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Waits until the query returns this number.
async fn until(cluster: &Cluster, number: i64, sql: &str) {
    let begin = Instant::now();
    while cluster.number(sql).await != number {
        assert!(begin.elapsed() < TIMEOUT, "{sql}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn products_are_vacuumed_after_few_changes() {
    let Some(cluster) = Cluster::start(&["autovacuum_naptime=1s"]).await else {
        return;
    };
    run_ok(&cluster.url(), &["seed", "--products", "6000"], "");
    // A session reports its changes at its end. They do not count once a vacuum has followed.
    until(
        &cluster,
        0,
        "SELECT COUNT(*) AS number FROM pg_stat_activity WHERE usename = 'shop'",
    )
    .await;
    let shop = cluster.connect("shop", "shop").await.expect("a connection");
    shop.batch_execute("VACUUM product").await.expect("a vacuum");
    let vacuums = "SELECT autovacuum_count AS number FROM pg_stat_user_tables WHERE relname = 'product'";
    let earlier_vacuums = cluster.number(vacuums).await;

    // More than 500 and a 200th of the products, and less than half of PostgreSQL's default, 50 and a fifth, because a
    // statistic taken meanwhile counts them twice.
    let movements = "UPDATE product SET quantity = quantity + 1, updated_at = now() WHERE id <= 600 AND quantity < 1000000";
    assert_eq!(shop.execute(movements, &[]).await.expect("movements"), 600);
    drop(shop);
    until(&cluster, earlier_vacuums + 1, vacuums).await;
    let hidden =
        "SELECT (relpages - relallvisible)::bigint AS number FROM pg_class WHERE relname = 'product'";
    assert_eq!(cluster.number(hidden).await, 0);
}
