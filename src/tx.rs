//! The transaction door: the only place where a change begins and is committed.
//!
//! A body may run more than once, when the database asks to repeat it, so it touches nothing but the transaction.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sea_orm::TransactionTrait as _;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use crate::ctx::Ctx;
use crate::db::dialect::{Failure, failure};
use crate::db::{Backend, Postgres, SqliteConnection, ended, undone};
use crate::error::{Error, Result};
use crate::kind::Kind;
use crate::services::Services;
use crate::telemetry::traces::DbSpan as Span;

/// How often a body runs before its request is told to come back later.
const ATTEMPTS: u32 = 5;

/// How long a transaction may take to be rolled back before it is left to the server.
const ROLLBACK: Duration = Duration::from_secs(1);

/// A transaction under way. SeaORM takes it for a connection.
pub struct Tx {
    ctx: Ctx,
    link: Link,
    repeat: AtomicBool,
    noted: Arc<Noted>,
}

/// What a transaction has noted, to be told of once it is committed and only then.
#[derive(Default)]
struct Noted {
    inflows: AtomicU64,
    outflows: AtomicU64,
    /// Whether the webhook worker has something to do.
    webhooks: AtomicBool,
}

enum Link {
    Sqlite(Arc<Mutex<SqliteConnection>>),
    Postgres(DatabaseTransaction, Postgres),
}

