//! Webhook endpoints, the receivers of events. Every operation, including reading, requires the permission
//! `change_webhook`.
//!
//! The endpoint of the settings is listed with the others, but only the settings can change it.

use std::collections::BTreeSet;

use ::entity::event::Name;
use ::entity::product;
use ::entity::webhook_endpoint::{Column, DisabledReason, Entity, Model, Secret};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryTrait};
use url::Url;
use webhook_sender::SigningSecret;

use crate::auth::{Change, Permission, Permit};
use crate::ctx::Ctx;
use crate::error::{Conflict, Error, Fault, FaultCode, Faults, Result};
use crate::kind::Kind;
use crate::query::{Collection, Direction, Field, FieldCheck, ListColumn, Row};
use crate::resource::{Created, Editable, Resource, delete_row, find_locked, insert, update_row};
use crate::tx::Tx;
use crate::webhooks::{disable, target};

/// The maximum number of endpoints in addition to the one from the settings.
const MAX_ENDPOINTS: usize = 50;
/// The maximum length of a URL in characters.
pub const URL_LENGTH: usize = 2_000;
/// The maximum length of a description in characters.
pub const DESCRIPTION_LENGTH: usize = 500;
/// The default time for which messages are also signed with the old secret, in seconds: a day.
pub const OVERLAP: i64 = 24 * 3_600;
/// The maximum time for which messages are also signed with the old secret, in seconds: a week.
pub const MAX_OVERLAP: i64 = 7 * 24 * 3_600;

/// The values that a client can send for an endpoint.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// An http or https URL with a public address, unless private ones are allowed.
    pub url: Field<String>,
    /// The names of the events to send: one or more.
    pub events: Field<Vec<String>>,
    pub description: Field<String>,
    /// False by default.
    pub disabled: Field<bool>,
    /// The faults of values that the API could not read.
    pub faults: Faults,
}

/// The values that a client can send to rotate a secret.
#[derive(Clone, Debug, Default)]
pub struct Rotation {
    /// The time for which the old secret stays valid, in seconds.
    pub overlap: Field<i64>,
    /// The faults of values that the API could not read.
    pub faults: Faults,
}

/// Parses a URL and checks it without resolving its name.
fn parse_url(text: &str, allow_private: bool) -> Result<Url, String> {
    let url: Url = text.parse().map_err(|_| "Enter a valid URL.".to_owned())?;
    target::check(&url, allow_private).map_err(|reason| format!("Enter a valid URL: it {reason}."))?;
    // The stored form is percent-encoded, with the host in ASCII, and can be longer than the text.
    if url.as_str().len() > URL_LENGTH {
        return Err(format!(
            "Ensure this field has no more than {URL_LENGTH} characters once it is percent-encoded."
        ));
    }
    Ok(url)
}

/// The value of the column `events`: each name once, in a fixed order.
fn events_column(names: &[String]) -> Result<String, (FaultCode, String)> {
    if names.is_empty() {
        return Err((FaultCode::Blank, "This list may not be empty.".to_owned()));
    }
    let chosen: Option<BTreeSet<&str>> = names
        .iter()
        .map(|name| Name::subscribable(name).map(Name::as_str))
        .collect();
    let all = Name::SUBSCRIBABLE.map(Name::as_str);
    let chosen = chosen.ok_or_else(|| {
        let message = format!("Choose from: {}.", all.join(", "));
        (FaultCode::Invalid, message)
    })?;
    let in_order = all.into_iter().filter(|name| chosen.contains(name));
    Ok(in_order.collect::<Vec<_>>().join(","))
}

fn write(ctx: &Ctx, row: &mut Model, draft: Draft, mut check: FieldCheck) -> Result<()> {
    if let Some(text) = check.required_text("url", draft.url, URL_LENGTH) {
        match parse_url(&text, ctx.services.config.webhook_allow_private) {
            Ok(url) => row.url = url.into(),
            Err(message) => check.fault("url", FaultCode::Invalid, message),
        }
    }
    if let Some(names) = check.required("events", draft.events) {
        match events_column(&names) {
            Ok(events) => row.events = events,
            Err((code, message)) => check.fault("events", code, message),
        }
    }
    if let Some(description) = check.optional_text("description", draft.description, DESCRIPTION_LENGTH) {
        row.description = description;
    }
    match check.optional("disabled", draft.disabled) {
        Some(true) if row.ended_at.is_none() => {
            row.ended_at = Some(ctx.now);
            row.ended_because = Some(DisabledReason::Requested);
        }
        Some(false) => {
            row.ended_at = None;
            row.ended_because = None;
            row.failing_since = None;
        }
        Some(true) | None => {}
    }
    Ok(check.finish()?)
}

/// Fails for the endpoint of the settings.
fn require_managed(row: &Model) -> Result<()> {
    if row.managed {
        Ok(())
    } else {
        Err(Error::Conflict(Conflict::ReadOnly))
    }
}

