//! PostgreSQL: a driver on top of `tokio-postgres`, with time limits so that no request waits forever.
//!
//! The server cancels statements that take too long. Its limits are startup parameters of a connection, so setting them
//! needs no statement, and they are never changed during a request. They are omitted for a pooler that rejects them. The
//! client has a slightly longer limit, for a server or a network that has stopped responding.

mod address;
mod connection;
mod connector;
pub(crate) mod error;
mod pool;
mod pooler;
pub(crate) mod proxy;
mod row_batches;
mod rows;
mod statements;
mod tls;
mod transaction;
mod value;

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::{DbErr, ExecResult, ProxyExecResult, QueryResult, Statement};

use self::address::Address;
use self::connection::{Connection, PreparationState, Response};
use self::connector::Connector;
use self::error::Error;
use self::pool::Pool;
use self::row_batches::RowBatches;
pub(crate) use self::transaction::PostgresTransaction;
use crate::database::Connections;
use crate::models::Table;

/// The client's limit for a statement, longer than the server's.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(12);
/// The maximum number of times that a statement is repeated. If several connections have ended, each attempt may detect only
/// one of them.
const REPEATS: u32 = 3;
/// The time limit for detecting a pooler.
const POOLER_TIMEOUT: Duration = Duration::from_secs(3);
/// The default size of the pool. A pool much larger than the server's number of cores only lengthens the queue for a row that
/// many transactions update.
const POOL_SIZE: usize = 16;

/// The time limits on PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeouts {
    /// For requests: a database that does not respond within seconds counts as unavailable.
    Short,
    /// For an operator's commands, which may take hours.
    Unlimited,
}

/// Whether statements are prepared by name, once for each connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PreparedStatements {
    /// Prepared unless a pooler is detected that assigns a server process to each transaction.
    #[default]
    Auto,
    /// Prepared even with such a pooler, for poolers that keep track of prepared statements themselves.
    Always,
    Never,
}

/// How to use PostgreSQL. SQLite has no settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    pub timeouts: Timeouts,
    /// The maximum number of connections.
    pub pool_size: usize,
    pub prepared_statements: PreparedStatements,
}

impl From<Timeouts> for Settings {
    fn from(timeouts: Timeouts) -> Self {
        Self {
            timeouts,
            pool_size: POOL_SIZE,
            prepared_statements: PreparedStatements::default(),
        }
    }
}

/// A connection pool.
#[derive(Clone)]
pub(crate) struct Postgres {
    pool: Pool,
    timeouts: Timeouts,
    row_batches: Arc<RowBatches>,
}

impl Postgres {
    pub(crate) async fn connect(url: &str, settings: Settings) -> Result<Self, DbErr> {
        let address = Address::parse(url)?;
        let prepared = if address.disables_prepared_statements {
            PreparedStatements::Never
        } else {
            settings.prepared_statements
        };
        let preparation = Arc::new(PreparationState {
            is_enabled: AtomicBool::new(prepared != PreparedStatements::Never),
            epoch: AtomicU64::new(0),
        });
        // Options in the URL may contain limits, which take precedence.
        let sets_limits = settings.timeouts == Timeouts::Short && !address.has_options;
        let connector = Connector::new(address, sets_limits, Arc::clone(&preparation));
        let postgres = Self {
            pool: Pool::new(connector, settings.pool_size),
            timeouts: settings.timeouts,
            row_batches: Arc::default(),
        };
        let mut first = postgres.pool.acquire().await?;
        if prepared == PreparedStatements::Auto && postgres.is_behind_pooler(&mut first).await {
            preparation.is_enabled.store(false, Ordering::Relaxed);
            tracing::warn!(
                "the pooler in front of PostgreSQL assigns a server process to each transaction; statements are not prepared by name"
            );
        }
        Ok(postgres)
    }

    /// Whether a pooler would lose prepared statements. False if that can't be determined, for instance because no second
    /// connection is available.
    async fn is_behind_pooler(&self, first: &mut Connection) -> bool {
        let Ok(mut second) = self.pool.connect_uncounted().await else {
            return false;
        };
        let result = tokio::time::timeout(POOLER_TIMEOUT, pooler::shares_processes(first, &mut second)).await;
        match result {
            Ok(Ok(shares)) => shares,
            Ok(Err(error)) => {
                tracing::debug!(?error, "could not determine whether there is a pooler");
                first.is_broken = true;
                false
            }
            Err(_) => {
                first.is_broken = true;
                false
            }
        }
    }

    pub(crate) async fn query(&self, statement: &Statement) -> Result<Vec<QueryResult>, DbErr> {
        rows::results(&self.run(statement).await?.rows)
    }

    pub(crate) async fn models<E: Table>(&self, statement: &Statement) -> Result<Vec<E::Model>, DbErr> {
        rows::models::<E>(&self.run(statement).await?.rows)
    }

