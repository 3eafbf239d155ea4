//! Transactions: begin, commit, roll back, repeat.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use crate::database::Link as DatabaseLink;
use crate::failure::unavailable;
use crate::models::{Table, with_literal_limits};
use crate::observer::{StatementObserver, StatementSpan, finish};
use crate::postgres::PostgresTransaction;
use crate::sqlite::{self, Connection};
use crate::{Backend, Database, Failure, TRANSACTION_ATTEMPTS};

/// The shortest wait before a transaction is repeated.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// A running transaction, as a `ConnectionTrait`.
pub struct Transaction {
    link: Link,
    conflicted: AtomicBool,
    statements: Arc<AtomicU64>,
    observer: Arc<dyn StatementObserver>,
}

/// The connection that runs the transaction.
enum Link {
    Sqlite(Arc<Mutex<Connection>>),
    Postgres(Box<PostgresTransaction>),
}

impl Database {
    /// Runs `body` in a transaction, which is committed if it returns `Ok` and rolled back otherwise. Returns after the
    /// commit, when the changes are durable.
    ///
    /// On PostgreSQL, `body` runs again if the transaction conflicts with another or if the server closes the connection
    /// before the commit, up to [`TRANSACTION_ATTEMPTS`] times in all. So its statements must be its only effects. On SQLite
    /// it runs on the writer's thread and must not wait for anything but the transaction's statements.
    ///
    /// # Errors
    /// The error of `body`, of the commit, or one that is [`Failure::Unavailable`] after too many conflicts.
    pub async fn transaction<T, E, F>(&self, observer: Arc<dyn StatementObserver>, body: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbErr> + Send + 'static,
        F: for<'t> Fn(&'t Transaction) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
    {
        self.transaction_as(observer, |transaction| transaction, body)
            .await
    }

    /// Like [`transaction`](Self::transaction), with a type that wraps the transaction, for instance to collect events to be
    /// published after the commit. Each attempt gets a new one.
    pub async fn transaction_as<X, T, E, W, F>(
        &self,
        observer: Arc<dyn StatementObserver>,
        wrap: W,
        body: F,
    ) -> Result<T, E>
    where
        X: Into<Transaction> + Send + Sync,
        T: Send + 'static,
        E: From<DbErr> + Send + 'static,
        W: Fn(Transaction) -> X + Send + Sync + 'static,
        F: for<'t> Fn(&'t X) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
    {
        let postgres = match &self.link {
            DatabaseLink::Postgres(postgres) => postgres,
            DatabaseLink::Sqlite { writer, .. } => {
                let statements = Arc::clone(&self.statements);
                return writer
                    .run(move |connection| {
                        let link = Link::Sqlite(Arc::clone(connection));
                        let transaction = wrap(Transaction::new(link, statements, observer));
                        // Statements return without waiting on this thread, so the first poll runs the whole body.
                        body(&transaction)
                            .now_or_never()
                            .unwrap_or_else(|| Err(body_not_ready().into()))
                    })
                    .await;
            }
        };
        for attempt in 0..TRANSACTION_ATTEMPTS {
            wait_before(attempt).await;
            let link = Link::Postgres(Box::new(postgres.begin().await?));
            let transaction = wrap(Transaction::new(
                link,
                Arc::clone(&self.statements),
                Arc::clone(&observer),
            ));
            let result = body(&transaction).await;
            let (must_repeat, result) = transaction.into().finish(result).await;
            if !must_repeat {
                return result;
            }
        }
        Err(unavailable("a transaction conflicted with others too often").into())
    }
}

/// Waits before a repeated attempt, for a random time that doubles with each attempt, so that the same transactions don't
/// conflict again: 10 to 20 milliseconds before the second attempt, 80 to 160 before the fifth.
pub(crate) async fn wait_before(attempt: u32) {
    let Some(repeats) = attempt.checked_sub(1) else {
        return;
    };
    let minimum = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(repeats));
    // The standard library's hasher has a random seed.
    let random = RandomState::new().hash_one(attempt) % 1_024;
    let extra = minimum.saturating_mul(u32::try_from(random).unwrap_or_default()) / 1_024;
    tokio::time::sleep(minimum.saturating_add(extra)).await;
}

