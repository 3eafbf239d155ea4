//! Leases on due deliveries.

use std::sync::Arc;

use ::entity::{delivery, event, stock_change, webhook_endpoint};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, FromQueryResult, QueryFilter as _,
    QuerySelect as _, QueryTrait as _, Statement,
};

use crate::ctx::Ctx;
use crate::error::Result;
use crate::services::Services;

/// A leased delivery with its event.
pub struct Leased {
    pub delivery: delivery::Model,
    pub event: event::Model,
    /// The ledger entry of a stock event.
    pub change: Option<stock_change::Model>,
    pub until: DateTime<Utc>,
}

/// The enabled endpoints with due deliveries that are not leased, in one statement however many there are.
pub async fn endpoints_with_due(services: &Services) -> Result<Vec<webhook_endpoint::Model>> {
    use delivery::Column;
    let now = services.clock.now();
    let due = delivery::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(
            Expr::col((delivery::Entity, Column::EndpointId))
                .equals((webhook_endpoint::Entity, webhook_endpoint::Column::Id)),
        )
        .filter(Column::DueAt.lte(now))
        .filter(Column::LeasedUntil.is_null().or(Column::LeasedUntil.lte(now)))
        .into_query();
    let endpoints = webhook_endpoint::Entity::find()
        .filter(webhook_endpoint::Column::EndedAt.is_null())
        .filter(Expr::exists(due))
        .all(&services.db)
        .await?;
    Ok(endpoints)
}

/// Leases at most `limit` deliveries that are due to an endpoint and not leased.
pub async fn lease(
    services: &Arc<Services>,
    endpoint_id: i64,
    limit: usize,
    length: TimeDelta,
) -> Result<Vec<Leased>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: i64,
    }
    let ctx = Ctx::system(Arc::clone(services));
    let until = ctx.now + length;
    // Parameters are numbered in the order of their first use, which both databases accept.
    let sql = format!(
        "UPDATE delivery SET leased_until = $1 WHERE id IN (
            SELECT id FROM delivery WHERE endpoint_id = $2 AND due_at <= $3
            AND (leased_until IS NULL OR leased_until <= $3) ORDER BY due_at, id LIMIT {limit}{lock})
         RETURNING id",
        lock = services.db.backend().skipping_locked(),
    );
    let ids: Vec<i64> = ctx
        .transaction(move |tx| {
            let values = [until.into(), endpoint_id.into(), tx.ctx().now.into()];
            let statement = Statement::from_sql_and_values(tx.get_database_backend(), &sql, values);
            Box::pin(async move {
                let rows = tx.query_all_raw(statement).await?;
                let ids = rows.iter().map(|row| Ok(Row::from_query_result(row, "")?.id));
                ids.collect()
            })
        })
        .await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = delivery::Entity::find()
        .filter(
            services
                .db
                .backend()
                .among((delivery::Entity, delivery::Column::Id), &ids),
        )
        .find_also_related(event::Entity)
        .find_also(event::Entity, stock_change::Entity)
        .all(&services.db)
        .await?;
    let complete = |(delivery, event, change): (delivery::Model, _, _)| {
        Some(Leased {
            delivery,
            event: event?,
            change,
            until,
        })
    };
    Ok(found.into_iter().filter_map(complete).collect())
}
