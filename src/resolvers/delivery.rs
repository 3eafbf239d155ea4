//! Webhook deliveries: what was told to whom and how that went, tests, and telling it again.
//!
//! Who may see and send them is who may manage the endpoints. They go with their event, 30 days after it.

use ::entity::delivery::{Column, Entity, Model, Outcome};
use ::entity::event::Name;
use ::entity::{attempt, event, webhook_endpoint};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use crate::auth::{Change, Permit, Read, Right};
use crate::error::{Conflict, Error, Faults, Result};
use crate::query::filter::Comparison;
use crate::query::{Check, Collection, Direction, Field, Filter, Row, Sortable};
use crate::resource::{locked, update_row};
use crate::tx::Tx;
use crate::webhooks::outbox;

/// The most deliveries that one request begins anew.
pub const REPLAYED: u64 = 1_000;

const ID: &[Sortable<Column>] = &[Sortable {
    name: "id",
    columns: &[Column::Id],
    nullable: false,
}];

impl Collection for Entity {
    const SORTABLE: &'static [Sortable<Column>] = ID;
    const DEFAULT_ORDER: (&'static str, Direction) = ("id", Direction::Descending);
    const SEARCHED: Option<Column> = None;
    const GUARD: Option<Right> = Some(Right::WEBHOOKS);
}

/// What was told, which a delivery refers to.
impl Collection for event::Entity {
    const SORTABLE: &'static [Sortable<event::Column>] = &[Sortable {
        name: "id",
        columns: &[event::Column::Id],
        nullable: false,
    }];
    const DEFAULT_ORDER: (&'static str, Direction) = ("id", Direction::Descending);
    const SEARCHED: Option<event::Column> = None;
    const GUARD: Option<Right> = Some(Right::WEBHOOKS);
}

/// The tries of a delivery, the first one first.
impl Collection for attempt::Entity {
    const SORTABLE: &'static [Sortable<attempt::Column>] = &[Sortable {
        name: "id",
        columns: &[attempt::Column::Id],
        nullable: false,
    }];
    const DEFAULT_ORDER: (&'static str, Direction) = ("id", Direction::Ascending);
    const SEARCHED: Option<attempt::Column> = None;
    const GUARD: Option<Right> = Some(Right::WEBHOOKS);
}

/// Deliveries that have not ended.
pub fn pending() -> Filter {
    Filter::is_null(Column::Outcome, true)
}

/// Deliveries that were taken.
pub fn delivered() -> Filter {
    Filter::has(Column::Outcome, "delivered")
}

/// Deliveries that were given up.
pub fn failed() -> Filter {
    Filter::has(Column::Outcome, "failed")
}

/// The deliveries of an endpoint.
pub fn of(endpoint_id: i64) -> Filter {
    Filter::compare(Column::EndpointId, Comparison::Equal, endpoint_id)
}

/// A delivery of this endpoint.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find(permit: Permit<'_, Read, Entity>, endpoint_id: i64, id: i64) -> Result<Row<Entity>> {
    // What is left of an endpoint that is gone is nobody's to see.
    super::find::<webhook_endpoint::Entity>(permit.ctx().reader()?, endpoint_id).await?;
    let found = super::find(permit, id).await?;
    if found.endpoint_id == endpoint_id {
        Ok(found)
    } else {
        Err(Error::NotFound)
    }
}

/// The endpoint, if something can be sent to it now.
async fn ready(tx: &Tx, endpoint_id: i64) -> Result<webhook_endpoint::Model> {
    let found = webhook_endpoint::Entity::find_by_id(endpoint_id).one(tx).await?;
    let endpoint = found.ok_or(Error::NotFound)?;
    if !tx.ctx().services.config.webhook_enabled {
        return Err(Error::Conflict(Conflict::SwitchedOff));
    }
    if endpoint.ended_at.is_some() {
        return Err(Error::Conflict(Conflict::Disabled));
    }
    Ok(endpoint)
}

