//! More rows than a batch can contain, with times that are not in the order of the ids.

use std::collections::BTreeMap;

use django_source::row::Reason;

use crate::collected::Collected;
use crate::databases::{changed, check};
use crate::postgres::Database;

/// 7,000 movements of 2,500 products. Every third time has another offset, so that the order of the texts differs from that
/// of the times.
const ROWS: &str = "
    WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 2509)
    INSERT INTO products_product SELECT i, 'Product ' || i, '', NULL, 1.5, 2.5, i % 7, '2024-01-01 10:00:00', '2024-01-01 10:00:00', 1, 1 FROM n;
    WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 3509)
    INSERT INTO inflows_inflow SELECT i, 1 + i % 5, '', t, t, 10 + i * 7919 % 2500, 3 FROM (SELECT i,
        strftime('%Y-%m-%d %H:%M:%S', 1700000000 + i * 104729 % 90000, 'unixepoch') || CASE i % 3 WHEN 0 THEN '+09:00' ELSE '' END AS t FROM n);
    WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 3509)
    INSERT INTO outflows_outflow SELECT i, 1 + i % 4, '', t, t, 10 + i * 7877 % 2500 FROM (SELECT i,
        strftime('%Y-%m-%d %H:%M:%S', 1700000000 + i * 99991 % 90000, 'unixepoch') || CASE i % 3 WHEN 0 THEN '+09:00' ELSE '' END AS t FROM n);";

async fn compare(address: &str) -> Collected {
    let plan = check(address, &[]).await.expect("the source can be read");
    let target = serde_json::to_value(&plan.report().target).expect("JSON");
    let rows = Collected::of(plan).await.expect("the rows can be read");
    assert_eq!(
        (rows.products.len(), rows.inflows.len(), rows.outflows.len()),
        (2503, 3502, 3501)
    );
    assert_eq!(target["stock_change"], rows.changes.len());
    assert_eq!(rows.summaries, rows.digests());
    // Asserts that the balances and the chronological order are correct.
    rows.stock();
    let movements = |reason| {
        let movements = rows.changes.iter().filter(|change| change.reason == reason);
        movements
            .map(|change| (change.movement_id.unwrap_or_default(), change.change.abs()))
            .collect::<BTreeMap<_, _>>()
    };
    assert_eq!(
        movements(Reason::Inflow),
        rows.inflows.iter().map(|row| (row.id, row.quantity)).collect()
    );
    assert_eq!(
        movements(Reason::Outflow),
        rows.outflows.iter().map(|row| (row.id, row.quantity)).collect()
    );
    rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_return_the_same_rows() {
    let (_folder, file) = changed("01_documented", ROWS);
    let sqlite = compare(&file).await;
    if let Some(database) = Database::load("many", std::path::Path::new(&file)).await {
        let postgres = compare(&database.url()).await;
        assert_eq!(sqlite.summaries, postgres.summaries);
        database.drop().await;
    }
}
