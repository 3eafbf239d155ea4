//! `App`: what lives as long as the program, built once and shared.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use database::{Database, Timeouts};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::auth::identify::Accounts;
use crate::auth::login::FailedLogins;
use crate::auth::password::Passwords;
use crate::auth::token::Tokens;
use crate::clock::Clock;
use crate::config::{Config, SECRET_KEY_BYTES, Secret};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::stock::ledger_feed::LedgerFeed;
use crate::stock::movement_batcher::MovementBatcher;
use crate::telemetry::metrics::Sizes;
use crate::telemetry::statements::DatabaseObserver;
use crate::telemetry::{Metrics, Traces};
use crate::webhooks::Webhooks;
use crate::webhooks::backlog::Outbox;

/// The program's parts.
pub struct App {
    /// The settings.
    pub config: Config,
    /// The database.
    pub db: Database,
    /// What time it is.
    pub clock: Clock,
    /// Issues and reads tokens.
    pub tokens: Tokens,
    /// Checks passwords, a few at a time.
    pub passwords: Passwords,
    /// What is remembered of who may do what.
    pub accounts: Accounts,
    /// Who has failed to log in lately.
    pub failed_logins: FailedLogins,
    /// How often anybody may ask.
    pub limits: Limits,
    /// What has happened so far, in figures.
    pub metrics: Metrics,
    /// Where spans go, if traces are wanted.
    pub traces: Option<Traces>,
    /// Sends whenever something was committed here.
    pub commits: watch::Sender<()>,
    /// The ledger, for those who wait for its next entry.
    pub ledger: LedgerFeed,
    /// Inflows that are recorded together.
    pub inflows: MovementBatcher,
    /// Outflows that are recorded together.
    pub outflows: MovementBatcher,
    /// What goes on by itself until the program is told to stop: streams, and those who feed them.
    pub streams: TaskTracker,
    /// Tells other programs what happened, where that is switched on.
    pub webhooks: Option<Webhooks>,
    /// How much they still have to be told.
    pub backlog: Outbox,
    stopping: watch::Sender<bool>,
}

impl App {
    /// Opens the database and puts the parts together.
    ///
    /// # Errors
    /// When the database can't be opened, PostgreSQL is used without a `SECRET_KEY`, or settings don't belong together.
    pub async fn open(config: Config, clock: Clock) -> Result<Arc<Self>> {
        Self::open_at(Timeouts::Short, config, clock).await
    }

    /// The same for a command whose statements may take long.
    ///
    /// # Errors
    /// As [`App::open`].
    pub async fn open_unhurried(config: Config, clock: Clock) -> Result<Arc<Self>> {
        Self::open_at(Timeouts::Unlimited, config, clock).await
    }

    async fn open_at(timeouts: Timeouts, config: Config, clock: Clock) -> Result<Arc<Self>> {
        let webhooks = Webhooks::new(&config)?;
        let commit_sizes = Sizes::of_commits();
        let observer = Arc::new(DatabaseObserver {
            commit_sizes: commit_sizes.clone(),
        });
        let db = Database::open(&config.database_url, timeouts, observer).await?;
        let secret = match (&config.secret_key, config.secret_file()) {
            (Some(secret), _) => secret.clone(),
            (None, Some(file)) => kept_secret(&file)?,
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
            ledger: LedgerFeed::default(),
            inflows: MovementBatcher::default(),
            outflows: MovementBatcher::default(),
            streams: TaskTracker::new(),
            webhooks,
            backlog: Outbox::default(),
            stopping: watch::Sender::new(false),
            config,
            db,
            clock,
        }))
    }

    /// Tells everything that goes on by itself to come to an end, and health checks that no more work is wanted.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Whether the program has been told to stop.
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Returns when the program is told to stop.
    pub async fn stopped(&self) {
        // The sender lives as long as this does.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }
}

/// Reads the secret kept in a file, or makes one that only the owner of the file can read.
fn kept_secret(file: &Path) -> Result<Secret> {
    match std::fs::read_to_string(file) {
        Ok(text) if text.trim().len() >= SECRET_KEY_BYTES => Ok(Secret::new(text.trim())),
        Ok(_) => Err(Error::internal(format!(
            "{} holds less than 32 bytes",
            file.display()
        ))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let secret = format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>());
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut kept = match options.open(file) {
                Ok(kept) => kept,
                // Another process was faster; its secret counts.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return kept_secret(file),
                Err(error) => return Err(Error::internal(error)),
            };
            kept.write_all(secret.as_bytes())
                .and_then(|()| kept.sync_all())
                .map_err(Error::internal)?;
            Ok(Secret::new(secret))
        }
        Err(error) => Err(Error::internal(error)),
    }
}