impl Ctx {
    /// Runs `body` in a transaction: commits what it did if it returns `Ok`, leaves no trace of it otherwise, and
    /// repeats it a few times if another transaction came in between.
    ///
    /// # Errors
    /// What `body` refuses with; [`Error::Unavailable`] when the database can't write, or asked too often to repeat.
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    pub async fn transaction<T, F>(&self, body: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> Fn(&'t Tx) -> BoxFuture<'t, Result<T>> + Send + Sync + 'static,
    {
        if let Some(writer) = self.services.db.writer() {
            let ctx = self.clone();
            let noted = Arc::<Noted>::default();
            let tells = Arc::clone(&noted);
            let result = writer
                .run(move |connection| {
                    let tx = Tx::new(ctx, Link::Sqlite(Arc::clone(connection)), tells);
                    // Every statement is answered at once on the writer's thread, so a body never has to wait.
                    body(&tx)
                        .now_or_never()
                        .ok_or_else(|| Error::internal("a transaction waited for something"))?
                })
                .await;
            if result.is_ok() {
                noted.tell(&self.services);
            }
            return result;
        }
        let postgres = self
            .services
            .db
            .postgres()
            .ok_or_else(|| Error::internal("there is no database"))?;
        let mut attempt = 1;
        loop {
            let noted = Arc::<Noted>::default();
            let tx = Tx::new(
                self.clone(),
                Link::Postgres(postgres.in_time(postgres.pool.begin()).await?, postgres.clone()),
                Arc::clone(&noted),
            );
            let result = body(&tx).await;
            let (repeat, finished) = tx.finish(result).await;
            if !repeat {
                if finished.is_ok() {
                    noted.tell(&self.services);
                }
                return finished;
            }
            if attempt == ATTEMPTS {
                return Err(Error::unavailable(
                    "the database asked too often to repeat a transaction",
                ));
            }
            attempt += 1;
        }
    }
}

impl Services {
    /// Runs one statement that is a whole transaction by itself, on PostgreSQL, and repeats it as the door does. Who
    /// runs it tells of it with [`Services::changed`].
    ///
    /// # Errors
    /// What the database says.
    pub async fn change_at_once(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut attempt = 1;
        loop {
            match self.db.query_all_raw(statement.clone()).await {
                Err(error) if failure(&error) == Failure::Repeat && attempt < ATTEMPTS => attempt += 1,
                finished => return finished,
            }
        }
    }

    /// Tells of a change that is committed: `count` movements of this kind.
    pub fn changed(&self, kind: Kind, count: usize, wake_webhooks: bool) {
        let noted = Noted::default();
        noted.moved(kind, u64::try_from(count).unwrap_or(u64::MAX));
        noted.webhooks.store(wake_webhooks, Ordering::Relaxed);
        noted.tell(self);
    }
}

impl Noted {
    fn moved(&self, kind: Kind, count: u64) {
        match kind {
            Kind::Inflow => &self.inflows,
            Kind::Outflow => &self.outflows,
            _ => return,
        }
        .fetch_add(count, Ordering::Relaxed);
    }

    fn tell(&self, services: &Services) {
        let metrics = &services.metrics;
        metrics.movements_committed(Kind::Inflow, self.inflows.load(Ordering::Relaxed));
        metrics.movements_committed(Kind::Outflow, self.outflows.load(Ordering::Relaxed));
        if self.webhooks.load(Ordering::Relaxed) {
            services.webhook_signal.notify_one();
        }
        services.commits.send_replace(());
    }
}

impl Tx {
    fn new(ctx: Ctx, link: Link, noted: Arc<Noted>) -> Self {
        Self {
            ctx,
            link,
            repeat: AtomicBool::new(false),
            noted,
        }
    }

    /// Has the webhook worker woken after the commit.
    pub(crate) fn wake_webhooks(&self) {
        self.noted.webhooks.store(true, Ordering::Relaxed);
    }

    /// Notes that a movement was recorded.
    pub fn moved(&self, kind: Kind) {
        self.noted.moved(kind, 1);
    }

    /// Who changes something, and when.
    pub fn ctx(&self) -> &Ctx {
        &self.ctx
    }

    /// Which database it is.
    pub fn backend(&self) -> Backend {
        match self.link {
            Link::Sqlite(_) => Backend::Sqlite,
            Link::Postgres(..) => Backend::Postgres,
        }
    }

    /// Commits or rolls back; says whether it has to be repeated.
    async fn finish<T>(self, result: Result<T>) -> (bool, Result<T>) {
        let repeat = self.repeat.load(Ordering::Relaxed);
        let Link::Postgres(tx, postgres) = self.link else {
            return (false, result);
        };
        if result.is_err() {
            // Whose connection is lost is rolled back by the server.
            match tokio::time::timeout(ROLLBACK, tx.rollback()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(%error, "a transaction ended with its connection"),
                Err(_) => tracing::debug!("a transaction was left to the server"),
            }
            return (repeat, result);
        }
        match postgres.in_time(tx.commit()).await {
            Ok(()) => (false, result),
            Err(error) => (failure(&error) == Failure::Repeat, Err(error.into())),
        }
    }

    fn sends(&self, sql: &str) -> Option<Span> {
        self.ctx.services.db.count();
        self.ctx.record.statement(self.backend(), sql)
    }

    fn noting_repeat<T>(&self, result: Result<T, DbErr>) -> Result<T, DbErr> {
        if let Err(error) = &result
            && failure(error) == Failure::Repeat
        {
            self.repeat.store(true, Ordering::Relaxed);
        }
        result
    }

    fn on_sqlite<T>(
        connection: &Mutex<SqliteConnection>,
        run: impl FnOnce(&SqliteConnection) -> Result<T, DbErr>,
    ) -> Result<T, DbErr> {
        let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        if connection.is_outside_transaction() {
            // What followed now would be committed by itself.
            return Err(undone());
        }
        run(&connection)
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.backend().into()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let mut span = self.sends(&statement.sql);
        let result = match &self.link {
            Link::Sqlite(connection) => {
                Self::on_sqlite(connection, |connection| connection.execute(&statement))
            }
            Link::Postgres(tx, postgres) => postgres.in_time(tx.execute_raw(statement)).await,
        };
        ended(&mut span, &result);
        self.noting_repeat(result)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.execute_raw(Statement::from_string(self.get_database_backend(), sql))
            .await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut span = self.sends(&statement.sql);
        let result = match &self.link {
            Link::Sqlite(connection) => {
                Self::on_sqlite(connection, |connection| connection.query(&statement))
            }
            Link::Postgres(tx, postgres) => postgres.in_time(tx.query_all_raw(statement)).await,
        };
        ended(&mut span, &result);
        self.noting_repeat(result)
    }
}
