//! Webhook deliveries: the messages to each endpoint and their state, test messages, and replays.
//!
//! They require the same permission as the endpoints. A delivery is deleted with its event, after 30 days.

use ::entity::delivery::{Column, Entity, Model, Outcome};
use ::entity::event::Name;
use ::entity::{attempt, event, webhook_endpoint};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use serde::{Deserialize, Serialize};
use table_query::Comparison;

use crate::auth::{Change, Permission, Permit, Read};
use crate::error::{Conflict, Error, Faults, Result};
use crate::query::{Collection, Direction, Field, FieldCheck, Filter, ListColumn, Row};
use crate::resource::{check_version, find_locked, insert, update_row};
use crate::tx::Tx;
use crate::webhooks::outbox;

/// The maximum number of deliveries that one request replays.
pub const MAX_REPLAYED: u64 = 1_000;

impl Collection for Entity {
    const COLUMNS: &'static [ListColumn<Column>] = &[ListColumn::value(Column::Id)];
    const DEFAULT_ORDER: (&'static str, Direction) = ("id", Direction::Descending);
    const GUARD: Option<Permission> = Some(Permission::WEBHOOKS);
}

/// The events, which deliveries refer to.
impl Collection for event::Entity {
    const COLUMNS: &'static [ListColumn<event::Column>] = &[ListColumn::value(event::Column::Id)];
    const DEFAULT_ORDER: (&'static str, Direction) = ("id", Direction::Descending);
    const GUARD: Option<Permission> = Some(Permission::WEBHOOKS);
}

/// The attempts of a delivery, the oldest first.
impl Collection for attempt::Entity {
    const COLUMNS: &'static [ListColumn<attempt::Column>] = &[ListColumn::value(attempt::Column::Id)];
    const DEFAULT_ORDER: (&'static str, Direction) = ("id", Direction::Ascending);
    const GUARD: Option<Permission> = Some(Permission::WEBHOOKS);
}

/// Deliveries that have not ended.
pub fn pending() -> Filter {
    Filter::is_null(Column::Outcome, true)
}

/// Deliveries that the receiver has accepted.
pub fn delivered() -> Filter {
    Filter::equals_constant(Column::Outcome, "delivered")
}

/// Deliveries that have failed for good.
pub fn failed() -> Filter {
    Filter::equals_constant(Column::Outcome, "failed")
}

/// The deliveries of an endpoint.
pub fn of_endpoint(endpoint_id: i64) -> Filter {
    Filter::compare(Column::EndpointId, Comparison::Equal, endpoint_id)
}

/// A delivery of this endpoint.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find(permit: Permit<'_, Read, Entity>, endpoint_id: i64, id: i64) -> Result<Row<Entity>> {
    // Deliveries of a deleted endpoint may still exist, but must not be shown.
    super::find::<webhook_endpoint::Entity>(permit.ctx().reader()?, endpoint_id).await?;
    let found = super::find(permit, id).await?;
    if found.endpoint_id == endpoint_id {
        Ok(found)
    } else {
        Err(Error::NotFound)
    }
}

/// The endpoint, if it has the expected version and messages can be sent to it.
async fn enabled_endpoint(
    tx: &Tx,
    endpoint_id: i64,
    expected_version: Option<i64>,
) -> Result<webhook_endpoint::Model> {
    let found = webhook_endpoint::Entity::find_by_id(endpoint_id).one(tx).await?;
    let endpoint = found.ok_or(Error::NotFound)?;
    check_version(&endpoint, expected_version)?;
    if !tx.ctx().services.config.webhook_enabled {
        return Err(Error::Conflict(Conflict::SwitchedOff));
    }
    if endpoint.ended_at.is_some() {
        return Err(Error::Conflict(Conflict::Disabled));
    }
    Ok(endpoint)
}

/// Sends a test message to an endpoint.
///
/// # Errors
/// [`Error::NotFound`], [`Error::VersionConflict`], [`Error::Conflict`] when the endpoint is disabled or webhooks are
/// switched off.
pub async fn test(
    permit: Permit<'_, Change, webhook_endpoint::Entity>,
    endpoint_id: i64,
    expected_version: Option<i64>,
) -> Result<Row<Entity>> {
    let outcome = permit
        .ctx()
        .change(move |tx| {
            Box::pin(async move {
                let endpoint = enabled_endpoint(tx, endpoint_id, expected_version).await?;
                let now = tx.ctx().now;
                let event = event::Model {
                    message_id: outbox::message_id(),
                    name: Name::Test,
                    created_at: now,
                    ..event::Model::default()
                };
                let event = insert::<event::Entity>(tx, event).await?;
                let delivery = Model {
                    event_id: event.id,
                    endpoint_id: endpoint.id,
                    due_at: Some(now),
                    ..Model::default()
                };
                tx.wake_webhooks();
                Ok((insert::<Entity>(tx, delivery).await?, event))
            })
        })
        .await?;
    Ok(with_event(outcome))
}

/// Sends a delivery again, with the same message id. The whole schedule of attempts begins again for a delivery that has
/// ended; a pending one is attempted at once. If `expected_endpoint` is given, the delivery must belong to it.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Conflict`] when the endpoint is disabled or webhooks are switched off.
pub async fn replay(
    permit: Permit<'_, Change, webhook_endpoint::Entity>,
    expected_endpoint: Option<i64>,
    id: i64,
) -> Result<Row<Entity>> {
    let outcome = permit
        .ctx()
        .change(move |tx| {
            Box::pin(async move {
                let mut row = find_locked::<Entity>(tx, id, None).await?;
                if expected_endpoint.is_some_and(|endpoint| endpoint != row.endpoint_id) {
                    return Err(Error::NotFound);
                }
                enabled_endpoint(tx, row.endpoint_id, None).await?;
                if row.outcome.take().is_some() {
                    row.ended_at = None;
                    row.attempts_before = row.attempts;
                }
                row.due_at = Some(tx.ctx().now);
                update_row::<Entity>(tx, &row).await?;
                tx.wake_webhooks();
                let event = event::Entity::find_by_id(row.event_id).one(tx).await?;
                let event = event.ok_or_else(|| Error::internal("an event is missing"))?;
                Ok((row, event))
            })
        })
        .await?;
    Ok(with_event(outcome))
}

/// The name of the relation from a delivery to its event.
pub const EVENT: &str = "event";

/// Returns the row of a delivery, with its event already loaded.
fn with_event((delivery, event): (Model, event::Model)) -> Row<Entity> {
    let row = Row::<Entity>::single(delivery);
    row.preload::<event::Entity>(EVENT, event);
    row
}

/// The values that a client can send to replay failed deliveries.
#[derive(Clone, Debug, Default)]
pub struct ReplayRequest {
    /// The beginning of the period.
    pub since: Field<DateTime<Utc>>,
    /// The faults of values that the API could not read.
    pub faults: Faults,
}

/// The result of replaying the failed deliveries of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayResult {
    /// The number of deliveries that will be sent again.
    pub count: u64,
    /// Whether more deliveries remain for another request.
    pub has_more: bool,
}

/// Replays the deliveries that have failed for good since a given time, the oldest first, at most [`MAX_REPLAYED`] at a time.
///
/// # Errors
/// [`Error::NotFound`], [`Error::VersionConflict`], [`Error::Invalid`], [`Error::Conflict`] when the endpoint is disabled or
/// webhooks are switched off.
pub async fn replay_failed(
    permit: Permit<'_, Change, webhook_endpoint::Entity>,
    endpoint_id: i64,
    expected_version: Option<i64>,
    request: ReplayRequest,
) -> Result<ReplayResult> {
    permit
        .ctx()
        .change(move |tx| {
            let mut request = request.clone();
            Box::pin(async move {
                enabled_endpoint(tx, endpoint_id, expected_version).await?;
                let mut check = FieldCheck::new_object(std::mem::take(&mut request.faults));
                let since = check.required("since", request.since);
                check.finish()?;
                let matching = failed().and(of_endpoint(endpoint_id)).and(Filter::compare(
                    Column::EndedAt,
                    Comparison::GreaterOrEqual,
                    since.unwrap_or_default(),
                ));
                let chosen = matching
                    .clone()
                    .apply(Entity::find())
                    .select_only()
                    .column(Column::Id)
                    .order_by_asc(Column::Id)
                    .limit(MAX_REPLAYED);
                let replayed = Entity::update_many()
                    .col_expr(Column::DueAt, Expr::val(tx.ctx().now))
                    .col_expr(Column::Outcome, Expr::val(None::<Outcome>))
                    .col_expr(Column::EndedAt, Expr::val(None::<DateTime<Utc>>))
                    .col_expr(Column::AttemptsBefore, Expr::col(Column::Attempts))
                    .filter(Column::Id.in_subquery(chosen.into_query()))
                    .exec(tx)
                    .await?;
                let remaining = matching.apply(Entity::find()).limit(1).count(tx).await?;
                tx.wake_webhooks();
                Ok(ReplayResult {
                    count: replayed.rows_affected,
                    has_more: remaining > 0,
                })
            })
        })
        .await
}

/// The state of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Another attempt will be made.
    Pending,
    /// The receiver accepted it.
    Delivered,
    /// The last attempt failed, or the endpoint was disabled.
    Failed,
}

impl From<Option<Outcome>> for State {
    fn from(outcome: Option<Outcome>) -> Self {
        match outcome {
            None => Self::Pending,
            Some(Outcome::Delivered) => Self::Delivered,
            Some(Outcome::Failed) => Self::Failed,
        }
    }
}
