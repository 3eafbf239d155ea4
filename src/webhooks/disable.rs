//! Disables an endpoint, on request or after too many failures, and deletes the deliveries of a deleted one.
//!
//! An endpoint may have millions of deliveries, so this changes only one batch of them, and `retention` changes the rest in
//! further batches: no transaction blocks others for long.

use ::entity::delivery::{self, Outcome};
use ::entity::removed_endpoint;
use ::entity::webhook_endpoint::{self, DisabledReason};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveValue, ColumnTrait as _, Condition, ConnectionTrait as _, DbErr, EntityTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _, Statement,
};

use crate::services::Services;
use crate::tx::Tx;

/// The maximum number of rows that one transaction changes.
pub const BATCH: u32 = 1_000;

/// The condition that a delivery is not leased, or its lease has expired by the clock of the database.
pub fn is_unleased(services: &Services) -> Condition {
    use delivery::Column;
    let now = services.db.backend().now_plus(services.clock.total_advance());
    let expired = Expr::col((delivery::Entity, Column::LeasedUntil)).lte(Expr::cust(now));
    Condition::any().add(Column::LeasedUntil.is_null()).add(expired)
}

/// Disables an endpoint and fails a batch of its pending deliveries.
pub async fn disable(tx: &Tx, endpoint_id: i64, reason: DisabledReason) -> Result<(), DbErr> {
    use webhook_endpoint::{Column, Entity};
    let now = tx.ctx().now;
    Entity::update_many()
        .col_expr(Column::EndedAt, Expr::val(now))
        .col_expr(Column::EndedBecause, Expr::val(reason))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::UpdatedAt, Expr::val(now))
        .filter(Column::Id.eq(endpoint_id))
        .filter(Column::EndedAt.is_null())
        .exec(tx)
        .await?;
    fail_pending(tx, endpoint_id).await?;
    Ok(())
}

/// Fails a batch of the pending deliveries of a disabled endpoint, except for those that are being attempted. Returns whether
/// the batch was full; then there may be more.
pub async fn fail_pending(tx: &Tx, endpoint_id: i64) -> Result<bool, DbErr> {
    use delivery::{Column, Entity};
    let now = tx.ctx().now;
    let chosen = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::EndpointId.eq(endpoint_id))
        .filter(Column::DueAt.is_not_null())
        .filter(is_unleased(&tx.ctx().services))
        .order_by_asc(Column::DueAt)
        .limit(u64::from(BATCH));
    let failed = Entity::update_many()
        .col_expr(Column::DueAt, Expr::val(None::<DateTime<Utc>>))
        .col_expr(Column::LeasedUntil, Expr::val(None::<DateTime<Utc>>))
        .col_expr(Column::Outcome, Expr::val(Outcome::Failed))
        .col_expr(Column::EndedAt, Expr::val(now))
        .col_expr(Column::LastError, Expr::val("the endpoint was disabled"))
        .filter(Column::Id.in_subquery(chosen.into_query()))
        .exec(tx)
        .await?;
    Ok(failed.rows_affected >= u64::from(BATCH))
}

/// Deletes a batch of the deliveries of an endpoint that is deleted in this transaction.
pub async fn delete(tx: &Tx, endpoint_id: i64) -> Result<(), DbErr> {
    let removed = removed_endpoint::ActiveModel {
        endpoint_id: ActiveValue::Set(endpoint_id),
        removed_at: ActiveValue::Set(tx.ctx().now),
    };
    removed_endpoint::Entity::insert(removed)
        .exec_without_returning(tx)
        .await?;
    delete_deliveries(tx, endpoint_id).await?;
    Ok(())
}

/// Deletes a batch of the deliveries of a deleted endpoint. Returns whether the batch was full.
pub async fn delete_deliveries(tx: &Tx, endpoint_id: i64) -> Result<bool, DbErr> {
    let sql = format!(
        "DELETE FROM delivery WHERE id IN (
            SELECT id FROM delivery WHERE endpoint_id = $1 ORDER BY id LIMIT {BATCH})"
    );
    Ok(execute_delete(tx, sql, endpoint_id).await? >= u64::from(BATCH))
}

/// Executes a statement that deletes rows, and returns their number.
pub async fn execute_delete(tx: &Tx, sql: String, value: impl Into<sea_orm::Value>) -> Result<u64, DbErr> {
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [value.into()]);
    Ok(tx.execute_raw(statement).await?.rows_affected())
}
