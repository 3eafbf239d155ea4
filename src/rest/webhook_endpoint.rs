//! Webhook endpoints: JSON, request bodies, and the handlers of operations that other collections do not have.
//!
//! A secret is shown only in the response to the request that creates it.

use ::entity::event::Name;
use ::entity::webhook_endpoint::{Column, DisabledReason, Entity, Secret};
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use chrono::{DateTime, Utc};
use form_fields::Form;
use http_server::json::json_response;
use http_server::version_tag;
use schemars::JsonSchema;
use serde::Serialize;

use super::caller::{BaseUrl, Caller};
use super::delivery;
use super::error::ErrorResponse;
use super::list_query::ListFilter;
use super::representation::{Represent, RestResource, Versions};
use super::value::Timestamp;
use super::verbs::{
    HandlerResult, Target, check_preconditions, create_from_body, read_creation, with_location,
};
use crate::auth::Change;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::http::body::read_json_body;
use crate::http::idempotent_request::IdempotentRequest;
use crate::query::Row;
use crate::resolvers;
use crate::resolvers::delivery::{self as deliveries, ReplayRequest};
use crate::resolvers::webhook_endpoint::{self as rules, DESCRIPTION_LENGTH, Draft, Rotation, URL_LENGTH};

/// The events that an endpoint can subscribe to.
const EVENTS: [&str; 3] = [
    Name::OutflowCreated.as_str(),
    Name::InflowCreated.as_str(),
    Name::LowStock.as_str(),
];

#[derive(Serialize, JsonSchema)]
pub(crate) struct EndpointView {
    /// The id, which is never reused.
    #[schemars(range(min = 1), extend("readOnly" = true))]
    id: i64,
    /// The http or https URL to which messages are sent. It must not be on this machine or a private network, unless the
    /// settings allow it.
    #[schemars(length(min = 1, max = URL_LENGTH), url)]
    url: String,
    /// A description.
    #[schemars(length(max = DESCRIPTION_LENGTH))]
    description: Option<String>,
    /// The events to send.
    #[schemars(length(min = 1), extend("items" = { "type": "string", "enum": EVENTS }))]
    events: Vec<&'static str>,
    /// Whether no messages are sent, either on request or because deliveries kept failing.
    #[schemars(extend("default" = false))]
    disabled: bool,
    /// The time at which it was disabled.
    #[schemars(extend("readOnly" = true))]
    disabled_at: Option<Timestamp>,
    /// Why it is disabled: on request (`requested`), because it responded with 410 (`gone`), or because all deliveries
    /// failed for five days (`failing`).
    #[schemars(extend("readOnly" = true, "enum" = ["requested", "gone", "failing", null]))]
    disabled_reason: Option<&'static str>,
    /// The time since which all deliveries have failed; null if the last one succeeded.
    #[schemars(extend("readOnly" = true))]
    failing_since: Option<Timestamp>,
    /// The time until which messages are also signed with the previous secret; null if they are not.
    #[schemars(extend("readOnly" = true))]
    previous_secret_until: Option<Timestamp>,
    /// Whether it can be changed here. False for the endpoint of the settings.
    #[schemars(extend("readOnly" = true))]
    managed: bool,
    /// The time of creation.
    #[schemars(extend("readOnly" = true))]
    created_at: Timestamp,
    /// The time of the last change.
    #[schemars(extend("readOnly" = true))]
    updated_at: Timestamp,
}

/// An endpoint with its new secret.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SecretView {
    #[serde(flatten)]
    endpoint: EndpointView,
    /// The secret that signs its messages. It is not shown again.
    #[schemars(regex(pattern = r"^whsec_[A-Za-z0-9+/]+=*$"), extend("readOnly" = true))]
    secret: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct ReplayView {
    /// The number of deliveries that will be sent again.
    replayed: u64,
    /// Whether more deliveries remain for another request.
    has_more: bool,
}

impl Represent for Entity {
    type View = EndpointView;
    const FILTERS: &'static [ListFilter<Column>] = &[];

    async fn view(ctx: &Ctx, row: &Row<Self>) -> Result<Option<(EndpointView, Versions)>> {
        let view = EndpointView {
            id: row.id,
            url: row.url.clone(),
            description: row.description.clone(),
            events: rules::events(row).map(Name::as_str).collect(),
            disabled: row.ended_at.is_some(),
            disabled_at: row.ended_at.map(Timestamp),
            disabled_reason: row.ended_because.map(|because| match because {
                DisabledReason::Requested => "requested",
                DisabledReason::Gone => "gone",
                DisabledReason::Failing => "failing",
            }),
            failing_since: row.failing_since.map(Timestamp),
            previous_secret_until: rules::overlap_end(ctx, row).map(Timestamp),
            managed: row.managed,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
        };
        // Two fields can change without a new version: `failing_since` and `previous_secret_until`.
        let micros = |time: Option<DateTime<Utc>>| time.map_or(0, |time| time.timestamp_micros());
        let versions = [
            row.version,
            micros(row.failing_since),
            micros(rules::overlap_end(ctx, row)),
        ];
        Ok(Some((view, versions)))
    }
}

