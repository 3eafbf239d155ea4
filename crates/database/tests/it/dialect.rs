//! SQL that differs between the databases and has the same result.

use std::sync::Arc;

use database::dialect::PAGE;
use database::{Database, Transaction};
use futures_util::FutureExt as _;
use sea_orm::sea_query::{Expr, ExprTrait as _, IntoIden as _, Order, Query};
use sea_orm::{
    ActiveModelTrait as _, ConnectionTrait as _, DbErr, EntityTrait as _, IntoActiveModel as _,
    Iterable as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _, StatementBuilder,
};

use crate::schema::{item, sample_item, shelf};

/// Three shelves with 0, 2 and 5 items: items 1 and 2 are on the second shelf, items 3 to 7 on the third.
async fn insert_shelves(db: &Database) {
    let inserted: Result<(), DbErr> = db
        .transaction(Arc::new(()), |tx: &Transaction| {
            async move {
                let shelves = (1..=3).map(|id| {
                    let name = format!("shelf {id}");
                    shelf::Model { id, name }.into_active_model().reset_all()
                });
                shelf::Entity::insert_many(shelves)
                    .exec_without_returning(tx)
                    .await?;
                let items = (1..=7).map(|id| {
                    let shelf = if id <= 2 { 2 } else { 3 };
                    sample_item(id, Some(shelf)).into_active_model().reset_all()
                });
                item::Entity::insert_many(items)
                    .exec_without_returning(tx)
                    .await?;
                Ok(())
            }
            .boxed()
        })
        .await;
    inserted.expect("rows");
}

async fn text(db: &Database, expression: Expr) -> String {
    let mut query = Query::select();
    query.expr_as(expression, "text").from(item::Entity);
    let statement = StatementBuilder::build(&query, &db.get_database_backend());
    let row = db.query_one_raw(statement).await.expect("a row").expect("a row");
    row.try_get("", "text").expect("a text")
}

on_both_databases![
    each_parent_has_its_own_limit,
    ids_are_one_parameter,
    sums_are_exact,
    days_are_utc,
];

async fn each_parent_has_its_own_limit(db: Database) {
    insert_shelves(&db).await;
    let backend = db.backend();
    let mut newest = item::Entity::find()
        .filter(Expr::col((item::Entity, item::Column::ShelfId)).eq(backend.parent()))
        .order_by(item::Column::Id, Order::Desc)
        .limit(3)
        .into_query();
    newest.clear_selects();
    newest.columns(item::Column::iter().map(|column| (item::Entity, column)));
    let table = || (item::Entity.into_iden(), item::Column::Id.into_iden());
    let parents = [1, 2, 3, 99];
    for statement in [
        backend.per_parent(&parents, table(), newest.clone()),
        backend.per_parent_by_key(&parents, table(), newest),
    ] {
        let statement = StatementBuilder::build(&statement, &db.get_database_backend());
        assert!(statement.sql.contains(PAGE), "{}", statement.sql);
        let mut rows = db.models::<item::Entity>(statement).await.expect("rows");
        rows.sort_unstable_by_key(|row| row.id);
        let found: Vec<_> = rows.iter().map(|row| (row.shelf_id, row.id)).collect();
        let (second, third) = (Some(2), Some(3));
        assert_eq!(
            found,
            [(second, 1), (second, 2), (third, 5), (third, 6), (third, 7)]
        );
        assert_eq!(rows.first(), Some(&sample_item(1, second)));
    }
}

async fn ids_are_one_parameter(db: Database) {
    insert_shelves(&db).await;
    let statement = |ids: &[i64]| {
        item::Entity::find()
            .filter(db.backend().among((item::Entity, item::Column::Id), ids))
            .build(db.get_database_backend())
    };
    let (few, many) = (statement(&[4]), statement(&[2, 4, 99]));
    assert_eq!(few.sql, many.sql);
    let mut rows = db.models::<item::Entity>(many).await.expect("rows");
    rows.sort_unstable_by_key(|row| row.id);
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [2, 4]);
}

async fn sums_are_exact(db: Database) {
    let backend = db.backend();
    let column = |column: item::Column| Expr::col((item::Entity, column));
    let total_price = backend.sum_product(column(item::Column::Quantity), column(item::Column::Price), None);
    assert_eq!(text(&db, total_price.clone()).await, "0.00");
    assert_eq!(text(&db, backend.sum(column(item::Column::Quantity))).await, "0");
    insert_shelves(&db).await;
    // 1 + … + 7 = 28 times the price.
    assert_eq!(text(&db, total_price).await, "345679009234567900947.72");
    assert_eq!(text(&db, backend.sum(column(item::Column::Quantity))).await, "28");
    let margin = backend.sum_product(
        column(item::Column::Quantity),
        column(item::Column::Price),
        Some(column(item::Column::Price)),
    );
    assert_eq!(text(&db, margin).await, "0.00");
}

async fn days_are_utc(db: Database) {
    for (timestamp, expected) in [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T23:59:59.999999Z", 0),
        ("1970-01-02T00:00:00Z", 1),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("2026-11-25T12:00:00+13:00", 20_781),
    ] {
        let timestamp = timestamp
            .parse::<chrono::DateTime<chrono::Utc>>()
            .expect("a timestamp");
        let mut query = Query::select();
        query.expr(db.backend().day(Expr::val(timestamp)));
        let statement = StatementBuilder::build(&query, &db.get_database_backend());
        assert_eq!(db.number(statement).await, Ok(expected), "{timestamp}");
    }
}
