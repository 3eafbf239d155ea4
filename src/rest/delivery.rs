//! Webhook deliveries: what was told to an endpoint, each with its tries.

use std::sync::Arc;

use ::entity::delivery::{Column, Entity};
use ::entity::{attempt, event, webhook_endpoint};
use axum::extract::{FromRequestParts, Path, RawQuery};
use axum::http::StatusCode;
use axum::http::request::Parts;
use schemars::JsonSchema;
use serde::Serialize;

use super::caller::{Caller, Origin};
use super::face::{Shown, Versions};
use super::page::{Moment, object};
use super::problem::{Problem, not_found};
use super::query::{By, Filterable, Query};
use super::verbs::{self, Answer, Target, number};
use crate::auth::{Change, Read};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::kind::Kind;
use crate::query::{Listing, PageRequest, Row};
use crate::resolvers;
use crate::resolvers::delivery::{self as rules, State};
use crate::services::Services;
use crate::webhooks::ATTEMPTS_KEPT;

/// The JSON of a delivery.
#[derive(Serialize, JsonSchema)]
pub struct DeliveryView {
    /// Its number among its kind, for ever.
    #[schemars(range(min = 1))]
    id: i64,
    /// What the receiver knows the message by: `webhook-id`, the same on every try.
    message_id: String,
    /// What it tells of.
    event: &'static str,
    /// `pending` while it is still to be taken, then `delivered` or `failed`.
    #[schemars(extend("enum" = ["pending", "delivered", "failed"]))]
    outcome: &'static str,
    /// When what it tells of happened.
    created_at: Moment,
    /// When it was taken, or given up.
    ended_at: Option<Moment>,
    /// When it is tried next.
    next_attempt_at: Option<Moment>,
    /// How often it was tried.
    attempt_count: i64,
    /// Its tries, the first one first; the last 20 of them are kept.
    attempts: Vec<AttemptView>,
}

/// The JSON of a try.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WebhookAttempt")]
pub struct AttemptView {
    /// Which of the delivery's tries, counted from 1.
    #[schemars(range(min = 1))]
    number: i64,
    /// When it began.
    started_at: Moment,
    /// How long it took, in milliseconds.
    duration_ms: i64,
    /// The status of the answer; null when there was none.
    status: Option<i64>,
    /// What was wrong, in words for people; null when the receiver took it.
    error: Option<String>,
}

impl From<&Row<attempt::Entity>> for AttemptView {
    fn from(row: &Row<attempt::Entity>) -> Self {
        Self {
            number: row.number,
            started_at: Moment(row.started_at),
            duration_ms: row.duration_ms,
            status: row.status,
            error: row.error.clone(),
        }
    }
}

impl Shown for Entity {
    type View = DeliveryView;
    const FILTERS: &'static [Filterable<Column>] = &[Filterable {
        name: "outcome",
        by: By::OneOf(&[
            ("pending", rules::pending),
            ("delivered", rules::delivered),
            ("failed", rules::failed),
        ]),
        about: "Only deliveries that stand like this.",
    }];

    async fn view(ctx: &Ctx, row: &Row<Self>) -> Result<Option<(DeliveryView, Versions)>> {
        let event = row
            .one::<event::Entity>(ctx, "event", |row| Some(row.event_id))
            .await?;
        let Some(event) = event else { return Ok(None) };
        let span = PageRequest {
            size: u64::try_from(ATTEMPTS_KEPT).unwrap_or_default(),
            backwards: false,
            skip: 0,
            after: None,
            before: None,
        };
        let (attempts, _) = row
            .many::<attempt::Entity>(ctx, "attempts", attempt::Column::DeliveryId, &span, || {
                Ok(Listing::default())
            })
            .await?;
        let view = DeliveryView {
            id: row.id,
            message_id: event.message_id.clone(),
            event: event.name.as_str(),
            outcome: match State::from(row.outcome) {
                State::Pending => "pending",
                State::Delivered => "delivered",
                State::Failed => "failed",
            },
            created_at: Moment(event.created_at),
            ended_at: row.ended_at.map(Moment),
            next_attempt_at: row.due_at.map(Moment),
            attempt_count: row.attempts,
            attempts: attempts.items.iter().map(AttemptView::from).collect(),
        };
        Ok(Some((view, [1, 0, 0])))
    }
}

/// `GET /webhooks/<id>/deliveries/`
pub async fn list(target: Target, origin: Origin, RawQuery(query): RawQuery) -> Answer {
    let endpoint =
        resolvers::find::<webhook_endpoint::Entity>(target.ctx.permit::<Read, _>()?, target.id).await?;
    let address = format!("{}deliveries/", origin.object(Kind::Webhook, endpoint.id));
    let query = Query::parse(query.as_deref());
    let permit = target.ctx.reader::<Entity>()?;
    verbs::page(permit, &address, &query, rules::of(endpoint.id)).await
}

/// `GET /webhooks/<id>/deliveries/<delivery>/`
pub async fn show(one: One) -> Answer {
    let row = rules::find(one.ctx.reader()?, one.endpoint_id, one.id).await?;
    shown(&one.ctx, &row, StatusCode::OK).await
}

/// `POST /webhooks/<id>/deliveries/<delivery>/replay/`
pub async fn replay(one: One) -> Answer {
    let permit = one.ctx.permit::<Change, _>()?;
    let row = rules::replay(permit, Some(one.endpoint_id), one.id).await?;
    shown(&one.ctx, &row, StatusCode::ACCEPTED).await
}

/// A delivery as it stands. It has no `ETag`: it changes by itself.
pub async fn shown(ctx: &Ctx, row: &Row<Entity>, status: StatusCode) -> Answer {
    Ok(match Entity::view(ctx, row).await? {
        Some((view, _)) => object(status, &view),
        None => not_found(),
    })
}

/// The delivery that a path names, and who asks for it.
pub struct One {
    ctx: Ctx,
    endpoint_id: i64,
    id: i64,
}

impl FromRequestParts<Arc<Services>> for One {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, services: &Arc<Services>) -> Result<Self, Problem> {
        let Path((endpoint, id)) = Path::<(String, String)>::from_request_parts(parts, services)
            .await
            .map_err(|_| Error::NotFound)?;
        let Caller(ctx) = Caller::from_request_parts(parts, services).await?;
        Ok(Self {
            ctx,
            endpoint_id: number(&endpoint),
            id: number(&id),
        })
    }
}
