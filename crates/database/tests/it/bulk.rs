//! Inserting many rows with reserved ids.

use std::sync::Arc;

use database::bulk::{BulkInsert, analyze_table, reserve_ids, vacuum};
use database::{Database, Transaction};
use futures_util::FutureExt as _;
use sea_orm::{ActiveValue::Set, ConnectionTrait as _, DbErr, EntityTrait as _, Statement};

use crate::schema::{item, sample_item};

/// Inserts `count` items with reserved ids and returns the first of these.
pub async fn fill(db: &Database, count: usize) -> i64 {
    let inserted: Result<i64, DbErr> = db
        .transaction(Arc::new(()), move |tx: &Transaction| {
            async move {
                let first = reserve_ids::<item::Entity>(tx, count).await?;
                let mut items = BulkInsert::<_, item::Entity>::new(tx);
                for id in (first..).take(count) {
                    items.add(&sample_item(id, None)).await?;
                }
                items.finish().await?;
                analyze_table(tx, "item").await?;
                Ok(first)
            }
            .boxed()
        })
        .await;
    inserted.expect("items")
}

on_both_databases![many_rows_are_inserted_exactly, ids_are_reserved_once];

/// Inserts more rows than fit into one batch for PostgreSQL.
async fn many_rows_are_inserted_exactly(db: Database) {
    assert_eq!(fill(&db, 12_000).await, 1);
    vacuum(&db).await.expect("no error");
    let ids: Vec<i64> = (1..=12_000).collect();
    let mut rows = db.by_ids::<item::Entity>(&ids).await.expect("rows");
    rows.sort_unstable_by_key(|row| row.id);
    assert_eq!(rows.len(), 12_000);
    for (row, id) in rows.iter().zip(1..) {
        assert_eq!(*row, sample_item(id, None));
    }
}

async fn ids_are_reserved_once(db: Database) {
    let last_id = async || {
        let sql = format!("SELECT {}", db.backend().last_id_of("item"));
        let statement = Statement::from_string(db.get_database_backend(), sql);
        db.number(statement).await.expect("an id")
    };
    assert_eq!(last_id().await, 0);
    assert_eq!(fill(&db, 3).await, 1);
    assert_eq!(fill(&db, 2).await, 4);
    assert_eq!(last_id().await, 5);
    // Generated ids continue after the reserved ones.
    let next: Result<i64, DbErr> = db
        .transaction(Arc::new(()), |tx: &Transaction| {
            async move {
                let mut row: item::ActiveModel = sample_item(0, None).into();
                row.id = sea_orm::ActiveValue::NotSet;
                row.name = Set("by itself".to_owned());
                Ok(item::Entity::insert(row).exec(tx).await?.last_insert_id)
            }
            .boxed()
        })
        .await;
    assert_eq!(next, Ok(6));
}
