//! PostgreSQL: how it is connected to, and how long it is waited for, so that no request waits for ever.
//!
//! The server itself gives up what takes too long: the limits are a connection's startup parameters, so they cost no
//! statement, and nothing on a request's path changes a session. A pooler that does not take such parameters is connected
//! to without them. Whatever a server or the network between does not say in time, the client gives up a little later.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::sqlx::{self, Connection as _};
use sea_orm::{ConnectOptions, DatabaseConnection, DbErr, RuntimeErr};
use tokio::time::Instant;

use crate::error::Result;

/// Connections. Few: a pool much larger than the server's cores only lengthens the queue at a hot row.
const CONNECTIONS: u32 = 16;
/// How long a request waits for a connection before it is told that the database is not available.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections idle longer than this are tried before they are used.
const TEST_AFTER_IDLE: Duration = Duration::from_secs(30);
/// What the server gives up: a wait for a lock, a statement, a transaction whose client has fallen silent.
const LIMITS: [(&str, &str); 3] = [
    ("lock_timeout", "4s"),
    ("statement_timeout", "10s"),
    ("idle_in_transaction_session_timeout", "15s"),
];
/// When the client gives up a statement: after the server would have.
const ANSWER: Duration = Duration::from_secs(12);
/// How long a connection may take to show that it is still good.
const PROOF: Duration = Duration::from_secs(2);
/// For how long after something was given up connections have to show that.
const SUSPICION: Duration = Duration::from_secs(30);

/// How long is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeouts {
    /// A request waits: the database answers in time, or it is not available.
    Hurried,
    /// A command of an operator may take hours.
    Unhurried,
}

/// A pool, and how long it is waited for.
#[derive(Clone)]
pub struct Postgres {
    /// The connections.
    pub pool: DatabaseConnection,
    pace: Timeouts,
    given_up: Arc<GivenUp>,
}

/// When something was last given up.
struct GivenUp {
    since: Instant,
    /// Milliseconds after `since`, and until when connections are suspicious.
    until: AtomicU64,
}

impl GivenUp {
    fn now(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn note(&self) {
        let suspicion = u64::try_from(SUSPICION.as_millis()).unwrap_or_default();
        self.until
            .store(self.now().saturating_add(suspicion), Ordering::Relaxed);
    }

    fn is_recent(&self) -> bool {
        let until = self.until.load(Ordering::Relaxed);
        until != 0 && self.now() < until
    }
}

impl Postgres {
    /// Connects.
    ///
    /// # Errors
    /// When the server can't be reached or does not let us in.
    pub async fn connect(url: &str, pace: Timeouts) -> Result<Self> {
        let given_up = Arc::new(GivenUp {
            since: Instant::now(),
            until: AtomicU64::new(0),
        });
        // Who has options of their own has thought about them.
        let limited = pace == Timeouts::Hurried && !url.contains("options=");
        let pool = match sea_orm::Database::connect(options(url, limited, &given_up)).await {
            Err(error) if limited && is_refused_parameter(&error) => {
                tracing::warn!(
                    "this pooler takes no startup parameters: set the role's own time limits instead"
                );
                sea_orm::Database::connect(options(url, false, &given_up)).await?
            }
            connected => connected?,
        };
        Ok(Self { pool, pace, given_up })
    }

    /// What the server says, or that it said nothing in time.
    pub async fn in_time<T>(&self, answer: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        if self.pace == Timeouts::Unhurried {
            return answer.await;
        }
        match tokio::time::timeout(ANSWER, answer).await {
            Ok(answer) => answer,
            Err(_) => {
                self.given_up.note();
                Err(DbErr::Conn(RuntimeErr::Internal(
                    "PostgreSQL did not answer in time".to_owned(),
                )))
            }
        }
    }
}

fn options(url: &str, limited: bool, given_up: &Arc<GivenUp>) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .test_before_acquire_if_idle_for(TEST_AFTER_IDLE)
        .sqlx_logging(false);
    if limited {
        options.map_sqlx_postgres_opts(|options| options.options(LIMITS));
    }
    // sqlx waits without an end for a connection that is given back in the middle of a statement, and keeps its place in
    // the pool taken: with a server that has fallen silent, soon all of them.
    let given_up = Arc::clone(given_up);
    options.map_sqlx_postgres_pool_opts(move |pool| {
        let given_up = Arc::clone(&given_up);
        pool.after_release(move |connection, _| {
            let must_prove = given_up.is_recent();
            Box::pin(async move {
                if !must_prove {
                    return Ok(true);
                }
                match tokio::time::timeout(PROOF, connection.ping()).await {
                    Ok(answer) => answer.map(|()| true),
                    Err(_) => Err(sqlx::Error::PoolTimedOut),
                }
            })
        })
    });
    options
}

/// What poolers say to a startup parameter that they don't know.
fn is_refused_parameter(error: &DbErr) -> bool {
    error.to_string().contains("unsupported startup parameter")
}
