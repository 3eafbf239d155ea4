//! The worker: leases due deliveries and sends them. Requests never wait for it.
//!
//! While a delivery is leased no other worker attempts it, and no lock or database connection is held during the HTTP
//! request. Therefore several servers can share the work, and the deliveries of a server that was killed are due again when
//! their leases expire. Each endpoint has its own concurrency limit, so that a slow receiver does not delay others.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ::entity::webhook_endpoint;
use chrono::{DateTime, Utc};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use webhook_sender::{AttemptResult, Client, SignedMessage, SigningSecret};

use super::configured_endpoint::{self, ConfiguredEndpoint};
use super::instrument::instrument;
use super::lease::{self, LeasedDelivery};
use super::record_attempt::{Attempt, record_attempt};
use super::{event, retention, target};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::services::Services;

/// The maximum number of concurrent attempts of one server to one endpoint.
const CONCURRENCY: usize = 8;
const USER_AGENT: &str = concat!("stockroom/", env!("CARGO_PKG_VERSION"));
/// How often the worker looks for due deliveries without a signal: retries, and deliveries that other servers did not finish.
const POLL: Duration = Duration::from_secs(5);
/// The time by which a lease exceeds the timeout of an attempt.
const LEASE_MARGIN: Duration = Duration::from_secs(30);
/// The maximum time for attempts to finish at shutdown. Unfinished ones are repeated after their leases expire.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// Sends webhooks for one server.
pub struct WebhookWorker {
    services: Arc<Services>,
    client: Client,
    configured: Option<ConfiguredEndpoint>,
}

impl WebhookWorker {
    /// Creates a worker without starting it. Returns `None` if webhooks are switched off.
    ///
    /// # Errors
    /// Fails if the webhook settings contradict each other, or TLS can't be configured.
    pub fn new(services: &Arc<Services>) -> Result<Option<Self>> {
        let config = &services.config;
        if !config.webhook_enabled {
            return Ok(None);
        }
        let timeout = Duration::from_secs(config.webhook_timeout);
        Ok(Some(Self {
            services: Arc::clone(services),
            client: Client::new(timeout, target::policy(config.webhook_allow_private), USER_AGENT)
                .map_err(Error::internal)?,
            configured: ConfiguredEndpoint::from_config(config)?,
        }))
    }

    /// Stores the endpoint of the settings.
    ///
    /// # Errors
    /// The errors of [`configured_endpoint::store`].
    pub async fn store_configured_endpoint(&self) -> Result<()> {
        let ctx = Ctx::system(Arc::clone(&self.services));
        configured_endpoint::store(&ctx, self.configured.as_ref()).await
    }

    /// Stores the endpoint of the settings and runs until shutdown.
    ///
    /// # Errors
    /// The errors of [`configured_endpoint::store`].
    pub async fn start(self: &Arc<Self>) -> Result<()> {
        self.store_configured_endpoint().await?;
        let worker = Arc::clone(self);
        let running = tokio::spawn(async move {
            tokio::join!(worker.run(), retention::run(Arc::clone(&worker.services)));
        });
        self.services.tasks.spawn(async move {
            if let Err(error) = running.await {
                tracing::error!(%error, "the webhook worker failed");
            }
        });
        Ok(())
    }

    async fn run(self: &Arc<Self>) {
        let services = &self.services;
        let mut attempts = Attempts::default();
        while !services.is_stopping() {
            if let Err(error) = self.start_due(&mut attempts).await {
                tracing::warn!(?error, "due webhooks could not be read");
            }
            tokio::select! {
                () = services.wait_for_shutdown() => {}
                () = services.webhook_signal.notified() => {}
                () = tokio::time::sleep(POLL) => {}
                Some(_) = attempts.running.join_next(), if !attempts.running.is_empty() => {}
            }
            while attempts.running.try_join_next().is_some() {}
        }
        let finished = attempts.running.join_all();
        if tokio::time::timeout(SHUTDOWN_TIMEOUT, finished).await.is_err() {
            tracing::info!("some webhook attempts did not finish in time and will be repeated");
        }
    }

    /// Sends everything that is due now and returns the number of attempts.
    ///
    /// # Errors
    /// Fails if the database can't be read.
    pub async fn run_due(self: &Arc<Self>) -> Result<usize> {
        let mut attempts = Attempts::default();
        let mut total = 0;
        loop {
            match self.start_due(&mut attempts).await? {
                0 => return Ok(total),
                started => total += started,
            }
            while let Some(ended) = attempts.running.join_next().await {
                ended.map_err(Error::internal)?;
            }
        }
    }

