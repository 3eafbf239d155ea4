//! Webhooks: tells other programs what happened to stock, after the Standard Webhooks specification, at least once and
//! with the same id on every try.
//!
//! `outbox.rs` writes down what is to be told, in the transaction that makes it so; `worker.rs` tells it when that is
//! committed. `event.rs` is the shape, `sign.rs` the signature, `client.rs` one try, `settle.rs` what comes of it,
//! `backoff.rs` when the next one is, `target.rs` where webhooks may go, `ending.rs` what comes to an end, `backlog.rs` and
//! `watched.rs` what an operator sees. Who is told is the business of `resolvers/endpoint.rs`, the endpoint of the settings
//! apart.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::entity::webhook_endpoint::{self, Ending};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue, ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _,
};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use url::Url;

use crate::app::App;
use crate::config::Config;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::tx::Tx;

pub mod backlog;
pub mod backoff;
mod client;
pub mod ending;
mod event;
mod instrument;
pub mod outbox;
mod record_attempt;
pub mod sign;
pub mod target;
mod worker;

pub use record_attempt::ATTEMPTS_KEPT;
pub use sign::SigningSecret;
pub use worker::run_due;

/// What is needed to tell others; there is none while webhooks are switched off.
pub struct Webhooks {
    settings: Option<Fixed>,
    client: client::Client,
    wake: Notify,
    working: Mutex<Option<JoinHandle<()>>>,
}

/// The endpoint of the settings.
struct Fixed {
    url: Url,
    secret: SigningSecret,
}

impl Webhooks {
    /// What the settings say. Without an address among them there are only the endpoints that are managed.
    ///
    /// # Errors
    /// When they don't belong together, or the address is one that webhooks may not go to.
    pub fn new(config: &Config) -> Result<Option<Self>> {
        if !config.webhook_enabled {
            return Ok(None);
        }
        let settings = match (&config.webhook_url, &config.webhook_secret) {
            (None, _) => None,
            (Some(_), None) => {
                return Err(Error::internal("WEBHOOK_URL is set, but WEBHOOK_SECRET is not"));
            }
            (Some(url), Some(secret)) => {
                target::check(url, config.webhook_allow_private)
                    .map_err(|why| Error::internal(format!("WEBHOOK_URL {why}")))?;
                Some(Fixed {
                    url: url.clone(),
                    secret: secret.clone(),
                })
            }
        };
        let timeout = Duration::from_secs(config.webhook_timeout);
        Ok(Some(Self {
            settings,
            client: client::Client::new(timeout, config.webhook_allow_private)?,
            wake: Notify::new(),
            working: Mutex::default(),
        }))
    }

    /// What messages to an endpoint are signed with: its secret, and for a while after a rotation the one before.
    /// Nothing when this gateway does not know it.
    fn secrets(&self, endpoint: &webhook_endpoint::Model, now: DateTime<Utc>) -> Option<Vec<SigningSecret>> {
        if !endpoint.managed {
            return self.settings.as_ref().map(|fixed| vec![fixed.secret.clone()]);
        }
        let previous = endpoint
            .previous_secret
            .as_ref()
            .filter(|_| endpoint.previous_secret_until.is_some_and(|until| now < until));
        let written = endpoint.secret.iter().chain(previous);
        let read: Result<Vec<SigningSecret>, String> = written
            .map(|webhook_endpoint::Secret(text)| SigningSecret::parse(text))
            .collect();
        match read {
            Ok(secrets) => Some(secrets).filter(|secrets| !secrets.is_empty()),
            Err(why) => {
                tracing::error!(
                    endpoint.id = endpoint.id,
                    why,
                    "a webhook endpoint's secret can't be used"
                );
                None
            }
        }
    }

    /// Tells the worker that there may be something to do.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Returns when the worker has ended, at once if there is none.
    pub async fn ended(&self) {
        let working = self.working.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(working) = working
            && let Err(error) = working.await
        {
            tracing::error!(%error, "the webhook worker broke off");
        }
    }
}

/// Makes the endpoint of the settings known to the database and starts the worker, which ends when the program is told
/// to stop.
///
/// # Errors
/// When the database can't be written, or the address means one that webhooks may not go to.
pub async fn start(app: &Arc<App>) -> Result<()> {
    let Some(webhooks) = &app.webhooks else {
        return Ok(());
    };
    prepare(app).await?;
    let app = Arc::clone(app);
    let working = tokio::spawn(async move {
        tokio::join!(worker::run(Arc::clone(&app)), ending::run(Arc::clone(&app)));
    });
    *webhooks.working.lock().unwrap_or_else(PoisonError::into_inner) = Some(working);
    Ok(())
}

/// Makes the endpoint of the settings known to the database: from then on events are written for it. One that has been
/// given up begins anew; one that is no longer in the settings ends.
///
/// # Errors
/// When the database can't be written, or the address means one that webhooks may not go to.
pub async fn prepare(app: &Arc<App>) -> Result<()> {
    let Some(webhooks) = &app.webhooks else {
        return Ok(());
    };
    let mut wanted = None;
    if let Some(Fixed { url, .. }) = &webhooks.settings {
        if let Some(why) = target::means_private(url, app.config.webhook_allow_private).await {
            return Err(Error::internal(format!("WEBHOOK_URL can't be used: {why}")));
        }
        let events = app.config.webhook_events.iter().map(|name| name.as_str());
        wanted = Some((url.to_string(), events.collect::<Vec<_>>().join(",")));
    }
    Ctx::system(Arc::clone(app))
        .transaction(move |tx| {
            let wanted = wanted.clone();
            Box::pin(async move {
                match wanted {
                    Some((url, events)) => Ok(keep(tx, url, events).await?),
                    None => Ok(drop_fixed(tx).await?),
                }
            })
        })
        .await
}

/// Has one endpoint of the settings, as they are. A row that is right already is left alone, with its version.
async fn keep(tx: &Tx, url: String, events: String) -> Result<(), DbErr> {
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
    // Gateways that start together make one.
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
        .col_expr(Column::EndedBecause, Expr::val(None::<Ending>))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::UpdatedAt, Expr::val(now))
        .filter(Column::Managed.eq(false))
        .filter(differs)
        .exec(tx)
        .await?;
    Ok(())
}

/// Ends the endpoint of settings that name none any more.
async fn drop_fixed(tx: &Tx) -> Result<(), DbErr> {
    let found = webhook_endpoint::Entity::find()
        .filter(webhook_endpoint::Column::Managed.eq(false))
        .filter(webhook_endpoint::Column::EndedAt.is_null())
        .one(tx)
        .await?;
    match found {
        Some(fixed) => ending::end(tx, fixed.id, Ending::Requested).await,
        None => Ok(()),
    }
}