/// Fails if the maximum number of endpoints exists. Locks the endpoints before it counts them, so that concurrent requests
/// can't exceed the maximum.
async fn require_capacity(tx: &Tx) -> Result<()> {
    let mut all = Entity::find().filter(Column::Managed.eq(true));
    tx.backend().lock(QueryTrait::query(&mut all));
    all.all(tx).await?;
    let count = Entity::find()
        .filter(Column::Managed.eq(true))
        .all(tx)
        .await?
        .len();
    if count >= MAX_ENDPOINTS {
        return Err(Error::Conflict(Conflict::TooMany));
    }
    Ok(())
}

impl Collection for Entity {
    const COLUMNS: &'static [ListColumn<Column>] = &[
        ListColumn::value(Column::Id),
        ListColumn::value(Column::Url),
        ListColumn::value(Column::CreatedAt),
        ListColumn::value(Column::UpdatedAt),
    ];
    const DEFAULT_ORDER: (&'static str, Direction) = ("id", Direction::Ascending);
    const GUARD: Option<Permission> = Some(Permission::WEBHOOKS);
}

impl Resource for Entity {
    const KIND: Kind = Kind::Webhook;
    type Draft = Draft;

    /// Resolves the URL's name, to report a private address early. Every connection resolves and checks it again.
    async fn prepare(ctx: &Ctx, mut draft: Draft) -> Result<Draft> {
        let allow_private = ctx.services.config.webhook_allow_private;
        if let Field::Set(text) = &draft.url
            && let Ok(url) = parse_url(text.trim(), allow_private)
            && target::check_resolved_addresses(&url, allow_private)
                .await
                .is_err()
        {
            let message =
                "Enter a valid URL: its name resolves to an address on this machine or a private network.";
            draft.faults.push(Fault::new("url", FaultCode::Invalid, message));
        }
        Ok(draft)
    }

    async fn create(tx: &Tx, mut draft: Draft) -> Result<Created<Self>> {
        let check = FieldCheck::new_object(std::mem::take(&mut draft.faults));
        let now = tx.ctx().now;
        let mut row = Model {
            id: 0,
            managed: true,
            url: String::new(),
            description: None,
            events: String::new(),
            secret: Some(Secret(SigningSecret::random())),
            previous_secret: None,
            previous_secret_until: None,
            failing_since: None,
            ended_at: None,
            ended_because: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        write(tx.ctx(), &mut row, draft, check)?;
        require_capacity(tx).await?;
        Ok(Created::new(insert::<Self>(tx, row).await?))
    }

    async fn remove(tx: &Tx, row: &Model) -> Result<Option<product::Model>> {
        require_managed(row)?;
        delete_row::<Self>(tx, row).await?;
        disable::delete(tx, row.id).await?;
        Ok(None)
    }
}

impl Editable for Entity {
    async fn change(tx: &Tx, mut row: Model, mut draft: Draft) -> Result<Model> {
        require_managed(&row)?;
        let check = FieldCheck::existing_object(std::mem::take(&mut draft.faults));
        let was_enabled = row.ended_at.is_none();
        write(tx.ctx(), &mut row, draft, check)?;
        store_change(tx, &mut row).await?;
        if was_enabled && row.ended_at.is_some() {
            disable::fail_pending(tx, row.id).await?;
        }
        Ok(row)
    }
}

async fn store_change(tx: &Tx, row: &mut Model) -> Result<()> {
    row.version += 1;
    row.updated_at = tx.ctx().now;
    Ok(update_row::<Entity>(tx, row).await?)
}

/// Replaces the secret of an endpoint. The new one is in the returned row and never shown again. Until the overlap ends,
/// messages are signed with both, so that the receiver can switch without losing a message.
///
/// # Errors
/// [`Error::NotFound`], [`Error::VersionConflict`], [`Error::Conflict`] for the endpoint of the settings.
pub async fn rotate(
    permit: Permit<'_, Change, Entity>,
    id: i64,
    expected_version: Option<i64>,
    rotation: Rotation,
) -> Result<Row<Entity>> {
    let row = permit
        .ctx()
        .change(move |tx| {
            let mut rotation = rotation.clone();
            Box::pin(async move {
                let mut row = find_locked::<Entity>(tx, id, expected_version).await?;
                require_managed(&row)?;
                let mut check = FieldCheck::new_object(std::mem::take(&mut rotation.faults));
                let overlap = check.integer("overlap", rotation.overlap, 0..=MAX_OVERLAP, Some(OVERLAP));
                check.finish()?;
                let old = row.secret.replace(Secret(SigningSecret::random()));
                let until = tx.ctx().now + TimeDelta::seconds(overlap.unwrap_or(OVERLAP));
                (row.previous_secret, row.previous_secret_until) = match old {
                    Some(old) if until > tx.ctx().now => (Some(old), Some(until)),
                    _ => (None, None),
                };
                store_change(tx, &mut row).await?;
                Ok(row)
            })
        })
        .await?;
    Ok(Row::single(row))
}

/// The time until which messages are also signed with the previous secret, or `None` if it has passed.
pub fn overlap_end(ctx: &Ctx, row: &Model) -> Option<DateTime<Utc>> {
    row.previous_secret_until.filter(|until| *until > ctx.now)
}

/// The events that the endpoint receives.
pub fn events(row: &Model) -> impl Iterator<Item = Name> {
    row.events.split(',').filter_map(Name::subscribable)
}
