//! Webhooks: tells other programs what happened to stock, after the Standard Webhooks specification, at least once and
//! with the same id on every try.
//!
//! `outbox.rs` writes down what is to be told, in the transaction that makes it so; `worker.rs` tells it when that is
//! committed. `event.rs` is the shape, `sign.rs` the signature, `client.rs` one try, `backoff.rs` when the next one is,
//! `target.rs` where webhooks may go, `backlog.rs` and `watched.rs` what an operator sees.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::entity::endpoint;
use ::entity::event::Name;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue, ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use url::Url;

use crate::app::App;
use crate::config::Config;
use crate::ctx::Ctx;
use crate::error::{Error, Result};

pub mod backlog;
pub mod backoff;
mod client;
mod event;
pub mod outbox;
pub mod sign;
pub mod target;
mod watched;
mod worker;

pub use sign::SigningSecret;
pub use worker::run_due;

/// How long the start waits for a name to be looked up.
const LOOK_UP: Duration = Duration::from_secs(2);

/// What is needed to tell others; there is none while webhooks are switched off.
pub struct Webhooks {
    url: Url,
    secret: SigningSecret,
    client: client::Client,
    wake: Notify,
    working: Mutex<Option<JoinHandle<()>>>,
}

impl Webhooks {
    /// What the settings say.
    ///
    /// # Errors
    /// When they don't belong together, or the address is one that webhooks may not go to.
    pub fn new(config: &Config) -> Result<Option<Self>> {
        if !config.webhook_enabled {
            return Ok(None);
        }
        let missing = |name: &str| Error::internal(format!("WEBHOOK_ENABLED is set, but {name} is not"));
        let url = config.webhook_url.clone().ok_or_else(|| missing("WEBHOOK_URL"))?;
        let secret = config.webhook_secret.clone();
        let secret = secret.ok_or_else(|| missing("WEBHOOK_SECRET"))?;
        target::check(&url, config.webhook_allow_private)
            .map_err(|why| Error::internal(format!("WEBHOOK_URL {why}")))?;
        let timeout = Duration::from_secs(config.webhook_timeout);
        Ok(Some(Self {
            url,
            secret,
            client: client::Client::new(timeout, config.webhook_allow_private)?,
            wake: Notify::new(),
            working: Mutex::default(),
        }))
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
    let working = tokio::spawn(worker::run(Arc::clone(app)));
    *webhooks.working.lock().unwrap_or_else(PoisonError::into_inner) = Some(working);
    Ok(())
}

/// Makes the endpoint of the settings known to the database: from then on events are written for it. One that has been
/// given up begins anew.
///
/// # Errors
/// When the database can't be written, or the address means one that webhooks may not go to.
pub async fn prepare(app: &Arc<App>) -> Result<()> {
    let Some(webhooks) = &app.webhooks else {
        return Ok(());
    };
    if let Some(url::Host::Domain(name)) = webhooks.url.host() {
        let resolver = target::Resolver::new(app.config.webhook_allow_private);
        match tokio::time::timeout(LOOK_UP, resolver.resolve(name)).await {
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                return Err(Error::internal(format!("WEBHOOK_URL can't be used: {error}")));
            }
            Ok(Ok(_)) => {}
            // It may come back; each connection looks anew.
            _ => tracing::warn!("the host of WEBHOOK_URL could not be looked up"),
        }
    }
    let url = webhooks.url.to_string();
    let events: Vec<&str> = app
        .config
        .webhook_events
        .iter()
        .map(|name: &Name| name.as_str())
        .collect();
    let events = events.join(",");
    Ctx::system(Arc::clone(app))
        .transaction(move |tx| {
            let (url, events) = (url.clone(), events.clone());
            Box::pin(async move {
                use endpoint::{ActiveModel, Column, Entity};
                let now = tx.ctx().now;
                let row = ActiveModel {
                    id: ActiveValue::NotSet,
                    managed: ActiveValue::Set(false),
                    url: ActiveValue::Set(url.clone()),
                    events: ActiveValue::Set(events.clone()),
                    ended_at: ActiveValue::Set(None),
                    created_at: ActiveValue::Set(now),
                    updated_at: ActiveValue::Set(now),
                };
                // Gateways that start together make one.
                Entity::insert(row)
                    .on_conflict(OnConflict::new().do_nothing().to_owned())
                    .exec_without_returning(tx)
                    .await?;
                Entity::update_many()
                    .col_expr(Column::Url, Expr::val(url))
                    .col_expr(Column::Events, Expr::val(events))
                    .col_expr(Column::EndedAt, Expr::val(None::<chrono::DateTime<chrono::Utc>>))
                    .col_expr(Column::UpdatedAt, Expr::val(now))
                    .filter(Column::Managed.eq(false))
                    .exec(tx)
                    .await?;
                Ok(())
            })
        })
        .await
}