impl RestResource for Entity {
    fn draft(mut form: Form<'_>) -> Draft {
        Draft {
            url: form.text("url"),
            events: form.texts("events"),
            description: form.text("description"),
            disabled: form.boolean("disabled"),
            faults: form.faults(),
        }
    }
}

/// `POST /webhooks/`
pub(crate) async fn add(
    Caller(ctx): Caller,
    base_url: BaseUrl,
    request: IdempotentRequest,
    headers: HeaderMap,
    body: Body,
) -> HandlerResult {
    let body = read_creation::<Entity>(&ctx, &headers, body).await?;
    request
        .run(ctx, body, |ctx, body| async move {
            let row = create_from_body::<Entity>(&ctx, &body).await?;
            Ok(with_location(
                with_secret(&ctx, &row, StatusCode::CREATED).await?,
                &base_url,
                &row,
            ))
        })
        .await
}

/// `POST /webhooks/<id>/rotate-secret/`
pub(crate) async fn rotate(
    target: Target,
    request: IdempotentRequest,
    headers: HeaderMap,
    body: Body,
) -> HandlerResult {
    let Target { ctx, id } = target;
    ctx.permit::<Change, Entity>()?;
    let expected = required_version(&ctx, &headers, id).await;
    // A request with a key may be a repeat, and its first execution may have changed the version.
    if !request.has_key() {
        expected.clone()?;
    }
    let body = read_json_body(&headers, body).await?;
    request
        .run(ctx, body, |ctx, body| async move {
            let expected = expected?;
            let mut form = Form::parse_optional(&body)?;
            let rotation = Rotation {
                overlap: form.integer("overlap"),
                faults: form.faults(),
            };
            let row = rules::rotate(ctx.permit()?, id, expected, rotation).await?;
            with_secret(&ctx, &row, StatusCode::OK).await
        })
        .await
}

/// The version of the endpoint that the preconditions require.
async fn required_version(ctx: &Ctx, headers: &HeaderMap, id: i64) -> Result<Option<i64>> {
    let current = resolvers::find_model(&ctx.permit::<Change, Entity>()?, id).await?;
    let expected = version_tag::expected_version(headers, current.version);
    check_preconditions::<Entity>(ctx, headers, expected, current).await?;
    Ok(expected)
}

/// `POST /webhooks/<id>/test/`
pub(crate) async fn test(target: Target, request: IdempotentRequest, headers: HeaderMap) -> HandlerResult {
    let Target { ctx, id } = target;
    ctx.permit::<Change, Entity>()?;
    let expected = required_version(&ctx, &headers, id).await;
    request
        .run(ctx, Bytes::new(), |ctx, _| async move {
            let row = deliveries::test(ctx.permit()?, id, expected?).await?;
            delivery::respond_with(&ctx, &row, StatusCode::ACCEPTED).await
        })
        .await
}

/// `POST /webhooks/<id>/replay/`
pub(crate) async fn replay(
    target: Target,
    request: IdempotentRequest,
    headers: HeaderMap,
    body: Body,
) -> HandlerResult {
    let Target { ctx, id } = target;
    ctx.permit::<Change, Entity>()?;
    let expected = required_version(&ctx, &headers, id).await;
    if !request.has_key() {
        expected.clone()?;
    }
    let body = read_json_body(&headers, body).await?;
    request
        .run(ctx, body, |ctx, body| async move {
            let expected = expected?;
            let mut form = Form::parse(&body)?;
            let replay = ReplayRequest {
                since: form.timestamp("since"),
                faults: form.faults(),
            };
            let result = deliveries::replay_failed(ctx.permit()?, id, expected, replay).await?;
            Ok(json_response(
                StatusCode::ACCEPTED,
                &ReplayView {
                    replayed: result.count,
                    has_more: result.has_more,
                },
            ))
        })
        .await
}

/// Responds with an endpoint and its new secret.
async fn with_secret(ctx: &Ctx, row: &Row<Entity>, status: StatusCode) -> HandlerResult {
    let Some((endpoint, versions)) = Entity::view(ctx, row).await? else {
        return Ok(ErrorResponse::not_found().into_response());
    };
    let secret = row.secret.as_ref().map_or("", |Secret(secret)| secret);
    let view = SecretView {
        endpoint,
        secret: secret.to_owned(),
    };
    let mut response = json_response(status, &view);
    version_tag::add_etag(&mut response, &versions);
    Ok(response)
}
