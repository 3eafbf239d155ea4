//! PostgreSQL vacuums products after a number of updates, so that searches go on reading from indexes alone.

use std::sync::Arc;
use std::time::Duration;

use database::{Database, Location, TableVacuum, Timeouts};

use crate::support::cluster::Cluster;
use crate::support::command::run_ok;
use crate::support::waiting::wait_until;

/// How long to wait for the statistics of PostgreSQL.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Waits until the query returns this number.
async fn until(cluster: &Cluster, number: i64, sql: &str) {
    wait_until(TIMEOUT, sql, async || cluster.number(sql).await == number).await;
}

/// The number of rows that a scan of an index alone has to look up in the table.
async fn table_reads(cluster: &Cluster) -> u64 {
    let shop = cluster.connect("postgres", "shop").await.expect("a connection");
    let index_only = "SET enable_seqscan = off; SET enable_bitmapscan = off";
    shop.batch_execute(index_only).await.expect("settings");
    let explain = "EXPLAIN (ANALYZE, COSTS off, TIMING off) SELECT COUNT(*) FROM product WHERE brand_id > 0";
    let plan = shop.query(explain, &[]).await.expect("a plan");
    plan.iter()
        .map(|row| row.get::<_, String>(0))
        .find_map(|line| line.trim().strip_prefix("Heap Fetches: ")?.parse().ok())
        .expect("a scan of an index alone")
}

#[tokio::test(flavor = "multi_thread")]
async fn products_are_vacuumed_after_many_updates() {
    let Some(cluster) = Cluster::start(&["autovacuum=off"]).await else {
        return;
    };
    // The command vacuums at its end.
    run_ok(&cluster.url(), &["seed", "--products", "3000"], "");
    // A session reports its updates when it ends, if not before.
    let sessions = "SELECT COUNT(*) AS number FROM pg_stat_activity WHERE usename = 'shop'";
    until(&cluster, 0, sessions).await;
    assert_eq!(table_reads(&cluster).await, 0);

    let location = Location::Postgres(cluster.url());
    let db = Database::open(&location, Timeouts::Short, Arc::new(()))
        .await
        .expect("the database opens");
    let mut products = TableVacuum::new("product", 500);
    assert!(!products.run_if_due(&db).await.expect("statistics"));
    let updates = "SELECT n_tup_upd AS number FROM pg_stat_user_tables WHERE relname = 'product'";
    let earlier_updates = cluster.number(updates).await;
    for (part, is_due) in [(0, false), (1, true), (2, false), (3, true)] {
        let shop = cluster.connect("postgres", "shop").await.expect("a connection");
        for product in 0..300 {
            let movement = format!(
                "UPDATE product SET quantity = 1, updated_at = now() WHERE id = {}",
                1 + (product * 10 + part) % 3000
            );
            shop.batch_execute(&movement).await.expect("a movement");
        }
        // The old versions of the rows are removed without a vacuum.
        shop.batch_execute("SELECT SUM(quantity) FROM product")
            .await
            .expect("a sum");
        drop(shop);
        until(&cluster, earlier_updates + 300 * (i64::from(part) + 1), updates).await;
        assert_eq!(
            products.run_if_due(&db).await.expect("a vacuum"),
            is_due,
            "{part}"
        );
        assert_eq!(table_reads(&cluster).await == 0, is_due, "{part}");
    }
    db.close().await;
}
