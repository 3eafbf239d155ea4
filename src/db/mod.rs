//! The database: SQLite or PostgreSQL behind one door, and what is particular to each.
//!
//! `sqlite.rs` is one connection to SQLite, `readers.rs` and `writer.rs` are how many of them work together,
//! `postgres.rs` is how the other is waited for, `dialect.rs` is what the two databases spell differently, `models.rs` is
//! how whole rows are read, `bulk.rs` is how each takes many rows at once, `tally.rs` is how many rows there are. The
//! rules reach all of it through `Ctx` (reading) and `Tx` (writing), which SeaORM takes for connections.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use migration::{Migrator, MigratorTrait as _};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement,
    TransactionTrait,
};

use crate::error::Result;
use crate::telemetry::Record;
use crate::telemetry::traces::DbSpan as Span;

pub mod bulk;
pub mod dialect;
mod integrity;
mod migrating;
pub mod models;
mod postgres;
mod readers;
pub mod row_count;
mod sqlite;
mod sum_product;
mod wal;
mod writer;

pub use postgres::{Postgres, Timeouts};
pub use readers::Readers;
pub use sqlite::{Connection as SqliteConnection, undone};
pub use writer::{Outcome, Writer};

/// The key of the lock under which PostgreSQL's tables are brought up to date: "stock" in ASCII.
const MIGRATION_LOCK: i64 = 0x73_746f_636b;

/// Which database it is. Only this module's files branch on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Backend {
    /// The embedded default.
    Sqlite,
    /// A server.
    Postgres,
}

impl From<Backend> for DbBackend {
    fn from(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => Self::Sqlite,
            Backend::Postgres => Self::Postgres,
        }
    }
}

/// An open database.
#[derive(Clone)]
pub struct Database {
    link: Link,
    statements: Arc<AtomicU64>,
}

#[derive(Clone)]
enum Link {
    Sqlite { readers: Arc<Readers>, writer: Writer },
    Postgres(Postgres),
}

/// The open connections to the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    /// Those that wait for work.
    pub idle: usize,
    /// Those that work.
    pub used: usize,
}

/// Where a database is, read from its URL.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file.
    Sqlite(PathBuf),
    /// A server's URL, which may hold a password and so is never printed.
    Postgres(String),
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            Self::Postgres(_) => f.write_str("Postgres"),
        }
    }
}

impl Location {
    /// Reads `sqlite://file.db`, `sqlite:///absolute/file.db` or `postgres://…`.
    pub fn parse(url: &str) -> Option<Self> {
        if let Some(path) = url
            .strip_prefix("sqlite://")
            .or_else(|| url.strip_prefix("sqlite:"))
        {
            let path = path.split('?').next().unwrap_or_default();
            return (!path.is_empty()).then(|| Self::Sqlite(PathBuf::from(path)));
        }
        (url.starts_with("postgres://") || url.starts_with("postgresql://"))
            .then(|| Self::Postgres(url.to_owned()))
    }
}

impl Database {
    /// Opens the database; a SQLite file is made when it isn't there.
    pub async fn open(location: &Location, pace: Timeouts) -> Result<Self> {
        let link = match location {
            Location::Sqlite(path) => {
                private(path);
                let writer = Writer::start(path)?;
                Link::Sqlite {
                    readers: Arc::new(Readers::new(path.clone())),
                    writer,
                }
            }
            Location::Postgres(url) => Link::Postgres(Postgres::connect(url, pace).await?),
        };
        Ok(Self {
            link,
            statements: Arc::default(),
        })
    }

    /// Which database it is.
    pub fn backend(&self) -> Backend {
        match self.link {
            Link::Sqlite { .. } => Backend::Sqlite,
            Link::Postgres(_) => Backend::Postgres,
        }
    }

    /// How many statements have been sent since the start, by everyone.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// How many connections there are. SQLite's one writer is not among them.
    pub fn connections(&self) -> Connections {
        match &self.link {
            Link::Sqlite { readers, .. } => readers.connections(),
            Link::Postgres(postgres) => {
                let pool = postgres.pool.get_postgres_connection_pool();
                let (all, idle) = (usize::try_from(pool.size()).unwrap_or_default(), pool.num_idle());
                Connections {
                    idle,
                    used: all.saturating_sub(idle),
                }
            }
        }
    }

    /// Counts a statement.
    pub(crate) fn count(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }

    fn sends(&self, sql: &str) -> Option<Span> {
        self.count();
        Record::statement_of_current(self.backend(), sql)
    }

