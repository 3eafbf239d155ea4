//! Row counts are maintained by triggers: they are exact after every insert and delete, and are stored in few rows.

use database::Backend;
use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::json;
use stockroom::query::row_count;

use crate::support::gateway::Gateway;

on_both![
    the_stored_count_equals_the_number_of_rows,
    recounts_and_merges_at_the_same_time_agree,
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

async fn recounts_and_merges_at_the_same_time_agree(gateway: Gateway) {
    let db = &gateway.services.db;
    let ctx = gateway.system();
    let expected = gateway.viewer.get("brands/").await.json()["count"].clone();
    for _ in 0..20 {
        // Enough changes for a merge; their sum is 0. SQLite has one row for each table.
        for change in (0..60).map(|number| if number % 2 == 0 { 1 } else { -1 }) {
            let sql = if db.backend() == Backend::Postgres {
                format!("INSERT INTO tally (noun, change) VALUES ('brand', {change})")
            } else {
                format!("UPDATE tally SET change = change + {change} WHERE noun = 'brand'")
            };
            ctx.transaction(move |tx| {
                let sql = sql.clone();
                Box::pin(async move { Ok(tx.execute_unprepared(&sql).await?) })
            })
            .await
            .expect("a change");
        }
        let (merged, recounted) = tokio::join!(row_count::merge(db), row_count::count_again(&ctx, "brand"));
        merged.expect("the counts are merged");
        let recount = recounted.expect("the rows are counted");
        assert_eq!(json!(recount.counted), expected);
        let stored = row_count::row_count(db, "brand").await.expect("a count");
        assert_eq!(json!(stored), expected);
    }
    gateway.assert_invariants().await;
}
