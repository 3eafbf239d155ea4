//! A pool of connections to one database, opened on demand up to a maximum, each used by one caller at a time.
//!
//! It does two things that the pools of libraries don't: it copes with a server that allows fewer connections than the pool
//! may open, and it cleans up a connection that was returned with an unread response or an unfinished transaction, in
//! the background and within a time limit.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connection::Connection;
use super::connector::{ConnectFailure, Connector};
use super::error::Error;
use crate::database::Connections;

/// How long a caller waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections that were idle longer than this are tested before use.
const TEST_AFTER: Duration = Duration::from_secs(30);
/// The time limit of such a test.
const TEST_TIMEOUT: Duration = Duration::from_secs(2);
/// Connections that were idle longer than this are closed.
const CLOSE_AFTER: Duration = Duration::from_secs(600);
/// Connections that are older than this are closed when they are returned, since the memory of their server process grows.
const MAX_AGE: Duration = Duration::from_secs(1_800);
/// The time limit for cleaning up a connection, after which it is closed instead.
const CLEAN_TIMEOUT: Duration = Duration::from_millis(200);
/// How long the pool waits after the server's last refusal before it tries to open more connections again.
const RETRY_REFUSED_AFTER: Duration = Duration::from_secs(10);
/// The minimum time between two replacements of all connections.
const REPLACE_INTERVAL: Duration = Duration::from_secs(2);

#[derive(Clone)]
pub(super) struct Pool(Arc<Inner>);

struct Inner {
    connector: Connector,
    idle: Mutex<Vec<Idle>>,
    /// One permit for each connection that may be open.
    permits: Arc<Semaphore>,
    size: usize,
    /// The number of permits withheld because the server refused connections, and the time of its last refusal.
    refusals: Mutex<(usize, Option<Instant>)>,
    /// The number of open connections.
    open: AtomicUsize,
    /// Incremented to replace all connections. Each connection has the generation in which it was opened.
    generation: AtomicU64,
    /// The time of the last replacement.
    replaced_at: Mutex<Option<Instant>>,
}

struct Idle {
    connection: Connection,
    generation: u64,
    since: Instant,
}

impl Pool {
    pub(super) fn new(connector: Connector, size: usize) -> Self {
        let size = size.max(1);
        Self(Arc::new(Inner {
            connector,
            idle: Mutex::default(),
            permits: Arc::new(Semaphore::new(size)),
            size,
            refusals: Mutex::default(),
            open: AtomicUsize::new(0),
            generation: AtomicU64::new(0),
            replaced_at: Mutex::default(),
        }))
    }

    /// An idle connection of the pool, or a new one.
    pub(super) async fn acquire(&self) -> Result<Lease, Error> {
        match tokio::time::timeout(ACQUIRE_TIMEOUT, self.find()).await {
            Ok(found) => found,
            Err(_) => Err(Error::TimedOut("no connection to PostgreSQL was free in time")),
        }
    }

    async fn find(&self) -> Result<Lease, Error> {
        loop {
            self.0.restore_withheld();
            let Ok(permit) = Arc::clone(&self.0.permits).acquire_owned().await else {
                return Err(Error::Connect("the database is closed".to_owned()));
            };
            while let Some(idle) = self.0.pop() {
                let mut lease = self.lease(idle.connection, idle.generation, None);
                let is_current = idle.generation == self.0.generation.load(Ordering::Relaxed);
                if !is_current || !lease.is_alive() {
                    lease.is_broken = true;
                    continue;
                }
                if idle.since.elapsed() > TEST_AFTER {
                    let test_result = tokio::time::timeout(TEST_TIMEOUT, lease.run_simple("")).await;
                    if !matches!(test_result, Ok(Ok(_))) {
                        lease.is_broken = true;
                        continue;
                    }
                }
                lease.permit = Some(permit);
                return Ok(lease);
            }
            let generation = self.0.generation.load(Ordering::Relaxed);
            // Boxed, so that the futures of statements stay small.
            match Box::pin(self.0.connector.connect()).await {
                Ok(connection) => {
                    self.0.open.fetch_add(1, Ordering::Relaxed);
                    return Ok(self.lease(connection, generation, Some(permit)));
                }
                Err(ConnectFailure { is_full: true, .. }) if self.0.open.load(Ordering::Relaxed) > 0 => {
                    // Wait for one of the open connections.
                    self.0.withhold(permit);
                }
                Err(failure) => return Err(failure.error),
            }
        }
    }

    fn lease(&self, connection: Connection, generation: u64, permit: Option<OwnedSemaphorePermit>) -> Lease {
        Lease {
            connection: Some(connection),
            generation,
            pool: self.clone(),
            permit,
            is_cleaning: false,
        }
    }