    /// SQLite's writer, if this is SQLite.
    pub(crate) fn writer(&self) -> Option<&Writer> {
        match &self.link {
            Link::Sqlite { writer, .. } => Some(writer),
            Link::Postgres(_) => None,
        }
    }

    /// PostgreSQL, if it is that.
    pub(crate) fn postgres(&self) -> Option<&Postgres> {
        match &self.link {
            Link::Sqlite { .. } => None,
            Link::Postgres(postgres) => Some(postgres),
        }
    }

    /// Applies the migrations that are missing, all or none. Gateways that start at the same time wait for each other.
    pub async fn migrate_up(&self) -> Result<()> {
        match &self.link {
            Link::Sqlite { writer, .. } => {
                migrating::on_sqlite(writer, |db| async move { Migrator::up(&db, None).await }).await
            }
            Link::Postgres(postgres) => {
                let tx = begin_locked(&postgres.pool).await?;
                Migrator::up(&tx, None).await?;
                Ok(tx.commit().await?)
            }
        }
    }

    /// Takes the last migrations back.
    pub async fn migrate_down(&self, steps: u32) -> Result<()> {
        match &self.link {
            Link::Sqlite { writer, .. } => {
                migrating::on_sqlite(
                    writer,
                    move |db| async move { Migrator::down(&db, Some(steps)).await },
                )
                .await
            }
            Link::Postgres(postgres) => {
                let tx = begin_locked(&postgres.pool).await?;
                Migrator::down(&tx, Some(steps)).await?;
                Ok(tx.commit().await?)
            }
        }
    }

    /// Each migration and whether it is applied, without changing anything.
    pub async fn migrations(&self) -> Result<Vec<(String, bool)>> {
        let applied = migrating::applied(self).await?;
        Ok(Migrator::migrations()
            .iter()
            .map(|migration| {
                (
                    migration.name().to_owned(),
                    applied.iter().any(|name| name == migration.name()),
                )
            })
            .collect())
    }

    /// Whether the database answers and is up to date.
    pub async fn ready(&self) -> Result<bool> {
        Ok(self.migrations().await?.iter().all(|(_, applied)| *applied))
    }

    /// Finishes what is being written and closes the connections.
    pub async fn close(&self) {
        match &self.link {
            Link::Sqlite { writer, .. } => writer.stop().await,
            Link::Postgres(postgres) => {
                if let Err(error) = postgres.pool.clone().close().await {
                    tracing::warn!(%error, "the database's connections did not close cleanly");
                }
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "migrations come before there is a request to have a transaction"
)]
async fn begin_locked(pool: &DatabaseConnection) -> Result<sea_orm::DatabaseTransaction> {
    let tx = pool.begin().await?;
    // It takes as long as it takes; what is set goes with the transaction.
    tx.execute_unprepared("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
        .await?;
    tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        .await?;
    Ok(tx)
}

/// Reading: each statement sees the latest commit.
#[async_trait::async_trait]
impl ConnectionTrait for Database {
    fn get_database_backend(&self) -> DbBackend {
        self.backend().into()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let Link::Postgres(postgres) = &self.link else {
            return Err(outside_transaction());
        };
        let mut span = self.sends(&statement.sql);
        let result = postgres.in_time(postgres.pool.execute_raw(statement)).await;
        ended(&mut span, &result);
        result
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let Link::Postgres(postgres) = &self.link else {
            return Err(outside_transaction());
        };
        let mut span = self.sends(sql);
        let result = postgres.in_time(postgres.pool.execute_unprepared(sql)).await;
        ended(&mut span, &result);
        result
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut span = self.sends(&statement.sql);
        let result = match &self.link {
            Link::Sqlite { readers, .. } => readers.query(statement).await,
            Link::Postgres(postgres) => postgres.in_time(postgres.pool.query_all_raw(statement)).await,
        };
        ended(&mut span, &result);
        result
    }
}

/// Makes a file that is not there, for its owner's eyes alone: it will hold the hashes of passwords. What goes wrong here
/// is met again, and told, when SQLite opens it.
fn private(path: &Path) {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let _ = options.open(path);
}

/// Notes the end of a statement, if anybody wants to know.
pub(crate) fn ended<T, E>(span: &mut Option<Span>, result: &Result<T, E>) {
    if let Some(span) = span {
        span.end(result);
    }
}

/// SQLite's readers can't write, and no rule asks them to: writing is `Tx`'s.
fn outside_transaction() -> DbErr {
    DbErr::Custom("a statement that writes was sent outside of a transaction".to_owned())
}
