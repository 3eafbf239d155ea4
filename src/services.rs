//! `Services`: what requests, rules and workers share for as long as the program runs.
//!
//! It holds plain parts and starts nothing: workers and servers are handed an `Arc` of it by [`crate::app`].

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use database::{Database, Timeouts};
use tokio::sync::{Notify, watch};
use tokio_util::task::TaskTracker;

use crate::auth::accounts::Accounts;
use crate::auth::password::Passwords;
use crate::auth::token::Tokens;
use crate::clock::Clock;
use crate::config::{Config, SECRET_KEY_BYTES, Secret};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::limits::failed_logins::FailedLogins;
use crate::stock::ledger_tail::LedgerTail;
use crate::stock::movement_queue::MovementQueue;
use crate::telemetry::metrics::Sizes;
use crate::telemetry::statements::DatabaseObserver;
use crate::telemetry::{Metrics, Traces};
use crate::webhooks::backlog::BacklogCache;

/// The shared parts of one gateway.
pub struct Services {
    pub config: Config,
    pub db: Database,
    pub clock: Clock,
    pub tokens: Tokens,
    pub passwords: Passwords,
    pub accounts: Accounts,
    pub failed_logins: FailedLogins,
    pub limits: Limits,
    pub metrics: Metrics,
    /// Absent unless an OTLP endpoint is configured.
    pub traces: Option<Traces>,
    /// Sends after every commit of this gateway.
    pub commits: watch::Sender<()>,
    pub ledger: LedgerTail,
    /// Inflows waiting to be recorded in one statement.
    pub inflows: MovementQueue,
    /// Outflows waiting to be recorded in one statement.
    pub outflows: MovementQueue,
    /// Background tasks and streams, which shutdown waits for.
    pub tasks: TaskTracker,
    /// Wakes the webhook worker after events were committed.
    pub webhook_signal: Notify,
    /// The size of the webhook outbox as of a few seconds ago.
    pub webhook_backlog: BacklogCache,
    stopping: watch::Sender<bool>,
}

impl Services {
    /// Opens the database and builds the parts.
    ///
    /// # Errors
    /// When the database can't be opened, PostgreSQL is used without a `SECRET_KEY`, or settings contradict each other.
    pub async fn open(config: Config, clock: Clock) -> Result<Arc<Self>> {
        Self::open_with(Timeouts::Short, config, clock).await
    }

    /// Like [`Services::open`], without limits on how long a statement may take.
    ///
    /// # Errors
    /// As [`Services::open`].
    pub async fn open_without_timeouts(config: Config, clock: Clock) -> Result<Arc<Self>> {
        Self::open_with(Timeouts::Unlimited, config, clock).await
    }

    async fn open_with(timeouts: Timeouts, config: Config, clock: Clock) -> Result<Arc<Self>> {
        let commit_sizes = Sizes::of_commits();
        let observer = Arc::new(DatabaseObserver {
            commit_sizes: commit_sizes.clone(),
        });
        let db = Database::open(&config.database_url, config.database(timeouts), observer).await?;
        let secret = match (&config.secret_key, config.secret_file()) {
            (Some(secret), _) => secret.clone(),
            (None, Some(file)) => read_or_create_secret(&file)?,
            (None, None) => {
                return Err(Error::internal(
                    "SECRET_KEY is not set: gateways over PostgreSQL need one of 32 bytes or more, the same for all",
                ));
            }
        };
        Ok(Arc::new(Self {
            tokens: Tokens::new(&secret),
            passwords: Passwords::new(),
            accounts: Accounts::default(),
            failed_logins: FailedLogins::default(),
            limits: Limits::new(&config)?,
            metrics: Metrics::new(db.backend(), commit_sizes),
            traces: Traces::new(&config)?,
            commits: watch::Sender::new(()),
            ledger: LedgerTail::default(),
            inflows: MovementQueue::default(),
            outflows: MovementQueue::default(),
            tasks: TaskTracker::new(),
            webhook_signal: Notify::new(),
            webhook_backlog: BacklogCache::default(),
            stopping: watch::Sender::new(false),
            config,
            db,
            clock,
        }))
    }

    /// Begins shutdown: background tasks end, and `/readyz` reports that no more requests are wanted.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Whether shutdown has begun.
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Completes when shutdown begins.
    pub async fn stopped(&self) {
        // The sender lives as long as `self`, so this can't fail.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }
}

/// Reads the secret kept in a file, or creates one readable by the file's owner alone.
fn read_or_create_secret(file: &Path) -> Result<Secret> {
    match std::fs::read_to_string(file) {
        Ok(text) if text.trim().len() >= SECRET_KEY_BYTES => Ok(Secret::new(text.trim())),
        Ok(_) => Err(Error::internal(format!(
            "{} holds less than {SECRET_KEY_BYTES} bytes",
            file.display()
        ))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let secret = format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>());
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut created = match options.open(file) {
                Ok(created) => created,
                // Another process created it first; its secret counts.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                    return read_or_create_secret(file);
                }
                Err(error) => return Err(Error::internal(error)),
            };
            created
                .write_all(secret.as_bytes())
                .and_then(|()| created.sync_all())
                .map_err(Error::internal)?;
            Ok(Secret::new(secret))
        }
        Err(error) => Err(Error::internal(error)),
    }
}
