//! What comes of a try: the delivery is told, is tried again later, or has failed for good; and how the endpoint stands.

use std::sync::Arc;
use std::time::Duration;

use ::entity::delivery::{self, Outcome};
use ::entity::webhook_endpoint::{self, Ending};
use ::entity::{attempt, event};
use chrono::{DateTime, TimeDelta, Utc};
use hyper::StatusCode;
use sea_orm::ActiveValue::NotSet;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _};

use super::client::AttemptResult;
use super::{backoff, ending};
use crate::app::App;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::tx::Tx;

/// The most tries of a delivery that are kept, the latest ones; they go with it.
pub const ATTEMPTS_KEPT: i64 = 20;
/// An endpoint that has taken nothing for so long is given up when another of its messages has failed for good.
const PATIENCE: TimeDelta = TimeDelta::days(5);

/// What comes of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Disposition {
    Delivered,
    Again(DateTime<Utc>),
    Failed,
    /// The receiver wants no more of anything.
    Gone,
}

/// A try, as it is written down.
#[derive(Clone, Debug)]
pub struct Try {
    /// Of what.
    pub delivery: delivery::Model,
    /// Until when it is ours.
    pub lease: DateTime<Utc>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How long it took.
    pub took: Duration,
}

/// Writes down what came of a try, if the delivery is still in our hand.
pub async fn settle(
    app: &Arc<App>,
    endpoint: &webhook_endpoint::Model,
    event: &event::Model,
    tried: AttemptResult,
    of: Try,
) -> Result<()> {
    let ctx = Ctx::system(Arc::clone(app));
    let now = ctx.now;
    let (status, error, asked) = match tried {
        AttemptResult::Answered { status, .. } if status.is_success() => (Some(status), None, None),
        AttemptResult::Answered { status, retry_after } => {
            let asked = retry_after.and_then(|value| backoff::retry_after(&value, now));
            (
                Some(status),
                Some(format!("it answered {}", status.as_u16())),
                asked,
            )
        }
        AttemptResult::Unanswered(why) => (None, Some(why), None),
    };
    let number = of.delivery.attempts + 1;
    let verdict = if error.is_none() {
        Disposition::Delivered
    } else if status == Some(StatusCode::GONE) {
        Disposition::Gone
    } else {
        let schedule = &app.config.webhook_retry_schedule;
        match backoff::wait(
            schedule,
            number - of.delivery.attempts_before,
            rand::random(),
            asked,
        ) {
            Some(wait) => Disposition::Again(now + wait),
            None => Disposition::Failed,
        }
    };
    log(verdict, endpoint, event, number, error.as_deref());
    let made = attempt::Model {
        id: 0,
        delivery_id: of.delivery.id,
        number,
        started_at: of.started_at,
        duration_ms: i64::try_from(of.took.as_millis()).unwrap_or(i64::MAX),
        status: status.map(|status| i64::from(status.as_u16())),
        error,
    };
    let standing = Standing {
        id: endpoint.id,
        managed: endpoint.managed,
        failing_since: endpoint.failing_since,
    };
    ctx.transaction(move |tx| {
        let made = made.clone();
        Box::pin(async move {
            if written(tx, verdict, &made, of.lease).await? {
                kept(tx, made).await?;
            } else {
                tracing::debug!(delivery.id = of.delivery.id, "a webhook's lease had lapsed");
            }
            Ok(stands(tx, verdict, standing).await?)
        })
    })
    .await
}

