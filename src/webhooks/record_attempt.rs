//! Stores the result of an attempt: the delivery is delivered, due again later, or failed; and its endpoint is failing,
//! recovered or disabled.

use std::sync::Arc;
use std::time::Duration;

use ::entity::delivery::{self, Outcome};
use ::entity::webhook_endpoint::{self, DisabledReason};
use ::entity::{attempt, event};
use chrono::{DateTime, TimeDelta, Utc};
use hyper::StatusCode;
use sea_orm::ActiveValue::NotSet;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _};
use webhook_sender::{AttemptResult, backoff};

use super::disable::disable;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::services::Services;
use crate::tx::Tx;

/// The maximum number of attempts kept for each delivery. Older ones are deleted.
pub const ATTEMPTS_KEPT: i64 = 20;
/// An endpoint that has been failing for this long is disabled when another of its deliveries has used up its schedule.
const FAILING_LIMIT: TimeDelta = TimeDelta::days(5);

/// What happens to a delivery after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Disposition {
    Delivered,
    Retry(DateTime<Utc>),
    Failed,
    /// The receiver responded with status 410, so its endpoint is disabled.
    Gone,
}

/// A finished attempt.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub delivery: delivery::Model,
    /// The end of the lease under which the attempt was made.
    pub leased_until: DateTime<Utc>,
    pub started_at: DateTime<Utc>,
    pub duration: Duration,
}

/// Stores whether the endpoint is failing, and the attempt with its result. The attempt is dropped if the delivery no longer
/// has its lease.
pub async fn record_attempt(
    services: &Arc<Services>,
    endpoint: &webhook_endpoint::Model,
    event: &event::Model,
    attempt: Attempt,
    result: AttemptResult,
) -> Result<()> {
    let ctx = Ctx::system(Arc::clone(services));
    let now = ctx.now;
    let (status, error, retry_after) = match result {
        AttemptResult::Response { status, .. } if status.is_success() => (Some(status), None, None),
        AttemptResult::Response { status, retry_after } => {
            let retry_after = retry_after.and_then(|value| backoff::retry_after(&value, now));
            let error = format!("the receiver responded with status {}", status.as_u16());
            (Some(status), Some(error), retry_after)
        }
        AttemptResult::NoResponse(reason) => (None, Some(reason), None),
    };
    let number = attempt.delivery.attempts + 1;
    let disposition = if error.is_none() {
        Disposition::Delivered
    } else if status == Some(StatusCode::GONE) {
        Disposition::Gone
    } else {
        let schedule = &services.config.webhook_retry_schedule;
        let since_replay = number - attempt.delivery.attempts_before;
        backoff::wait(schedule, since_replay, rand::random(), retry_after)
            .map_or(Disposition::Failed, |wait| Disposition::Retry(now + wait))
    };
    log(disposition, endpoint, event, number, error.as_deref());
    let row = attempt::Model {
        id: 0,
        delivery_id: attempt.delivery.id,
        number,
        started_at: attempt.started_at,
        duration_ms: i64::try_from(attempt.duration.as_millis()).unwrap_or(i64::MAX),
        status: status.map(|status| i64::from(status.as_u16())),
        error,
    };
    let health = EndpointHealth {
        id: endpoint.id,
        managed: endpoint.managed,
        failing_since: endpoint.failing_since,
    };
    ctx.transaction(move |tx| {
        let row = row.clone();
        Box::pin(async move {
            if update_delivery(tx, disposition, &row, attempt.leased_until).await? {
                insert_attempt(tx, row).await?;
            } else {
                tracing::debug!(
                    delivery.id = row.delivery_id,
                    "a webhook attempt outlasted its lease and was not recorded"
                );
            }
            Ok(update_health(tx, disposition, health).await?)
        })
    })
    .await
}

