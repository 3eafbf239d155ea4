//! PostgreSQL: its connection pool and the time limits that keep a request from waiting for ever.
//!
//! The server cancels what takes too long. Its limits are startup parameters of a connection, so they cost no statement
//! and are not changed on a request's path. A pooler that rejects such parameters is connected to without them. The
//! client has a slightly longer limit of its own, for a server or a network that has stopped responding.

pub(crate) mod error;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::sqlx::{self, Connection as _};
use sea_orm::{ConnectOptions, DatabaseConnection, DbErr};
use tokio::time::Instant;

use crate::database::Connections;
use crate::failure::unavailable;

/// The size of the pool. A pool much larger than the server's cores only lengthens the queue at a row that many update.
const MAX_CONNECTIONS: u32 = 16;
/// How long a request waits for a connection of the pool.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections that were idle longer than this are tested before use.
const TEST_AFTER_IDLE: Duration = Duration::from_secs(30);
/// The server's limits: for a lock, a statement, a transaction whose client sends nothing.
const SERVER_TIMEOUTS: [(&str, &str); 3] = [
    ("lock_timeout", "4s"),
    ("statement_timeout", "10s"),
    ("idle_in_transaction_session_timeout", "15s"),
];
/// The client's limit for a statement, longer than the server's.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(12);
/// How long a ping may take when a suspect connection returns to the pool.
const PING_TIMEOUT: Duration = Duration::from_secs(2);
/// How long after a timeout connections are suspect.
const SUSPECT_FOR: Duration = Duration::from_secs(30);

/// The time limits on PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeouts {
    /// For requests: the database answers within seconds or counts as unavailable.
    Short,
    /// For an operator's commands, which may take hours.
    Unlimited,
}

/// A connection pool.
#[derive(Clone)]
pub(crate) struct Postgres {
    pub(crate) pool: DatabaseConnection,
    timeouts: Timeouts,
    last_timeout: Arc<LastTimeout>,
}

/// When the client last gave up a statement.
struct LastTimeout {
    started: Instant,
    /// Until when connections are suspect, in milliseconds after `started`; 0 before the first timeout.
    suspect_until: AtomicU64,
}

impl LastTimeout {
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn record(&self) {
        let suspect_for = u64::try_from(SUSPECT_FOR.as_millis()).unwrap_or_default();
        self.suspect_until
            .store(self.now().saturating_add(suspect_for), Ordering::Relaxed);
    }

    fn is_recent(&self) -> bool {
        let until = self.suspect_until.load(Ordering::Relaxed);
        until != 0 && self.now() < until
    }
}

impl Postgres {
    pub(crate) async fn connect(url: &str, timeouts: Timeouts) -> Result<Self, DbErr> {
        let last_timeout = Arc::new(LastTimeout {
            started: Instant::now(),
            suspect_until: AtomicU64::new(0),
        });
        // Options in the URL may contain limits, which take precedence.
        let limited = timeouts == Timeouts::Short && !url.contains("options=");
        let pool = match sea_orm::Database::connect(options(url, limited, &last_timeout)).await {
            Err(error) if limited && is_parameter_rejected(&error) => {
                tracing::warn!(
                    "this pooler takes no startup parameters: set the time limits on the role instead"
                );
                sea_orm::Database::connect(options(url, false, &last_timeout)).await?
            }
            connected => connected?,
        };
        Ok(Self {
            pool,
            timeouts,
            last_timeout,
        })
    }

    /// Waits for a response of the server up to the client's limit.
    pub(crate) async fn in_time<T>(
        &self,
        response: impl Future<Output = Result<T, DbErr>>,
    ) -> Result<T, DbErr> {
        if self.timeouts == Timeouts::Unlimited {
            return response.await;
        }
        match tokio::time::timeout(STATEMENT_TIMEOUT, response).await {
            Ok(response) => response,
            Err(_) => {
                self.last_timeout.record();
                Err(unavailable("PostgreSQL did not answer in time"))
            }
        }
    }

    pub(crate) fn connections(&self) -> Connections {
        let pool = self.pool.get_postgres_connection_pool();
        let (all, idle) = (usize::try_from(pool.size()).unwrap_or_default(), pool.num_idle());
        Connections {
            idle,
            used: all.saturating_sub(idle),
        }
    }
}

fn options(url: &str, limited: bool, last_timeout: &Arc<LastTimeout>) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(MAX_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .test_before_acquire_if_idle_for(TEST_AFTER_IDLE)
        .sqlx_logging(false);
    if limited {
        options.map_sqlx_postgres_opts(|options| options.options(SERVER_TIMEOUTS));
    }
    // A connection that returns to the pool in the middle of a statement keeps its place while sqlx waits, without a
    // limit, for the rest of the response. If the server no longer responds, soon all places are taken. So ping it with a
    // limit first.
    let last_timeout = Arc::clone(last_timeout);
    options.map_sqlx_postgres_pool_opts(move |pool| {
        let last_timeout = Arc::clone(&last_timeout);
        pool.after_release(move |connection, _| {
            let is_suspect = last_timeout.is_recent();
            Box::pin(async move {
                if !is_suspect {
                    return Ok(true);
                }
                match tokio::time::timeout(PING_TIMEOUT, connection.ping()).await {
                    Ok(pinged) => pinged.map(|()| true),
                    Err(_) => Err(sqlx::Error::PoolTimedOut),
                }
            })
        })
    });
    options
}

/// Whether a pooler rejected the connection because of its startup parameters.
fn is_parameter_rejected(error: &DbErr) -> bool {
    error.to_string().contains("unsupported startup parameter")
}