/// Writes the try into the delivery, unless somebody else has it in hand by now.
async fn written(
    tx: &Tx,
    verdict: Disposition,
    made: &attempt::Model,
    lease: DateTime<Utc>,
) -> Result<bool, DbErr> {
    use delivery::{Column, Entity};
    let now = tx.ctx().now;
    let (due_at, outcome) = match verdict {
        Disposition::Delivered => (None, Some(Outcome::Delivered)),
        Disposition::Again(due_at) => (Some(due_at), None),
        Disposition::Failed | Disposition::Gone => (None, Some(Outcome::Failed)),
    };
    let ended_at = outcome.map(|_| now);
    let written = Entity::update_many()
        .col_expr(Column::Attempts, Expr::val(made.number))
        .col_expr(Column::DueAt, Expr::val(due_at))
        .col_expr(Column::LeasedUntil, Expr::val(None::<DateTime<Utc>>))
        .col_expr(Column::Outcome, Expr::val(outcome))
        .col_expr(Column::EndedAt, Expr::val(ended_at))
        .col_expr(Column::LastStatus, Expr::val(made.status))
        .col_expr(Column::LastError, Expr::val(made.error.clone()))
        .col_expr(Column::TriedAt, Expr::val(now))
        .filter(Column::Id.eq(made.delivery_id))
        .filter(Column::LeasedUntil.eq(lease))
        .exec(tx)
        .await?;
    Ok(written.rows_affected > 0)
}

/// Keeps the try beside the delivery, with the latest before it.
async fn kept(tx: &Tx, made: attempt::Model) -> Result<(), DbErr> {
    use attempt::{ActiveModel, Column, Entity};
    let (delivery_id, oldest) = (made.delivery_id, made.number - ATTEMPTS_KEPT);
    let made = ActiveModel {
        id: NotSet,
        ..made.into()
    };
    Entity::insert(made).exec_without_returning(tx).await?;
    if oldest > 0 {
        Entity::delete_many()
            .filter(Column::DeliveryId.eq(delivery_id))
            .filter(Column::Number.lte(oldest))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// How an endpoint stood before a try.
#[derive(Clone, Copy, Debug)]
struct Standing {
    id: i64,
    managed: bool,
    failing_since: Option<DateTime<Utc>>,
}

/// Writes down how the endpoint stands after a try, where that is news: most tries leave its row alone.
async fn stands(tx: &Tx, verdict: Disposition, before: Standing) -> Result<(), DbErr> {
    use webhook_endpoint::{Column, Entity};
    let now = tx.ctx().now;
    let change = match (verdict, before.failing_since) {
        (Disposition::Delivered, Some(_)) => None,
        (Disposition::Again(_) | Disposition::Failed, None) => Some(now),
        (Disposition::Gone, _) => return ending::end(tx, before.id, Ending::Gone).await,
        // Only what has failed by its whole schedule counts, so that one message a month that meets a restart does not
        // end an endpoint. That of the settings is the operator's to take out.
        (Disposition::Failed, Some(since)) if before.managed && since + PATIENCE <= now => {
            return ending::end(tx, before.id, Ending::Failing).await;
        }
        (Disposition::Delivered, None) | (Disposition::Again(_) | Disposition::Failed, Some(_)) => {
            return Ok(());
        }
    };
    let is_news = if change.is_some() {
        Column::FailingSince.is_null()
    } else {
        Column::FailingSince.is_not_null()
    };
    Entity::update_many()
        .col_expr(Column::FailingSince, Expr::val(change))
        .filter(Column::Id.eq(before.id))
        .filter(is_news)
        .exec(tx)
        .await?;
    Ok(())
}

fn log(
    verdict: Disposition,
    endpoint: &webhook_endpoint::Model,
    event: &event::Model,
    attempts: i64,
    error: Option<&str>,
) {
    let (endpoint, message, name) = (endpoint.id, &event.message_id, event.name.as_str());
    let error = error.unwrap_or_default();
    match verdict {
        Disposition::Delivered => tracing::debug!(
            endpoint.id = endpoint, webhook.id = %message, webhook.event = name, attempts, "a webhook was delivered"
        ),
        Disposition::Again(due_at) => tracing::info!(
            endpoint.id = endpoint, webhook.id = %message, webhook.event = name, attempts, error, %due_at,
            "a webhook failed and will be tried again"
        ),
        Disposition::Failed => tracing::error!(
            endpoint.id = endpoint, webhook.id = %message, webhook.event = name, attempts, error,
            "a webhook failed for the last time"
        ),
        Disposition::Gone => tracing::error!(
            endpoint.id = endpoint, webhook.id = %message, webhook.event = name, attempts,
            "a webhook's receiver answered 410: nothing is sent to it any more"
        ),
    }
}