/// Stores the result in the delivery. Returns false, without a change, if the delivery no longer has this lease.
async fn update_delivery(
    tx: &Tx,
    disposition: Disposition,
    attempt: &attempt::Model,
    leased_until: DateTime<Utc>,
) -> Result<bool, DbErr> {
    use delivery::{Column, Entity};
    let now = tx.ctx().now;
    let (due_at, outcome) = match disposition {
        Disposition::Delivered => (None, Some(Outcome::Delivered)),
        Disposition::Retry(due_at) => (Some(due_at), None),
        Disposition::Failed | Disposition::Gone => (None, Some(Outcome::Failed)),
    };
    let ended_at = outcome.map(|_| now);
    let updated = Entity::update_many()
        .col_expr(Column::Attempts, Expr::val(attempt.number))
        .col_expr(Column::DueAt, Expr::val(due_at))
        .col_expr(Column::LeasedUntil, Expr::val(None::<DateTime<Utc>>))
        .col_expr(Column::Outcome, Expr::val(outcome))
        .col_expr(Column::EndedAt, Expr::val(ended_at))
        .col_expr(Column::LastStatus, Expr::val(attempt.status))
        .col_expr(Column::LastError, Expr::val(attempt.error.clone()))
        .col_expr(Column::LastAttemptAt, Expr::val(now))
        .filter(Column::Id.eq(attempt.delivery_id))
        .filter(Column::LeasedUntil.eq(leased_until))
        .exec(tx)
        .await?;
    Ok(updated.rows_affected > 0)
}

/// Inserts the attempt and deletes those beyond [`ATTEMPTS_KEPT`].
async fn insert_attempt(tx: &Tx, attempt: attempt::Model) -> Result<(), DbErr> {
    use attempt::{ActiveModel, Column, Entity};
    let (delivery_id, last_deleted) = (attempt.delivery_id, attempt.number - ATTEMPTS_KEPT);
    let row = ActiveModel {
        id: NotSet,
        ..attempt.into()
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    if last_deleted > 0 {
        Entity::delete_many()
            .filter(Column::DeliveryId.eq(delivery_id))
            .filter(Column::Number.lte(last_deleted))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// An endpoint as it was before the attempt.
#[derive(Clone, Copy, Debug)]
struct EndpointHealth {
    id: i64,
    managed: bool,
    failing_since: Option<DateTime<Utc>>,
}

/// Stores whether the endpoint is failing, if that has changed. Most attempts do not write its row.
async fn update_health(tx: &Tx, disposition: Disposition, previous: EndpointHealth) -> Result<(), DbErr> {
    use webhook_endpoint::{Column, Entity};
    let now = tx.ctx().now;
    let failing_since = match (disposition, previous.failing_since) {
        (Disposition::Delivered, Some(_)) => None,
        (Disposition::Retry(_) | Disposition::Failed, None) => Some(now),
        (Disposition::Gone, _) => return disable(tx, previous.id, DisabledReason::Gone).await,
        // Only a delivery that has used up its schedule counts, so that an endpoint with one message a month is not
        // disabled because two attempts happened during restarts. The configured endpoint is not disabled, because only the
        // operator can change it.
        (Disposition::Failed, Some(since)) if previous.managed && since + FAILING_LIMIT <= now => {
            return disable(tx, previous.id, DisabledReason::Failing).await;
        }
        (Disposition::Delivered, None) | (Disposition::Retry(_) | Disposition::Failed, Some(_)) => {
            return Ok(());
        }
    };
    let unchanged_by_others = if failing_since.is_some() {
        Column::FailingSince.is_null()
    } else {
        Column::FailingSince.is_not_null()
    };
    Entity::update_many()
        .col_expr(Column::FailingSince, Expr::val(failing_since))
        .filter(Column::Id.eq(previous.id))
        .filter(unchanged_by_others)
        .exec(tx)
        .await?;
    Ok(())
}

fn log(
    disposition: Disposition,
    endpoint: &webhook_endpoint::Model,
    event: &event::Model,
    attempts: i64,
    error: Option<&str>,
) {
    let (endpoint, message, name) = (endpoint.id, &event.message_id, event.name.as_str());
    let error = error.unwrap_or_default();
    match disposition {
        Disposition::Delivered => tracing::debug!(
            endpoint.id = endpoint, webhook.id = %message, webhook.event = name, attempts, "a webhook was delivered"
        ),
        Disposition::Retry(due_at) => tracing::info!(
            endpoint.id = endpoint, webhook.id = %message, webhook.event = name, attempts, error, %due_at,
            "a webhook attempt failed and will be repeated"
        ),
        Disposition::Failed => tracing::error!(
            endpoint.id = endpoint, webhook.id = %message, webhook.event = name, attempts, error,
            "a webhook failed after its last attempt"
        ),
        Disposition::Gone => tracing::error!(
            endpoint.id = endpoint, webhook.id = %message, webhook.event = name, attempts,
            "a webhook receiver responded with status 410: its endpoint is disabled"
        ),
    }
}
