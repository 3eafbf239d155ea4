//! Webhook endpoints, and what can be done with one besides changing it. Their secrets are shown when they are made and
//! never again.

use ::entity::event::Name;
use ::entity::webhook_endpoint::{Column, Ending, Entity, Secret};
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use super::caller::{Caller, Origin};
use super::face::{Rest, Shown, Versions};
use super::form::{Form, receive};
use super::page::{Moment, object};
use super::query::Filterable;
use super::verbs::{Answer, Target, located, made};
use super::{delivery, etag};
use crate::auth::Change;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::query::Row;
use crate::resolvers;
use crate::resolvers::delivery::{self as deliveries, Since};
use crate::resolvers::webhook_endpoint::{self as rules, DESCRIPTION_LENGTH, Draft, Rotation, URL_LENGTH};

/// What an endpoint can ask to be told of.
const EVENTS: [&str; 3] = [
    Name::OutflowCreated.as_str(),
    Name::InflowCreated.as_str(),
    Name::LowStock.as_str(),
];

/// The JSON of a webhook endpoint.
#[derive(Serialize, JsonSchema)]
pub struct EndpointView {
    /// Its number among its kind, for ever.
    #[schemars(range(min = 1), extend("readOnly" = true))]
    id: i64,
    /// Where messages are sent: an http or https address. Not on this machine or a private network, unless the settings
    /// allow it.
    #[schemars(length(min = 1, max = URL_LENGTH), url)]
    url: String,
    /// What it is for.
    #[schemars(length(max = DESCRIPTION_LENGTH))]
    description: Option<String>,
    /// What it is told of.
    #[schemars(length(min = 1), extend("items" = { "type": "string", "enum": EVENTS }))]
    events: Vec<&'static str>,
    /// Whether it is told of nothing: somebody wanted it so, or Stockroom has given it up.
    #[schemars(extend("default" = false))]
    disabled: bool,
    /// Since when.
    #[schemars(extend("readOnly" = true))]
    disabled_at: Option<Moment>,
    /// Why: it was `requested`, it answered 410 (`gone`), or it took nothing for five days (`failing`).
    #[schemars(extend("readOnly" = true, "enum" = ["requested", "gone", "failing", null]))]
    disabled_reason: Option<&'static str>,
    /// Since when it has taken none of the messages that were tried; null while it takes them.
    #[schemars(extend("readOnly" = true))]
    failing_since: Option<Moment>,
    /// Until when messages are signed with the secret before the present one too; null when they are not.
    #[schemars(extend("readOnly" = true))]
    previous_secret_until: Option<Moment>,
    /// False for the endpoint of the settings, which only they change.
    #[schemars(extend("readOnly" = true))]
    managed: bool,
    /// When it came to be.
    #[schemars(extend("readOnly" = true))]
    created_at: Moment,
    /// When it last changed.
    #[schemars(extend("readOnly" = true))]
    updated_at: Moment,
}

/// An endpoint with its new secret, shown this once.
#[derive(Serialize, JsonSchema)]
pub struct SecretView {
    #[serde(flatten)]
    endpoint: EndpointView,
    /// What its messages are signed with. It is shown now and never again.
    #[schemars(regex(pattern = r"^whsec_[A-Za-z0-9+/]+=*$"), extend("readOnly" = true))]
    secret: String,
}

/// How many deliveries are told again.
#[derive(Serialize, JsonSchema)]
pub struct Replayed {
    /// How many are told again.
    replayed: u64,
    /// Whether there are more, for which to ask again.
    has_more: bool,
}

impl Shown for Entity {
    type View = EndpointView;
    const FILTERS: &'static [Filterable<Column>] = &[];

    async fn view(ctx: &Ctx, row: &Row<Self>) -> Result<Option<(EndpointView, Versions)>> {
        let view = EndpointView {
            id: row.id,
            url: row.url.clone(),
            description: row.description.clone(),
            events: rules::events(row).map(Name::as_str).collect(),
            disabled: row.ended_at.is_some(),
            disabled_at: row.ended_at.map(Moment),
            disabled_reason: row.ended_because.map(|because| match because {
                Ending::Requested => "requested",
                Ending::Gone => "gone",
                Ending::Failing => "failing",
            }),
            failing_since: row.failing_since.map(Moment),
            previous_secret_until: rules::overlap_ends(ctx, row).map(Moment),
            managed: row.managed,
            created_at: Moment(row.created_at),
            updated_at: Moment(row.updated_at),
        };
        // Some of what is shown changes by itself: that an endpoint fails, and that an overlap ends.
        let by_itself = |moment: Option<DateTime<Utc>>| moment.map_or(0, |moment| moment.timestamp_micros());
        let versions = [
            row.version,
            by_itself(row.failing_since),
            by_itself(rules::overlap_ends(ctx, row)),
        ];
        Ok(Some((view, versions)))
    }
}

impl Rest for Entity {
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
pub async fn add(Caller(ctx): Caller, origin: Origin, headers: HeaderMap, body: Body) -> Answer {
    let row = made::<Entity>(&ctx, &headers, body).await?;
    Ok(located(
        with_secret(&ctx, &row, StatusCode::CREATED).await?,
        &origin,
        &row,
    ))
}

/// `POST /webhooks/<id>/rotate-secret/`
pub async fn rotate(target: Target, headers: HeaderMap, body: Body) -> Answer {
    let permit = target.ctx.permit::<Change, Entity>()?;
    let current = resolvers::current(&permit, target.id).await?;
    let body = receive(&headers, body).await?;
    let mut form = Form::parse_optional(&body)?;
    let rotation = Rotation {
        overlap: form.integer("overlap"),
        faults: form.faults(),
    };
    let expected = etag::expected(&headers, current.version);
    let row = rules::rotate(permit, target.id, expected, rotation).await?;
    with_secret(&target.ctx, &row, StatusCode::OK).await
}

/// `POST /webhooks/<id>/test/`
pub async fn test(target: Target) -> Answer {
    let permit = target.ctx.permit::<Change, Entity>()?;
    let row = deliveries::test(permit, target.id).await?;
    delivery::shown(&target.ctx, &row, StatusCode::ACCEPTED).await
}

/// `POST /webhooks/<id>/replay/`
pub async fn replay(target: Target, headers: HeaderMap, body: Body) -> Answer {
    let permit = target.ctx.permit::<Change, Entity>()?;
    resolvers::current(&permit, target.id).await?;
    let body = receive(&headers, body).await?;
    let mut form = Form::parse(&body)?;
    let since = Since {
        since: form.moment("since"),
        faults: form.faults(),
    };
    let replayed = deliveries::replay_failed(permit, target.id, since).await?;
    Ok(object(
        StatusCode::ACCEPTED,
        &Replayed {
            replayed: replayed.count,
            has_more: replayed.has_more,
        },
    ))
}

/// The endpoint with the secret that it has just been given.
async fn with_secret(ctx: &Ctx, row: &Row<Entity>, status: StatusCode) -> Answer {
    let Some((endpoint, versions)) = Entity::view(ctx, row).await? else {
        return Ok(super::problem::not_found());
    };
    let secret = row.secret.as_ref().map_or("", |Secret(secret)| secret);
    let view = SecretView {
        endpoint,
        secret: secret.to_owned(),
    };
    let mut response = object(status, &view);
    etag::put(&mut response, versions);
    Ok(response)
}
