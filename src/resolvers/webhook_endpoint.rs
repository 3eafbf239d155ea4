//! Webhook endpoints: who is told of events. All there is to do with them needs one permission, reading included.
//!
//! The endpoint of the settings is listed with the others, and only the settings change it.

use std::collections::BTreeSet;

use ::entity::event::Name;
use ::entity::webhook_endpoint::{Column, Ending, Entity, Model, Secret};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryTrait};
use url::Url;

use crate::auth::{Change, Permit, Right};
use crate::ctx::Ctx;
use crate::error::{Conflict, Error, Fault, FaultCode, Faults, Result};
use crate::kind::Kind;
use crate::query::{Check, Collection, Direction, Field, Row, Sortable};
use crate::resource::{Created, Editable, Resource, delete_row, insert, locked, update_row};
use crate::tx::Tx;
use crate::webhooks::{SigningSecret, disable, target};

/// The most endpoints, that of the settings aside.
pub const MOST: usize = 50;
/// The most characters of an address.
pub const URL_LENGTH: usize = 2_000;
/// The most characters of a description.
pub const DESCRIPTION_LENGTH: usize = 500;
/// For how many seconds the old secret signs beside the new one when nobody says otherwise: a day.
pub const OVERLAP: i64 = 24 * 3_600;
/// For how many seconds at most: a week.
pub const LONGEST_OVERLAP: i64 = 7 * 24 * 3_600;

/// What a caller may say of an endpoint.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// An http or https address, public unless others are allowed.
    pub url: Field<String>,
    /// What it is told of, by name: one or more.
    pub events: Field<Vec<String>>,
    /// What it is for.
    pub description: Field<String>,
    /// Whether it is told of nothing; not unless said.
    pub disabled: Field<bool>,
    /// What the face could not read.
    pub faults: Faults,
}

/// What a caller may say of a new secret.
#[derive(Clone, Debug, Default)]
pub struct Rotation {
    /// For how many seconds the old one signs beside it.
    pub overlap: Field<i64>,
    /// What the face could not read.
    pub faults: Faults,
}

/// Reads an address and checks it as it is written.
fn address(text: &str, allow_private: bool) -> Result<Url, String> {
    let url: Url = text.parse().map_err(|_| "Enter a valid URL.".to_owned())?;
    target::check(&url, allow_private).map_err(|why| format!("Enter a valid URL: it {why}."))?;
    Ok(url)
}

/// Reads the names of events; they are kept in one order, each once.
fn subscription(names: &[String]) -> Result<String, (FaultCode, String)> {
    if names.is_empty() {
        return Err((FaultCode::Blank, "This list may not be empty.".to_owned()));
    }
    let wanted: Option<BTreeSet<&str>> = names
        .iter()
        .map(|name| Name::subscribable(name).map(Name::as_str))
        .collect();
    let all = Name::SUBSCRIBABLE.map(Name::as_str);
    let wanted = wanted.ok_or_else(|| {
        let message = format!("Choose from: {}.", all.join(", "));
        (FaultCode::Invalid, message)
    })?;
    let wanted = all.into_iter().filter(|name| wanted.contains(name));
    Ok(wanted.collect::<Vec<_>>().join(","))
}

fn write(ctx: &Ctx, row: &mut Model, draft: Draft, mut check: Check) -> Result<()> {
    if let Some(text) = check.required_text("url", draft.url, URL_LENGTH) {
        match address(&text, ctx.services.config.webhook_allow_private) {
            Ok(url) => row.url = url.into(),
            Err(message) => check.fault("url", FaultCode::Invalid, message),
        }
    }
    if let Some(names) = check.required("events", draft.events) {
        match subscription(&names) {
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
            row.ended_because = Some(Ending::Requested);
        }
        Some(false) => {
            row.ended_at = None;
            row.ended_because = None;
            row.failing_since = None;
        }
        Some(true) | None => {}
    }
    check.finish()
}

/// Refuses to touch what only the settings change.
fn managed(row: &Model) -> Result<()> {
    if row.managed {
        Ok(())
    } else {
        Err(Error::Conflict(Conflict::ReadOnly))
    }
}

/// Refuses one more than there may be. Whoever else adds one waits for the endpoints that are there, so that two don't
/// both become the last.
async fn room_for_one(tx: &Tx) -> Result<()> {
    let mut all = Entity::find().filter(Column::Managed.eq(true));
    tx.backend().lock(QueryTrait::query(&mut all));
    all.all(tx).await?;
    let count = Entity::find()
        .filter(Column::Managed.eq(true))
        .all(tx)
        .await?
        .len();
    if count >= MOST {
        return Err(Error::Conflict(Conflict::TooMany));
    }
    Ok(())
}

