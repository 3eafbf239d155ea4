//! The endpoint of the settings, `WEBHOOK_URL`.

use ::entity::webhook_endpoint::{self, DisabledReason};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue, ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _,
};
use url::Url;
use webhook_sender::SigningSecret;

use super::{disable, target};
use crate::config::Config;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::tx::Tx;

/// The address and the secret of the endpoint.
pub struct ConfiguredEndpoint {
    url: Url,
    pub secret: SigningSecret,
}

impl ConfiguredEndpoint {
    /// Reads the settings; `None` when they have no `WEBHOOK_URL`.
    ///
    /// # Errors
    /// Fails if the secret is missing, or the address is forbidden.
    pub fn from_config(config: &Config) -> Result<Option<Self>> {
        match (&config.webhook_url, &config.webhook_secret) {
            (None, _) => Ok(None),
            (Some(_), None) => Err(Error::internal("WEBHOOK_URL is set, but WEBHOOK_SECRET is not")),
            (Some(url), Some(secret)) => {
                target::check(url, config.webhook_allow_private)
                    .map_err(|reason| Error::internal(format!("WEBHOOK_URL {reason}")))?;
                Ok(Some(Self {
                    url: url.clone(),
                    secret: secret.clone(),
                }))
            }
        }
    }
}

/// Stores the configured endpoint, so that events are queued for it. If its row was disabled, it is enabled again. Without a
/// configured endpoint, the row of an earlier one is disabled.
///
/// # Errors
/// Fails if the database can't be written, or the host of the URL resolves to a forbidden address.
pub async fn store(ctx: &Ctx, endpoint: Option<&ConfiguredEndpoint>) -> Result<()> {
    let config = &ctx.services.config;
    let mut row = None;
    if let Some(ConfiguredEndpoint { url, .. }) = endpoint {
        if let Err(reason) = target::check_resolved_addresses(url, config.webhook_allow_private).await {
            return Err(Error::internal(format!("WEBHOOK_URL can't be used: {reason}")));
        }
        let events = config.webhook_events.iter().map(|name| name.as_str());
        row = Some((url.to_string(), events.collect::<Vec<_>>().join(",")));
    }
    ctx.transaction(move |tx| {
        let row = row.clone();
        Box::pin(async move {
            match row {
                Some((url, events)) => Ok(upsert(tx, url, events).await?),
                None => Ok(disable_row(tx).await?),
            }
        })
    })
    .await
}

/// Stores the endpoint. A row that is up to date is not written, so that its version does not change.
async fn upsert(tx: &Tx, url: String, events: String) -> Result<(), DbErr> {
    use webhook_endpoint::{ActiveModel, Column, Entity};
    let now = tx.ctx().now;
    let row = webhook_endpoint::Model {
        id: 0,
        managed: false,
        url: url.clone(),
        description: None,
        events: events.clone(),
        secret: None,
        previous_secret: None,
        previous_secret_until: None,
        failing_since: None,
        ended_at: None,
        ended_because: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let row = ActiveModel {
        id: ActiveValue::NotSet,
        ..ActiveModel::from(row).reset_all()
    };
    // Servers that start at the same time insert a single row.
    Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    let differs = Column::Url
        .ne(url.clone())
        .or(Column::Events.ne(events.clone()))
        .or(Column::EndedAt.is_not_null());
    Entity::update_many()
        .col_expr(Column::Url, Expr::val(url))
        .col_expr(Column::Events, Expr::val(events))
        .col_expr(Column::FailingSince, Expr::val(None::<DateTime<Utc>>))
        .col_expr(Column::EndedAt, Expr::val(None::<DateTime<Utc>>))
        .col_expr(Column::EndedBecause, Expr::val(None::<DisabledReason>))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::UpdatedAt, Expr::val(now))
        .filter(Column::Managed.eq(false))
        .filter(differs)
        .exec(tx)
        .await?;
    Ok(())
}

/// Disables the row of an endpoint that is no longer configured.
async fn disable_row(tx: &Tx) -> Result<(), DbErr> {
    let found = webhook_endpoint::Entity::find()
        .filter(webhook_endpoint::Column::Managed.eq(false))
        .filter(webhook_endpoint::Column::EndedAt.is_null())
        .one(tx)
        .await?;
    match found {
        Some(row) => disable::disable(tx, row.id, DisabledReason::Requested).await,
        None => Ok(()),
    }
}