    pub(crate) async fn numbers<const N: usize>(
        &self,
        statement: &Statement,
    ) -> Result<Option<[i64; N]>, DbErr> {
        rows::numbers(&self.run(statement).await?.rows)
    }

    pub(crate) async fn execute(&self, statement: &Statement) -> Result<ExecResult, DbErr> {
        if statement.values.is_none() {
            return self.execute_unprepared(&statement.sql).await;
        }
        Ok(exec_result(&self.run(statement).await?))
    }

    pub(crate) async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let mut lease = self.pool.acquire().await?;
        let result = self.with_time_limit(pin!(lease.run_simple(sql))).await;
        if let Err(error) = &result {
            self.replace_if_read_only(error);
            if matches!(error, Error::TimedOut(_)) {
                lease.abandon();
            }
        }
        Ok(exec_result(&result?))
    }

    /// A transaction, which begins with its first statement.
    pub(crate) async fn begin(&self) -> Result<PostgresTransaction, DbErr> {
        Ok(PostgresTransaction::new(self.pool.acquire().await?, self.clone()))
    }

    /// A transaction without the client's limits.
    pub(crate) async fn begin_unlimited(&self) -> Result<PostgresTransaction, DbErr> {
        let postgres = Self {
            timeouts: Timeouts::Unlimited,
            ..self.clone()
        };
        postgres.begin().await
    }

    /// Whether sessions can write: false on a standby, and if transactions are read-only. The connections are then replaced,
    /// because another of several servers may have become the primary.
    pub(crate) async fn is_writable(&self) -> Result<bool, DbErr> {
        let sql = "SELECT CAST(NOT pg_is_in_recovery()
            AND current_setting('transaction_read_only') = 'off' AS integer)::bigint AS number";
        let statement = Statement::from_string(sea_orm::DbBackend::Postgres, sql);
        let is_writable = self.numbers(&statement).await? == Some([1]);
        if !is_writable {
            self.pool.replace();
        }
        Ok(is_writable)
    }

    /// Runs a statement outside of a transaction, and again if an attempt had no effect.
    async fn run(&self, statement: &Statement) -> Result<Response, Error> {
        let mut repeats = 0;
        loop {
            let mut lease = self.pool.acquire().await?;
            let error = match self.with_time_limit(pin!(lease.run(statement))).await {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            self.replace_if_read_only(&error);
            if matches!(error, Error::TimedOut(_)) {
                lease.abandon();
                return Err(error);
            }
            // If the connection was lost, the statement may have run, so it can be repeated only if it just reads.
            let had_no_effect = error.is_stale_plan()
                || error.is_foreign_statement()
                || error.is_lost() && is_read(&statement.sql);
            if repeats == REPEATS || !had_no_effect {
                return Err(error);
            }
            repeats += 1;
        }
    }

    /// Waits for a response of the server up to the client's limit. The caller pins the response: passed by value, it
    /// would be stored twice in the future of this function.
    async fn with_time_limit<T>(
        &self,
        response: Pin<&mut impl Future<Output = Result<T, Error>>>,
    ) -> Result<T, Error> {
        if self.timeouts == Timeouts::Unlimited {
            return response.await;
        }
        tokio::time::timeout(STATEMENT_TIMEOUT, response)
            .await
            .unwrap_or(Err(Error::TimedOut("PostgreSQL did not respond in time")))
    }

    /// Replaces the connections if the error shows that the server has become read-only.
    fn replace_if_read_only(&self, error: &Error) {
        if error.is_read_only() {
            self.pool.replace();
        }
    }

    pub(crate) fn connections(&self) -> Connections {
        self.pool.connections()
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}

impl PostgresTransaction {
    pub(crate) async fn query(&self, statement: &Statement) -> Result<Vec<QueryResult>, DbErr> {
        rows::results(&self.run(statement).await?.rows)
    }

    pub(crate) async fn models<E: Table>(&self, statement: &Statement) -> Result<Vec<E::Model>, DbErr> {
        rows::models::<E>(&self.run(statement).await?.rows)
    }

    pub(crate) async fn execute(&self, statement: &Statement) -> Result<ExecResult, DbErr> {
        let response = match statement.values {
            None => self.run_simple(&statement.sql).await?,
            Some(_) => self.run(statement).await?,
        };
        Ok(exec_result(&response))
    }
}

fn exec_result(response: &Response) -> ExecResult {
    ProxyExecResult::new(0, response.affected).into()
}

/// Whether a statement is a plain `SELECT`. It may lock rows, but must not call functions that change something.
fn is_read(sql: &str) -> bool {
    sql.get(..7)
        .is_some_and(|start| start.eq_ignore_ascii_case("SELECT "))
}
