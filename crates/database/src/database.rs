//! `Database`: opening, closing and reading.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use crate::observer::{StatementObserver, StatementSpan, finish};
use crate::postgres::Postgres;
use crate::sqlite::{Readers, Writer};
use crate::transaction::wait_before;
use crate::{Backend, Failure, Location, Settings, TRANSACTION_ATTEMPTS};

/// An open database. Clones share its connections.
///
/// Its `ConnectionTrait` is for reading, and each statement sees the latest commit. Changes are made in a
/// [`transaction`](Self::transaction).
#[derive(Clone)]
pub struct Database {
    pub(crate) link: Link,
    pub(crate) statements: Arc<AtomicU64>,
    observer: Arc<dyn StatementObserver>,
}

/// The connections to either kind of database.
#[derive(Clone)]
pub(crate) enum Link {
    Sqlite { readers: Arc<Readers>, writer: Writer },
    Postgres(Postgres),
}

/// The number of open connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    pub idle: usize,
    pub used: usize,
}

impl Database {
    /// Opens the database. A SQLite file that is missing is created, readable by its owner only.
    ///
    /// `observer` is called for statements outside of transactions and for SQLite's commits; each transaction is
    /// given its own observer. `settings` affect PostgreSQL only; [`Timeouts`](crate::Timeouts) convert to settings.
    pub async fn open(
        location: &Location,
        settings: impl Into<Settings>,
        observer: Arc<dyn StatementObserver>,
    ) -> Result<Self, DbErr> {
        let link = match location {
            Location::Sqlite(path) => {
                create_private(path);
                let writer = Writer::start(path, Arc::clone(&observer))?;
                Link::Sqlite {
                    readers: Arc::new(Readers::new(path.clone())),
                    writer,
                }
            }
            Location::Postgres(url) => Link::Postgres(Postgres::connect(url, settings.into()).await?),
        };
        Ok(Self {
            link,
            statements: Arc::default(),
            observer,
        })
    }

    pub fn backend(&self) -> Backend {
        match self.link {
            Link::Sqlite { .. } => Backend::Sqlite,
            Link::Postgres(_) => Backend::Postgres,
        }
    }

    /// The number of statements sent since the database was opened, in and outside of transactions.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// The number of connections. SQLite's writer is not counted.
    pub fn connections(&self) -> Connections {
        match &self.link {
            Link::Sqlite { readers, .. } => readers.connections(),
            Link::Postgres(postgres) => postgres.connections(),
        }
    }

    /// The number of transactions that wait for SQLite's writer; 0 on PostgreSQL.
    pub fn waiting_transactions(&self) -> usize {
        match &self.link {
            Link::Sqlite { writer, .. } => writer.queue_length(),
            Link::Postgres(_) => 0,
        }
    }

    /// Whether changes can be made: false on a standby of PostgreSQL, and if its transactions are read-only.
    pub async fn is_writable(&self) -> Result<bool, DbErr> {
        match &self.link {
            Link::Sqlite { .. } => Ok(true),
            Link::Postgres(postgres) => postgres.is_writable().await,
        }
    }

    /// Runs a single statement as a whole transaction, and repeats it if it conflicts with another. Writing fails on
    /// SQLite, as its readers are read-only.
    pub async fn run_alone(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut attempt = 0;
        loop {
            wait_before(attempt).await;
            attempt += 1;
            match self.query_all_raw(statement.clone()).await {
                Err(error) if Failure::of(&error) == Failure::Retryable && attempt < TRANSACTION_ATTEMPTS => {
                }
                result => return result,
            }
        }
    }

    /// Finishes the waiting transactions and closes the connections.
    pub async fn close(&self) {
        match &self.link {
            Link::Sqlite { writer, .. } => writer.stop().await,
            Link::Postgres(postgres) => postgres.close().await,
        }
    }

    pub(crate) fn statement_started(&self, sql: &str) -> Option<Box<dyn StatementSpan>> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        self.observer.statement_started(self.backend(), sql)
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Database {
    fn get_database_backend(&self) -> DbBackend {
        self.backend().into()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let Link::Postgres(postgres) = &self.link else {
            return Err(outside_transaction());
        };
        let span = self.statement_started(&statement.sql);
        let result = postgres.execute(&statement).await;
        finish(span, &result);
        result
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let Link::Postgres(postgres) = &self.link else {
            return Err(outside_transaction());
        };
        let span = self.statement_started(sql);
        let result = postgres.execute_unprepared(sql).await;
        finish(span, &result);
        result
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let span = self.statement_started(&statement.sql);
        let result = match &self.link {
            Link::Sqlite { readers, .. } => readers.query(statement).await,
            Link::Postgres(postgres) => postgres.query(&statement).await,
        };
        finish(span, &result);
        result
    }
}

/// Creates a missing file with permissions for its owner only, since a database may hold password hashes. Errors are
/// left for SQLite to report when it opens the file.
fn create_private(path: &Path) {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let _ = options.open(path);
}

/// The error for a statement that writes but was sent to SQLite's readers.
fn outside_transaction() -> DbErr {
    DbErr::Custom("a statement that writes was sent outside of a transaction".to_owned())
}
