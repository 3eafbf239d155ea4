//! Leases on due deliveries.
//!
//! They begin and expire according to the clock of the database. Otherwise, servers whose clocks differ would attempt
//! deliveries that other servers have leased.

use std::sync::Arc;
use std::time::Duration;

use ::entity::{delivery, event, stock_change, webhook_endpoint};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _,
    QueryTrait as _, Statement,
};

use crate::ctx::Ctx;
use crate::error::Result;
use crate::services::Services;
use crate::webhooks::disable::is_unleased;

/// A leased delivery with its event.
pub struct LeasedDelivery {
    pub delivery: delivery::Model,
    pub event: event::Model,
    /// The ledger entry of a stock event.
    pub change: Option<stock_change::Model>,
    /// The end of the lease.
    pub until: DateTime<Utc>,
}

/// The enabled endpoints with due deliveries that are not leased, in one statement however many there are.
pub async fn endpoints_with_due(services: &Services) -> Result<Vec<webhook_endpoint::Model>> {
    use delivery::Column;
    let due = delivery::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(
            Expr::col((delivery::Entity, Column::EndpointId))
                .equals((webhook_endpoint::Entity, webhook_endpoint::Column::Id)),
        )
        .filter(Column::DueAt.lte(services.clock.now()))
        .filter(is_unleased(services))
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
    length: Duration,
) -> Result<Vec<LeasedDelivery>> {
    let ctx = Ctx::system(Arc::clone(services));
    let backend = services.db.backend();
    // Parameters are numbered in the order of their first use, which both databases accept.
    let sql = format!(
        "UPDATE delivery SET leased_until = {until} WHERE id IN (
            SELECT id FROM delivery WHERE endpoint_id = $1 AND due_at <= $2
            AND (leased_until IS NULL OR leased_until <= {now}) ORDER BY due_at, id LIMIT {limit}{lock})
         RETURNING id",
        until = backend.now_plus(services.clock.total_advance() + length),
        now = backend.now_plus(services.clock.total_advance()),
        lock = backend.skip_locked(),
    );
    let found = ctx
        .transaction(move |tx| {
            let values = [endpoint_id.into(), tx.ctx().now.into()];
            let statement = Statement::from_sql_and_values(tx.get_database_backend(), &sql, values);
            Box::pin(async move {
                let mut ids = Vec::new();
                for row in tx.query_all_raw(statement).await? {
                    ids.push(row.try_get::<i64>("", "id")?);
                }
                if ids.is_empty() {
                    return Ok(Vec::new());
                }
                let leased = delivery::Entity::find()
                    .filter(backend.among((delivery::Entity, delivery::Column::Id), &ids))
                    .find_also_related(event::Entity)
                    .find_also(event::Entity, stock_change::Entity)
                    .all(tx)
                    .await?;
                Ok(leased)
            })
        })
        .await?;
    let leased = |(delivery, event, change): (delivery::Model, _, _)| {
        Some(LeasedDelivery {
            until: delivery.leased_until?,
            delivery,
            event: event?,
            change,
        })
    };
    Ok(found.into_iter().filter_map(leased).collect())
}
