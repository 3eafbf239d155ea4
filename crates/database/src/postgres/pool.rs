//! The connections to one database: opened when they are needed, up to a number, and lent to one caller at a time.
//!
//! Two things that pools of libraries don't do: a server that allows fewer connections than the pool may open is lived
//! with, and what a caller left behind (a response that was not read, a transaction that was not ended) is cleared away in
//! the background, within a limit.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connection::Connection;
use super::connector::{Connector, Refused};
use super::error::Error;
use crate::database::Connections;

/// How long a caller waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections that were idle longer than this are tested before use.
const TEST_AFTER: Duration = Duration::from_secs(30);
/// How long a test may take.
const TEST_TIMEOUT: Duration = Duration::from_secs(2);
/// Connections that were idle longer than this are closed.
const CLOSE_AFTER: Duration = Duration::from_secs(600);
/// Connections that are older than this are closed when they are returned, since the server's process grows with use.
const MAX_AGE: Duration = Duration::from_secs(1_800);
/// How long what a caller left behind may take to clear away before the connection is closed.
const CLEAN_TIMEOUT: Duration = Duration::from_millis(200);
/// How long the pool makes do with fewer connections before it tries to open more.
const FEWER_FOR: Duration = Duration::from_secs(10);
/// The shortest time between two replacements of all connections.
const REPLACE_INTERVAL: Duration = Duration::from_secs(2);
#[derive(Clone)]
pub(super) struct Pool(Arc<Inner>);

struct Inner {
    connector: Connector,
    idle: Mutex<Vec<Idle>>,
    /// One permit for each connection that may be open.
    places: Arc<Semaphore>,
    size: usize,
    /// Places that the server does not grant, and when it refused last.
    refused: Mutex<(usize, Option<Instant>)>,
    open: AtomicUsize,
    /// Increases when all connections are to be replaced, and when that was last.
    generation: AtomicU64,
    replaced: Mutex<Option<Instant>>,
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
            places: Arc::new(Semaphore::new(size)),
            size,
            refused: Mutex::default(),
            open: AtomicUsize::new(0),
            generation: AtomicU64::new(0),
            replaced: Mutex::default(),
        }))
    }

    /// A connection of the pool, or a new one.
    pub(super) async fn acquire(&self) -> Result<Lease, Error> {
        match tokio::time::timeout(ACQUIRE_TIMEOUT, self.find()).await {
            Ok(found) => found,
            Err(_) => Err(Error::TimedOut("no connection to PostgreSQL was free in time")),
        }
    }

    async fn find(&self) -> Result<Lease, Error> {
        loop {
            self.0.try_more();
            let Ok(permit) = Arc::clone(&self.0.places).acquire_owned().await else {
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
                    let tested = tokio::time::timeout(TEST_TIMEOUT, lease.run_simple("")).await;
                    if !matches!(tested, Ok(Ok(_))) {
                        lease.is_broken = true;
                        continue;
                    }
                }
                lease.permit = Some(permit);
                return Ok(lease);
            }
            let generation = self.0.generation.load(Ordering::Relaxed);
            match self.0.connector.connect().await {
                Ok(connection) => {
                    self.0.open.fetch_add(1, Ordering::Relaxed);
                    return Ok(self.lease(connection, generation, Some(permit)));
                }
                Err(Refused { is_full: true, .. }) if self.0.open.load(Ordering::Relaxed) > 0 => {
                    // Wait for one of those that are open.
                    self.0.make_do(permit);
                }
                Err(refused) => return Err(refused.error),
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

    /// A connection that does not count as one of the pool's.
    pub(super) async fn extra(&self) -> Result<Connection, Error> {
        self.0.connector.connect().await.map_err(|refused| refused.error)
    }

    /// Replaces all connections, as they are used next: their server can't do what it did. Not more often than every
    /// [`REPLACE_INTERVAL`].
    pub(super) fn replace(&self) {
        let mut replaced = lock(&self.0.replaced);
        if replaced.is_none_or(|last| last.elapsed() > REPLACE_INTERVAL) {
            *replaced = Some(Instant::now());
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

    /// Closes the connections, once those that are lent have been returned, and lends no more.
    pub(super) async fn close(&self) {
        let all = u32::try_from(self.0.size.saturating_sub(lock(&self.0.refused).0)).unwrap_or(u32::MAX);
        // A statement ends within its limit, so this does too.
        let _ = tokio::time::timeout(ACQUIRE_TIMEOUT * 3, self.0.places.acquire_many(all)).await;
        self.0.places.close();
        let idle = std::mem::take(&mut *lock(&self.0.idle));
        self.0.open.fetch_sub(idle.len(), Ordering::Relaxed);
    }
}

impl Inner {
    fn pop(&self) -> Option<Idle> {
        lock(&self.idle).pop()
    }

    /// Gives up a place that the server does not grant.
    fn make_do(&self, permit: OwnedSemaphorePermit) {
        let mut refused = lock(&self.refused);
        if refused.1.is_none() {
            let open = self.open.load(Ordering::Relaxed);
            tracing::warn!(
                "PostgreSQL allows {open} connections of {}: the others wait for one",
                self.size
            );
        }
        *refused = (refused.0 + 1, Some(Instant::now()));
        permit.forget();
    }

    /// Gets back places that were given up a while ago.
    fn try_more(&self) {
        let mut refused = lock(&self.refused);
        if refused.0 > 0 && refused.1.is_some_and(|last| last.elapsed() > FEWER_FOR) {
            self.places.add_permits(refused.0);
            refused.0 = 0;
        }
    }
}

/// A connection that is lent to one caller.
pub(super) struct Lease {
    connection: Option<Connection>,
    generation: u64,
    pool: Pool,
    permit: Option<OwnedSemaphorePermit>,
    /// Whether the caller is [`clean`].
    is_cleaning: bool,
}

impl Lease {
    /// Closes the connection and cancels what runs on it.
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
                && connection.opened.elapsed() < MAX_AGE
                && !inner.places.is_closed();
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
            // The last that was returned is lent first, so the first was idle longest.
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

/// Clears away what a caller left behind. A statement that takes longer is cancelled, together with its connection: a
/// cancellation that arrives late must not hit the statement of another caller.
async fn clean(mut lease: Lease) {
    if let Ok(Ok(())) = tokio::time::timeout(CLEAN_TIMEOUT, lease.clean()).await {
        return;
    }
    lease.abandon();
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