impl Transaction {
    fn new(link: Link, statements: Arc<AtomicU64>, observer: Arc<dyn StatementObserver>) -> Self {
        Self {
            link,
            conflicted: AtomicBool::new(false),
            statements,
            observer,
        }
    }

    pub fn backend(&self) -> Backend {
        match self.link {
            Link::Sqlite(_) => Backend::Sqlite,
            Link::Postgres(_) => Backend::Postgres,
        }
    }

    /// The rows of a statement that selects or returns columns of the table. Columns that are not selected have their default.
    pub async fn models<E: Table>(&self, statement: Statement) -> Result<Vec<E::Model>, DbErr> {
        let statement = with_literal_limits(statement);
        match &self.link {
            Link::Sqlite(connection) => {
                let span = self.statement_started(&statement.sql);
                let rows = Self::on_sqlite(connection, |connection| connection.models::<E>(&statement));
                finish(span, &rows);
                rows
            }
            Link::Postgres(transaction) => {
                let span = self.statement_started(&statement.sql);
                let rows = transaction.models::<E>(&statement).await;
                finish(span, &rows);
                self.record_conflict(rows)
            }
        }
    }

    /// Commits or rolls back. Returns whether the transaction has to be repeated, and its result.
    async fn finish<T, E: From<DbErr>>(self, result: Result<T, E>) -> (bool, Result<T, E>) {
        let conflicted = self.conflicted.load(Ordering::Relaxed);
        let Link::Postgres(transaction) = self.link else {
            return (false, result);
        };
        if result.is_err() {
            let must_repeat = conflicted || transaction.is_lost();
            transaction.rollback().await;
            return (must_repeat, result);
        }
        match transaction.commit().await {
            Ok(()) => (false, result),
            Err(error) => (Failure::of(&error) == Failure::Retryable, Err(error.into())),
        }
    }

    fn statement_started(&self, sql: &str) -> Option<Box<dyn StatementSpan>> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        self.observer.statement_started(self.backend(), sql)
    }

    /// Records a conflict, because `body` may convert the error into another type.
    fn record_conflict<T>(&self, result: Result<T, DbErr>) -> Result<T, DbErr> {
        if let Err(error) = &result
            && Failure::of(error) == Failure::Retryable
        {
            self.conflicted.store(true, Ordering::Relaxed);
        }
        result
    }

    fn on_sqlite<T>(
        connection: &Mutex<Connection>,
        run: impl FnOnce(&Connection) -> Result<T, DbErr>,
    ) -> Result<T, DbErr> {
        let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        if connection.is_autocommit() {
            // SQLite has rolled back the transaction, so another statement would be committed on its own.
            return Err(sqlite::error::rolled_back());
        }
        run(&connection)
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.backend().into()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let span = self.statement_started(&statement.sql);
        let result = match &self.link {
            Link::Sqlite(connection) => {
                Self::on_sqlite(connection, |connection| connection.execute(&statement))
            }
            Link::Postgres(transaction) => transaction.execute(&statement).await,
        };
        finish(span, &result);
        self.record_conflict(result)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.execute_raw(Statement::from_string(self.get_database_backend(), sql))
            .await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let span = self.statement_started(&statement.sql);
        let result = match &self.link {
            Link::Sqlite(connection) => {
                Self::on_sqlite(connection, |connection| connection.query(&statement))
            }
            Link::Postgres(transaction) => transaction.query(&statement).await,
        };
        finish(span, &result);
        self.record_conflict(result)
    }
}

/// The error of a body that awaited something other than its statements on the writer's thread.
pub(crate) fn body_not_ready() -> DbErr {
    DbErr::Custom("a transaction on SQLite waited for something other than its statements".to_owned())
}
