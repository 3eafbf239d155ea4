//! `Services`: the state that requests, rules and workers share while the program runs.
//!
//! Creating it starts no workers and no server. [`crate::app`] starts them, each with an `Arc<Services>`.

use std::sync::Arc;

use ::entity::{brand, category, supplier};
use database::{Database, Timeouts};
use passwords::Passwords;
use rate_limit::{Failures, Windows};
use request_telemetry::{CommitSizes, DatabaseObserver, Traces};
use settings::read_or_create_secret;
use table_query::{PageStarts, RowCache};
use tokens::Tokens;
use tokio::sync::{Notify, watch};
use tokio_util::task::TaskTracker;

use crate::auth::accounts::Accounts;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::idempotency::keyed_request::RunningKeys;
use crate::limits;
use crate::stock::ledger_tail::LedgerTail;
use crate::stock::movement_queue::MovementQueue;
use crate::telemetry::{Metrics, traces};
use crate::webhooks::backlog::BacklogCache;

/// The shared state of one server.
pub struct Services {
    pub config: Config,
    pub db: Database,
    pub clock: Clock,
    pub tokens: Tokens,
    pub passwords: Passwords,
    pub accounts: Accounts,
    /// Brands, categories and suppliers, kept between requests.
    pub label_rows: RowCache,
    /// The positions at which the numbered pages of whole lists begin.
    pub page_starts: PageStarts,
    pub failed_logins: Failures,
    /// `None` if rate limits are off.
    pub limits: Option<Windows>,
    pub metrics: Metrics,
    /// `None` if no OTLP endpoint is configured.
    pub traces: Option<Traces>,
    /// Notifies subscribers after every commit of this server.
    pub commits: watch::Sender<()>,
    pub ledger: LedgerTail,
    /// Inflows waiting to be recorded in one statement.
    pub inflows: MovementQueue,
    /// Outflows waiting to be recorded in one statement.
    pub outflows: MovementQueue,
    /// The idempotency keys of requests that are being executed.
    pub running_keys: Arc<RunningKeys>,
    /// Background tasks and streams. Shutdown waits for them.
    pub tasks: TaskTracker,
    /// Wakes the webhook worker after events were committed.
    pub webhook_signal: Notify,
    /// The size of the webhook outbox, measured at most a few seconds ago.
    pub webhook_backlog: BacklogCache,
    stopping: watch::Sender<bool>,
}

impl Services {
    /// Opens the database and creates the other parts.
    ///
    /// # Errors
    /// Fails if the database can't be opened, PostgreSQL is used without a `SECRET_KEY`, or settings contradict each other.
    pub async fn open(config: Config, clock: Clock) -> Result<Arc<Self>> {
        Self::open_with(Timeouts::Short, config, clock).await
    }

    /// Like [`Services::open`], without time limits for statements.
    ///
    /// # Errors
    /// Fails in the same cases as [`Services::open`].
    pub async fn open_without_timeouts(config: Config, clock: Clock) -> Result<Arc<Self>> {
        Self::open_with(Timeouts::Unlimited, config, clock).await
    }

    async fn open_with(timeouts: Timeouts, config: Config, clock: Clock) -> Result<Arc<Self>> {
        let commit_sizes = CommitSizes::default();
        let observer = Arc::new(DatabaseObserver {
            commit_sizes: commit_sizes.clone(),
        });
        let db = Database::open(&config.database_url, config.database(timeouts), observer).await?;
        let secret = match (&config.secret_key, config.secret_file()) {
            (Some(secret), _) => secret.clone(),
            (None, Some(file)) => read_or_create_secret(&file).map_err(Error::internal)?,
            (None, None) => {
                return Err(Error::internal(
                    "SECRET_KEY is not set: with PostgreSQL, all servers need the same key of 32 bytes or more",
                ));
            }
        };
        let (limits, failed_logins) = limits::counters(&config)?;
        Ok(Arc::new(Self {
            tokens: Tokens::new(secret.bytes()),
            passwords: Passwords::new(),
            accounts: Accounts::default(),
            label_rows: RowCache::new()
                .with::<brand::Entity>()
                .with::<category::Entity>()
                .with::<supplier::Entity>(),
            page_starts: PageStarts::default(),
            failed_logins,
            limits,
            metrics: Metrics::new(db.backend(), &commit_sizes),
            traces: traces::start(&config)?,
            commits: watch::Sender::new(()),
            ledger: LedgerTail::default(),
            inflows: MovementQueue::default(),
            outflows: MovementQueue::default(),
            running_keys: Arc::default(),
            tasks: TaskTracker::new(),
            webhook_signal: Notify::new(),
            webhook_backlog: BacklogCache::default(),
            stopping: watch::Sender::new(false),
            config,
            db,
            clock,
        }))
    }

    /// Begins shutdown: background tasks end, and `/readyz` reports that the server is stopping.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Whether shutdown has begun.
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Completes when shutdown begins.
    pub async fn wait_for_shutdown(&self) {
        // The sender lives as long as `self`, so this can't fail.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }
}
