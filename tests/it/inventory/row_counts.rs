//! Row counts are maintained by triggers: they are exact after every insert and delete, and are stored in few rows.

use database::{Backend, Database};
use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::json;
use stockroom::error::Error;
use stockroom::query::row_count;

use crate::support::gateway::Gateway;

on_both_databases![
    the_stored_count_equals_the_number_of_rows,
    merges_and_recounts_exclude_each_other,
];

async fn the_stored_count_equals_the_number_of_rows(gateway: Gateway) {
    let db = &gateway.services.db;
    let count = async || gateway.viewer.get("brands/").await.json()["count"].clone();
    let rows = async || {
        let sql = "SELECT COUNT(*) FROM tally WHERE noun = 'brand'";
        let statement = Statement::from_string(db.get_database_backend(), sql);
        db.number(statement).await.expect("a number")
    };
    let before = count().await.as_i64().expect("a number");
    for number in 0..60 {
        let brand = json!({ "name": format!("Brand {number}") });
        gateway.manager.post("brands/", brand).await.expect(201);
    }
    assert_eq!(count().await, json!(before + 60));
    row_count::merge(db).await.expect("the counts are merged");
    assert_eq!((count().await, rows().await), (json!(before + 60), 1));
    let last = gateway.viewer.get("brands/?ordering=-id").await.json()["results"][0]["id"].clone();
    gateway
        .administrator
        .delete(&format!("brands/{last}/"))
        .await
        .expect(204);
    assert_eq!(count().await, json!(before + 59));
    row_count::merge(db).await.expect("the counts are merged");
    assert_eq!(count().await, json!(before + 59));
    gateway.assert_invariants().await;
}

async fn merges_and_recounts_exclude_each_other(gateway: Gateway) {
    let (db, ctx) = (gateway.services.db.clone(), gateway.system());
    if db.backend() == Backend::Sqlite {
        // The triggers update one row, so there is nothing to merge.
        return;
    }
    // Enough changes for a merge; their sum is 0.
    let changes =
        "INSERT INTO tally (noun, change) SELECT 'brand', 2 * (n % 2) - 1 FROM generate_series(1, 60) AS n";
    let count = "SELECT COUNT(*) FROM tally WHERE noun = 'brand'";
    let rows = async |db: &Database| {
        let statement = Statement::from_string(db.get_database_backend(), count);
        db.number(statement).await.expect("a number")
    };
    db.execute_unprepared(changes).await.expect("changes");
    let before = rows(&db).await;
    let (other_db, other_ctx) = (db.clone(), ctx.clone());
    let recounted = ctx
        .transaction(move |tx| {
            let (db, ctx) = (other_db.clone(), other_ctx.clone());
            Box::pin(async move {
                let lock = format!("SELECT pg_advisory_xact_lock({})", row_count::MERGE_LOCK);
                tx.execute_unprepared(&lock).await?;
                row_count::merge(&db).await?;
                Ok(row_count::recount(&ctx, "brand").await)
            })
        })
        .await
        .expect("a transaction");
    // The recount gave up waiting for the lock.
    assert!(matches!(recounted, Err(Error::Unavailable(_))), "{recounted:?}");
    assert_eq!(rows(&db).await, before);
    row_count::merge(&db).await.expect("the counts are merged");
    assert_eq!(rows(&db).await, 1);
    let recount = row_count::recount(&ctx, "brand").await.expect("a count");
    assert_eq!(recount.stored, recount.counted);
    gateway.assert_invariants().await;
}