    /// Leases due deliveries and starts to send them. Returns their number.
    async fn start_due(self: &Arc<Self>, attempts: &mut Attempts) -> Result<usize> {
        let services = &self.services;
        let endpoints = lease::endpoints_with_due(services).await?;
        // Drop the limits that are not in use.
        attempts.limits.retain(|id, limit| {
            limit.available_permits() < CONCURRENCY || endpoints.iter().any(|endpoint| endpoint.id == *id)
        });
        let mut started = 0;
        for endpoint in endpoints {
            let limit = attempts
                .limits
                .entry(endpoint.id)
                .or_insert_with(|| Arc::new(Semaphore::new(CONCURRENCY)));
            let free_slots = limit.available_permits();
            if free_slots == 0 {
                continue;
            }
            let Some(secrets) = self.secrets(&endpoint, services.clock.now()) else {
                continue;
            };
            let target = Arc::new(Target { endpoint, secrets });
            for leased in lease::lease(services, target.endpoint.id, free_slots, self.lease_length()).await? {
                // Permits are taken only here, so this does not wait.
                let permit = Arc::clone(limit).acquire_owned().await.map_err(Error::internal)?;
                let (worker, target) = (Arc::clone(self), Arc::clone(&target));
                attempts.running.spawn(async move {
                    let _permit = permit;
                    worker.attempt(&target, leased).await;
                });
                started += 1;
            }
        }
        Ok(started)
    }

    fn lease_length(&self) -> Duration {
        Duration::from_secs(self.services.config.webhook_timeout) + LEASE_MARGIN
    }

    /// The secrets that sign an endpoint's messages: the current one, and for a while after a rotation the previous one.
    /// `None` if no secret can be used.
    fn secrets(&self, endpoint: &webhook_endpoint::Model, now: DateTime<Utc>) -> Option<Vec<SigningSecret>> {
        if !endpoint.managed {
            return self
                .configured
                .as_ref()
                .map(|endpoint| vec![endpoint.secret.clone()]);
        }
        let previous = endpoint
            .previous_secret
            .as_ref()
            .filter(|_| endpoint.previous_secret_until.is_some_and(|until| now < until));
        let stored = endpoint.secret.iter().chain(previous);
        let parsed: Result<Vec<SigningSecret>, String> = stored
            .map(|webhook_endpoint::Secret(text)| SigningSecret::parse(text))
            .collect();
        match parsed {
            Ok(secrets) => Some(secrets).filter(|secrets| !secrets.is_empty()),
            Err(reason) => {
                tracing::error!(
                    endpoint.id = endpoint.id,
                    reason,
                    "a webhook endpoint's secret can't be used"
                );
                None
            }
        }
    }

    async fn attempt(&self, target: &Target, leased: LeasedDelivery) {
        let services = &self.services;
        let Target { endpoint, secrets } = target;
        let started_at = services.clock.now();
        let start = tokio::time::Instant::now();
        let threshold = services.config.low_stock_threshold;
        let result = match event::body(&leased.event, leased.change.as_ref(), endpoint, threshold) {
            Ok(body) => {
                let id = &leased.event.message_id;
                let message = SignedMessage::new(id, started_at.timestamp(), secrets, body);
                let sending = self.client.send(&endpoint.url, &message);
                let name = leased.event.name.as_str();
                instrument(services, &endpoint.url, name, &message, sending).await
            }
            Err(error) => {
                tracing::error!(
                    ?error,
                    delivery.id = leased.delivery.id,
                    "a webhook's body could not be built"
                );
                AttemptResult::NoResponse("the message could not be created".to_owned())
            }
        };
        let id = leased.delivery.id;
        let attempt = Attempt {
            delivery: leased.delivery,
            leased_until: leased.until,
            started_at,
            duration: start.elapsed(),
        };
        if let Err(error) = record_attempt(services, endpoint, &leased.event, attempt, result).await {
            // The attempt is repeated after its lease expires.
            tracing::warn!(?error, delivery.id = id, "a webhook attempt was not recorded");
        }
    }
}

/// The running attempts of one worker.
#[derive(Default)]
struct Attempts {
    /// The concurrency limits, by the id of the endpoint.
    limits: HashMap<i64, Arc<Semaphore>>,
    running: JoinSet<()>,
}

/// An endpoint and the secrets that sign its messages.
struct Target {
    endpoint: webhook_endpoint::Model,
    secrets: Vec<SigningSecret>,
}