impl Collection for Entity {
    const SORTABLE: &'static [Sortable<Column>] = &[
        Sortable {
            name: "id",
            columns: &[Column::Id],
            nullable: false,
        },
        Sortable {
            name: "url",
            columns: &[Column::Url],
            nullable: false,
        },
        Sortable {
            name: "created_at",
            columns: &[Column::CreatedAt],
            nullable: false,
        },
        Sortable {
            name: "updated_at",
            columns: &[Column::UpdatedAt],
            nullable: false,
        },
    ];
    const DEFAULT_ORDER: (&'static str, Direction) = ("id", Direction::Ascending);
    const SEARCHED: Option<Column> = None;
    const GUARD: Option<Right> = Some(Right::WEBHOOKS);
}

impl Resource for Entity {
    const KIND: Kind = Kind::Webhook;
    type Draft = Draft;

    /// Looks up what the address means now. Each connection looks anew, and that is what counts; this tells whoever
    /// writes the address early.
    async fn prepare(ctx: &Ctx, mut draft: Draft) -> Result<Draft> {
        let allow_private = ctx.services.config.webhook_allow_private;
        if let Field::Set(text) = &draft.url
            && let Ok(url) = address(text.trim(), allow_private)
            && target::resolves_to_private(&url, allow_private).await.is_some()
        {
            let message =
                "Enter a valid URL: its name means an address on this machine or a private network.";
            draft.faults.push(Fault::new("url", FaultCode::Invalid, message));
        }
        Ok(draft)
    }

    async fn create(tx: &Tx, mut draft: Draft) -> Result<Created<Self>> {
        let check = Check::new_row(std::mem::take(&mut draft.faults));
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
        room_for_one(tx).await?;
        Ok(Created::alone(insert::<Self>(tx, row).await?))
    }

    async fn remove(tx: &Tx, row: &Model) -> Result<()> {
        managed(row)?;
        delete_row::<Self>(tx, row).await?;
        Ok(disable::delete(tx, row.id).await?)
    }
}

impl Editable for Entity {
    async fn change(tx: &Tx, mut row: Model, mut draft: Draft) -> Result<Model> {
        managed(&row)?;
        let check = Check::old_row(std::mem::take(&mut draft.faults));
        let was_told = row.ended_at.is_none();
        write(tx.ctx(), &mut row, draft, check)?;
        changed(tx, &mut row).await?;
        if was_told && row.ended_at.is_some() {
            disable::fail_pending(tx, row.id).await?;
        }
        Ok(row)
    }
}

async fn changed(tx: &Tx, row: &mut Model) -> Result<()> {
    row.version += 1;
    row.updated_at = tx.ctx().now;
    Ok(update_row::<Entity>(tx, row).await?)
}

/// Gives an endpoint another secret, which is in the row that is returned and never shown again. For a while the old one
/// signs beside it, so that the receiver can change over without losing a message.
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
        .transaction(move |tx| {
            let mut rotation = rotation.clone();
            Box::pin(async move {
                let mut row = locked::<Entity>(tx, id, expected_version).await?;
                managed(&row)?;
                let mut check = Check::new_row(std::mem::take(&mut rotation.faults));
                let overlap = check.integer("overlap", rotation.overlap, 0..=LONGEST_OVERLAP, Some(OVERLAP));
                check.finish()?;
                let old = row.secret.replace(Secret(SigningSecret::random()));
                let until = tx.ctx().now + TimeDelta::seconds(overlap.unwrap_or(OVERLAP));
                (row.previous_secret, row.previous_secret_until) = match old {
                    Some(old) if until > tx.ctx().now => (Some(old), Some(until)),
                    _ => (None, None),
                };
                changed(tx, &mut row).await?;
                Ok(row)
            })
        })
        .await?;
    Ok(Row::single(row))
}

/// Until when the secret before the present one signs too, if it still does.
pub fn overlap_ends(ctx: &Ctx, row: &Model) -> Option<DateTime<Utc>> {
    row.previous_secret_until.filter(|until| *until > ctx.now)
}

/// The names of the events that it is told of.
pub fn events(row: &Model) -> impl Iterator<Item = Name> {
    row.events.split(',').filter_map(Name::subscribable)
}
