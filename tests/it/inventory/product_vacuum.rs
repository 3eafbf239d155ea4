//! PostgreSQL vacuums products after few changes, so that searches go on reading from indexes alone.

use std::time::{Duration, Instant};

use crate::support::cluster::Cluster;
use crate::support::command::run_ok;

/// The time limit of a vacuum, which is checked for every second.
const TIMEOUT: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn products_are_vacuumed_after_few_changes() {
    let Some(cluster) = Cluster::start(&["autovacuum_naptime=1s"]).await else {
        return;
    };
    // Vacuums at the end.
    run_ok(&cluster.url(), &["seed", "--products", "3000"], "");
    let hidden =
        "SELECT (relpages - relallvisible)::bigint AS number FROM pg_class WHERE relname = 'product'";
    assert_eq!(cluster.number(hidden).await, 0);
    let vacuums = "SELECT autovacuum_count AS number FROM pg_stat_user_tables WHERE relname = 'product'";
    let earlier_vacuums = cluster.number(vacuums).await;

    let shop = cluster.connect("shop", "shop").await.expect("a connection");
    // More than 500 and a 200th of the products, fewer than PostgreSQL's default: 50 and a fifth.
    let movements = "UPDATE product SET quantity = quantity + 1, updated_at = now() WHERE id <= 580 AND quantity < 1000000";
    assert_eq!(shop.execute(movements, &[]).await.expect("movements"), 580);
    let begin = Instant::now();
    while cluster.number(vacuums).await == earlier_vacuums {
        assert!(begin.elapsed() < TIMEOUT, "no vacuum");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(cluster.number(hidden).await, 0);
}
