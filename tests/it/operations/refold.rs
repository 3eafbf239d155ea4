//! Rows with an outdated folded form are folded again when the database is migrated.

use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::json;
use stockroom::kind::Kind;
use stockroom::resolvers::invariant;
use stockroom::schema;

use crate::support::gateway::Gateway;

on_both_databases![outdated_rows_are_folded_again];

/// The noun with outdated rows, and the id of the last row that was folded again.
async fn progress(gateway: &Gateway) -> Option<(String, i64)> {
    let ctx = gateway.system();
    let statement = Statement::from_string(
        ctx.db().get_database_backend(),
        "SELECT noun, last_id FROM refold_due",
    );
    let rows = ctx.db().query_all_raw(statement).await.expect("rows");
    assert!(rows.len() <= 1);
    rows.first().map(|row| {
        let noun = row.try_get("", "noun").expect("a noun");
        (noun, row.try_get("", "last_id").expect("an id"))
    })
}

async fn outdated_rows_are_folded_again(gateway: Gateway) {
    gateway
        .root
        .make(
            Kind::Brand,
            json!({ "name": "Águia \"\\,{}" , "description": "Pão" }),
        )
        .await;
    for sql in [
        // 2,500 rows as written by an earlier version, and as many that are already folded correctly.
        "INSERT INTO brand (name, name_folded, description, description_folded, version, created_at, updated_at)
         WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 2499)
         SELECT name, 'águia \"\\,{}', description, 'pão', 1, created_at, updated_at FROM brand CROSS JOIN number",
        "INSERT INTO brand (name, name_folded, version, created_at, updated_at)
         SELECT 'Plain', 'plain', 1, created_at, updated_at FROM brand",
        "UPDATE brand SET name_folded = 'águia \"\\,{}', description_folded = 'pão' WHERE id = 1",
        "INSERT INTO refold_due (noun, last_id) VALUES ('brand', 0)",
    ] {
        gateway.sql(sql).await.expect(sql);
    }
    let violations = async || {
        invariant::violations(&gateway.system())
            .await
            .expect("the check succeeds")
    };
    assert_eq!(
        violations()
            .await
            .iter()
            .map(|violation| violation.rows)
            .collect::<Vec<_>>(),
        [2_500]
    );
    assert_eq!(
        gateway.viewer.get("brands/?search=aguia").await.json()["count"],
        0
    );
    // Only the first batch is processed, as if the program had been stopped after it.
    let system = gateway.system();
    let one_batch = system.transaction(|tx| Box::pin(async move { Ok(migration::refold_batch(tx).await?) }));
    assert!(one_batch.await.expect("a batch"));
    assert_eq!(progress(&gateway).await, Some(("brand".to_owned(), 2_000)));
    assert_eq!(violations().await[0].rows, 500);
    schema::migrate_up(gateway.system().db()).await.expect("the rest");
    assert_eq!(progress(&gateway).await, None);
    gateway.assert_invariants().await;
    assert_eq!(
        gateway.viewer.get("brands/?search=AGUIA").await.json()["count"],
        2_500
    );
}
