//! Webhook deliveries: JSON, list parameters, and handlers.

use std::sync::Arc;

use ::entity::delivery::{Column, Entity};
use ::entity::{attempt, event, webhook_endpoint};
use axum::body::Bytes;
use axum::extract::{FromRequestParts, Path, RawQuery};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use form_fields::QueryString;
use http_server::json::json_response;
use schemars::JsonSchema;
use serde::Serialize;

use super::caller::{BaseUrl, Caller};
use super::error::{ErrorResponse, RestError};
use super::list_query::{FilterBy, ListFilter};
use super::representation::{Represent, Versions};
use super::value::Timestamp;
use super::verbs::{self, HandlerResult, Target, check_without_tag, parse_id};
use crate::auth::{Change, Read};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::http::idempotent_request::IdempotentRequest;
use crate::kind::Kind;
use crate::query::paging::children_of;
use crate::query::{Listing, PageRequest, Row};
use crate::resolvers;
use crate::resolvers::delivery::{self as rules, State};
use crate::services::Services;
use crate::webhooks::ATTEMPTS_KEPT;

#[derive(Serialize, JsonSchema)]
pub(crate) struct DeliveryView {
    /// The id, which is never reused.
    #[schemars(range(min = 1))]
    id: i64,
    /// The id of the message, sent as `webhook-id` in every attempt.
    message_id: String,
    /// The event.
    event: &'static str,
    /// `pending` while attempts remain, then `delivered` or `failed`.
    #[schemars(extend("enum" = ["pending", "delivered", "failed"]))]
    outcome: &'static str,
    /// The time of the event.
    created_at: Timestamp,
    /// The time at which it was delivered or failed; null while it is pending.
    ended_at: Option<Timestamp>,
    /// The time of the next attempt.
    next_attempt_at: Option<Timestamp>,
    /// The number of attempts so far.
    attempt_count: i64,
    /// The last 20 attempts, oldest first.
    attempts: Vec<AttemptView>,
}

/// An attempt to deliver a message.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WebhookAttempt")]
pub(crate) struct AttemptView {
    /// The number of the attempt, from 1.
    #[schemars(range(min = 1))]
    number: i64,
    /// The time at which it started.
    started_at: Timestamp,
    /// The duration in milliseconds.
    duration_ms: i64,
    /// The status of the response; null if there was none.
    status: Option<i64>,
    /// Why it failed, in English; null if it succeeded.
    error: Option<String>,
}

impl From<&Row<attempt::Entity>> for AttemptView {
    fn from(row: &Row<attempt::Entity>) -> Self {
        Self {
            number: row.number,
            started_at: Timestamp(row.started_at),
            duration_ms: row.duration_ms,
            status: row.status,
            error: row.error.clone(),
        }
    }
}

impl Represent for Entity {
    type View = DeliveryView;
    const FILTERS: &'static [ListFilter<Column>] = &[ListFilter {
        name: "outcome",
        by: FilterBy::OneOf(&[
            ("pending", rules::pending),
            ("delivered", rules::delivered),
            ("failed", rules::failed),
        ]),
        description: "Only deliveries with this outcome.",
    }];

    async fn view(ctx: &Ctx, row: &Row<Self>) -> Result<Option<(DeliveryView, Versions)>> {
        let event = row
            .one::<event::Entity>(ctx, rules::EVENT, |row| Some(row.event_id))
            .await?;
        let Some(event) = event else { return Ok(None) };
        let request = PageRequest {
            size: u64::try_from(ATTEMPTS_KEPT).unwrap_or_default(),
            is_backward: false,
            skip: 0,
            after: None,
            before: None,
        };
        let listing = || Ok(Listing::<attempt::Entity>::default());
        let reference = attempt::Column::DeliveryId;
        let (attempts, _) = children_of(ctx, row, "attempts".into(), reference, &request, listing).await?;
        let view = DeliveryView {
            id: row.id,
            message_id: event.message_id.clone(),
            event: event.name.as_str(),
            outcome: match State::from(row.outcome) {
                State::Pending => "pending",
                State::Delivered => "delivered",
                State::Failed => "failed",
            },
            created_at: Timestamp(event.created_at),
            ended_at: row.ended_at.map(Timestamp),
            next_attempt_at: row.due_at.map(Timestamp),
            attempt_count: row.attempts,
            attempts: attempts.items.iter().map(AttemptView::from).collect(),
        };
        Ok(Some((view, [1, 0, 0])))
    }
}

/// `GET /webhooks/<id>/deliveries/`
pub(crate) async fn list(target: Target, base_url: BaseUrl, RawQuery(query): RawQuery) -> HandlerResult {
    let endpoint =
        resolvers::find::<webhook_endpoint::Entity>(target.ctx.permit::<Read, _>()?, target.id).await?;
    let url = format!("{}deliveries/", base_url.object(Kind::Webhook, endpoint.id));
    let query = QueryString::parse(query.as_deref());
    let permit = target.ctx.reader::<Entity>()?;
    verbs::list_page(permit, &url, &query, rules::of_endpoint(endpoint.id)).await
}

/// `GET /webhooks/<id>/deliveries/<delivery>/`
pub(crate) async fn show(target: DeliveryTarget) -> HandlerResult {
    let row = rules::find(target.ctx.reader()?, target.endpoint_id, target.id).await?;
    respond_with(&target.ctx, &row, StatusCode::OK).await
}

/// `POST /webhooks/<id>/deliveries/<delivery>/replay/`
pub(crate) async fn replay(
    target: DeliveryTarget,
    request: IdempotentRequest,
    headers: HeaderMap,
) -> HandlerResult {
    let DeliveryTarget { ctx, endpoint_id, id } = target;
    ctx.permit::<Change, webhook_endpoint::Entity>()?;
    request
        .run(ctx, Bytes::new(), |ctx, _| async move {
            if let Err(error) = check_without_tag(&headers) {
                rules::find(ctx.reader()?, endpoint_id, id).await?;
                return Err(error.into());
            }
            let row = rules::replay(ctx.permit()?, Some(endpoint_id), id).await?;
            respond_with(&ctx, &row, StatusCode::ACCEPTED).await
        })
        .await
}

/// Responds with a delivery. There is no `ETag`, because the view changes without a new version.
pub(crate) async fn respond_with(ctx: &Ctx, row: &Row<Entity>, status: StatusCode) -> HandlerResult {
    Ok(match Entity::view(ctx, row).await? {
        Some((view, _)) => json_response(status, &view),
        None => ErrorResponse::not_found().into_response(),
    })
}

/// Extracts the caller, and the ids in the path.
pub(crate) struct DeliveryTarget {
    ctx: Ctx,
    endpoint_id: i64,
    id: i64,
}

impl FromRequestParts<Arc<Services>> for DeliveryTarget {
    type Rejection = RestError;

    async fn from_request_parts(parts: &mut Parts, services: &Arc<Services>) -> Result<Self, RestError> {
        let Path((endpoint, id)) = Path::<(String, String)>::from_request_parts(parts, services)
            .await
            .map_err(|_| Error::NotFound)?;
        let Caller(ctx) = Caller::from_request_parts(parts, services).await?;
        Ok(Self {
            ctx,
            endpoint_id: parse_id(&endpoint),
            id: parse_id(&id),
        })
    }
}