    /// Opens a connection that the pool does not count.
    pub(super) async fn connect_uncounted(&self) -> Result<Connection, Error> {
        self.0.connector.connect().await.map_err(|failure| failure.error)
    }

    /// Replaces each connection before its next use, because their server has become read-only. Has no effect if the last
    /// replacement was less than [`REPLACE_INTERVAL`] ago.
    pub(super) fn replace(&self) {
        let mut replaced_at = lock(&self.0.replaced_at);
        if replaced_at.is_none_or(|last| last.elapsed() > REPLACE_INTERVAL) {
            *replaced_at = Some(Instant::now());
            self.0.generation.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn connections(&self) -> Connections {
        let idle = lock(&self.0.idle).len();
        Connections {
            idle,
            used: self.0.open.load(Ordering::Relaxed).saturating_sub(idle),
        }
    }

    /// Closes the connections after those in use have been returned. No connection can be acquired afterwards.
    pub(super) async fn close(&self) {
        let all = u32::try_from(self.0.size.saturating_sub(lock(&self.0.refusals).0)).unwrap_or(u32::MAX);
        // Longer than the time limit of a statement, within which connections are returned.
        let _ = tokio::time::timeout(ACQUIRE_TIMEOUT * 3, self.0.permits.acquire_many(all)).await;
        self.0.permits.close();
        let idle = std::mem::take(&mut *lock(&self.0.idle));
        self.0.open.fetch_sub(idle.len(), Ordering::Relaxed);
    }
}

impl Inner {
    fn pop(&self) -> Option<Idle> {
        lock(&self.idle).pop()
    }

    /// Withholds the permit of a connection that the server refused.
    fn withhold(&self, permit: OwnedSemaphorePermit) {
        let mut refusals = lock(&self.refusals);
        if refusals.1.is_none() {
            let open = self.open.load(Ordering::Relaxed);
            tracing::warn!(
                "PostgreSQL allows only {open} of {} connections; further callers wait for one of them",
                self.size
            );
        }
        *refusals = (refusals.0 + 1, Some(Instant::now()));
        permit.forget();
    }

    /// Restores the withheld permits some time after the last refusal.
    fn restore_withheld(&self) {
        let mut refusals = lock(&self.refusals);
        if refusals.0 > 0 && refusals.1.is_some_and(|at| at.elapsed() > RETRY_REFUSED_AFTER) {
            self.permits.add_permits(refusals.0);
            refusals.0 = 0;
        }
    }
}

/// A connection that is in use by one caller.
pub(super) struct Lease {
    connection: Option<Connection>,
    generation: u64,
    pool: Pool,
    permit: Option<OwnedSemaphorePermit>,
    /// Whether the connection is in use by [`clean`].
    is_cleaning: bool,
}

impl Lease {
    /// Closes the connection and cancels its running statement.
    pub(super) fn abandon(mut self) {
        if let Some(connection) = self.connection.take() {
            self.pool.0.open.fetch_sub(1, Ordering::Relaxed);
            connection.abandon();
        }
    }
}

impl Deref for Lease {
    type Target = Connection;

    #[expect(clippy::expect_used, reason = "it is taken out when the lease ends")]
    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("a connection")
    }
}

impl DerefMut for Lease {
    #[expect(clippy::expect_used, reason = "it is taken out when the lease ends")]
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("a connection")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        let inner = &self.pool.0;
        if connection.is_clean() {
            let is_kept = self.generation == inner.generation.load(Ordering::Relaxed)
                && connection.opened_at.elapsed() < MAX_AGE
                && !inner.permits.is_closed();
            let mut idle = lock(&inner.idle);
            if is_kept {
                idle.push(Idle {
                    connection,
                    generation: self.generation,
                    since: Instant::now(),
                });
            } else {
                inner.open.fetch_sub(1, Ordering::Relaxed);
            }
            // The connection returned last is reused first, so the first one has been idle longest.
            if idle
                .first()
                .is_some_and(|first| first.since.elapsed() > CLOSE_AFTER)
            {
                idle.remove(0);
                inner.open.fetch_sub(1, Ordering::Relaxed);
            }
            return;
        }
        let runtime = tokio::runtime::Handle::try_current();
        match runtime {
            Ok(runtime) if !self.is_cleaning && connection.is_alive() && !connection.is_broken => {
                runtime.spawn(clean(Self {
                    connection: Some(connection),
                    generation: self.generation,
                    pool: self.pool.clone(),
                    permit: self.permit.take(),
                    is_cleaning: true,
                }));
            }
            _ => {
                inner.open.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }
}

/// Cleans up a connection. If that takes too long, the running statement is cancelled and the connection closed, so that a
/// late cancellation can't hit the statement of another caller.
async fn clean(mut lease: Lease) {
    if let Ok(Ok(())) = tokio::time::timeout(CLEAN_TIMEOUT, lease.clean()).await {
        return;
    }
    lease.abandon();
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