/// Sends an event to an endpoint that tells of nothing, to try it out.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Conflict`] when the endpoint is disabled or webhooks are switched off.
pub async fn test(
    permit: Permit<'_, Change, webhook_endpoint::Entity>,
    endpoint_id: i64,
) -> Result<Row<Entity>> {
    let row = permit
        .ctx()
        .transaction(move |tx| {
            Box::pin(async move {
                let endpoint = ready(tx, endpoint_id).await?;
                let now = tx.ctx().now;
                let told = event::Model {
                    id: 0,
                    message_id: outbox::message_id(),
                    name: Name::Test,
                    stock_change_id: None,
                    product_title: String::new(),
                    description: None,
                    created_at: now,
                };
                let told = crate::resource::insert::<event::Entity>(tx, told).await?;
                let delivery = Model {
                    id: 0,
                    event_id: told.id,
                    endpoint_id: endpoint.id,
                    attempts: 0,
                    attempts_before: 0,
                    due_at: Some(now),
                    leased_until: None,
                    outcome: None,
                    ended_at: None,
                    last_status: None,
                    last_error: None,
                    tried_at: None,
                };
                tx.wake_webhooks();
                Ok(crate::resource::insert::<Entity>(tx, delivery).await?)
            })
        })
        .await?;
    Ok(Row::single(row))
}

/// Tells again what has ended, by the whole schedule, or at once what waits; with the same message id either way.
/// `of_endpoint`, if given, must be the delivery's.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Conflict`] when the endpoint is disabled or webhooks are switched off.
pub async fn replay(
    permit: Permit<'_, Change, webhook_endpoint::Entity>,
    of_endpoint: Option<i64>,
    id: i64,
) -> Result<Row<Entity>> {
    let row = permit
        .ctx()
        .transaction(move |tx| {
            Box::pin(async move {
                let mut row = locked::<Entity>(tx, id, None).await?;
                if of_endpoint.is_some_and(|endpoint| endpoint != row.endpoint_id) {
                    return Err(Error::NotFound);
                }
                ready(tx, row.endpoint_id).await?;
                if row.outcome.take().is_some() {
                    row.ended_at = None;
                    row.attempts_before = row.attempts;
                }
                row.due_at = Some(tx.ctx().now);
                update_row::<Entity>(tx, &row).await?;
                tx.wake_webhooks();
                Ok(row)
            })
        })
        .await?;
    Ok(Row::single(row))
}

/// From when on deliveries that failed are told again.
#[derive(Clone, Debug, Default)]
pub struct Since {
    /// That moment.
    pub since: Field<DateTime<Utc>>,
    /// What the face could not read.
    pub faults: Faults,
}

/// How many deliveries were begun anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// This many.
    pub count: u64,
    /// Whether there are more: ask again.
    pub has_more: bool,
}

/// Tells again what has failed for good since a moment, the oldest first, at most [`REPLAYED`] at a time.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Invalid`], [`Error::Conflict`] when the endpoint is disabled or webhooks are switched off.
pub async fn replay_failed(
    permit: Permit<'_, Change, webhook_endpoint::Entity>,
    endpoint_id: i64,
    since: Since,
) -> Result<Replayed> {
    permit
        .ctx()
        .transaction(move |tx| {
            let mut since = since.clone();
            Box::pin(async move {
                ready(tx, endpoint_id).await?;
                let mut check = Check::new_row(std::mem::take(&mut since.faults));
                let moment = check.required("since", since.since);
                check.finish()?;
                let wanted = failed().and(of(endpoint_id)).and(Filter::compare(
                    Column::EndedAt,
                    Comparison::GreaterOrEqual,
                    moment.unwrap_or_default(),
                ));
                let chosen = wanted
                    .clone()
                    .apply(Entity::find())
                    .select_only()
                    .column(Column::Id)
                    .order_by_asc(Column::Id)
                    .limit(REPLAYED);
                let begun = Entity::update_many()
                    .col_expr(Column::DueAt, Expr::val(tx.ctx().now))
                    .col_expr(Column::Outcome, Expr::val(None::<Outcome>))
                    .col_expr(Column::EndedAt, Expr::val(None::<DateTime<Utc>>))
                    .col_expr(Column::AttemptsBefore, Expr::col(Column::Attempts))
                    .filter(Column::Id.in_subquery(chosen.into_query()))
                    .exec(tx)
                    .await?;
                let left = wanted.apply(Entity::find()).limit(1).count(tx).await?;
                tx.wake_webhooks();
                Ok(Replayed {
                    count: begun.rows_affected,
                    has_more: left > 0,
                })
            })
        })
        .await
}

/// How a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is still to be taken.
    Pending,
    /// The receiver took it.
    Delivered,
    /// It was given up.
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
