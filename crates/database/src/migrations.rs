//! Applying and reverting migrations, generic over SeaORM's `MigratorTrait`.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement};
use sea_orm_migration::MigratorTrait;

use crate::database::Link;
use crate::postgres::{self, Postgres};
use crate::sqlite::{Writer, proxy};
use crate::transaction::body_not_ready;
use crate::{Backend, Database};

/// How long a migration on PostgreSQL waits for the lock of a table.
const LOCK_TIMEOUT: &str = "2s";
/// The pause before the next attempt to apply migrations.
const LOCK_PAUSE: Duration = Duration::from_secs(1);
/// The maximum number of attempts while tables are in use. All of them together take about three minutes.
const LOCK_ATTEMPTS: u32 = 60;

/// The table in which a migration stores its name (in the column `name`) if programs without the migration can still use the
/// database, because everything that they read and write still exists.
pub const COMPATIBLE: &str = "compatible_migration";

/// A migration and its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    pub name: String,
    pub state: State,
}

/// The state of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Applied,
    Missing,
    /// Applied by a newer program, and marked as compatible in [`COMPATIBLE`].
    Compatible,
    /// Applied by a newer program, and not marked as compatible.
    Unknown,
}

/// The key of the advisory lock that PostgreSQL holds during migrations. Processes that migrate the same database at the
/// same time wait for each other if they use the same key.
#[derive(Clone, Copy, Debug)]
pub struct MigrationLock(pub i64);

impl Database {
    /// Applies the missing migrations, all or none.
    pub async fn migrate_up<M: MigratorTrait>(&self, lock: MigrationLock) -> Result<(), DbErr> {
        match &self.link {
            Link::Sqlite { writer, .. } => {
                on_writer(writer, |db| async move { M::up(&db, None).await }).await
            }
            Link::Postgres(postgres) => {
                // A role without permission to change the schema can use a schema that is up to date.
                if self
                    .migrations::<M>()
                    .await?
                    .iter()
                    .all(|migration| migration.state == State::Applied)
                {
                    return Ok(());
                }
                on_postgres(postgres, lock, |db| async move { M::up(&db, None).await }).await
            }
        }
    }

    /// Reverts the last `steps` migrations, all or none.
    pub async fn migrate_down<M: MigratorTrait>(&self, lock: MigrationLock, steps: u32) -> Result<(), DbErr> {
        match &self.link {
            Link::Sqlite { writer, .. } => {
                on_writer(writer, move |db| async move { M::down(&db, Some(steps)).await }).await
            }
            Link::Postgres(postgres) => {
                on_postgres(
                    postgres,
                    lock,
                    |db| async move { M::down(&db, Some(steps)).await },
                )
                .await
            }
        }
    }

    /// The state of each migration of this program, in order, and then of those that newer programs have applied. Only reads.
    pub async fn migrations<M: MigratorTrait>(&self) -> Result<Vec<Migration>, DbErr> {
        let applied = self.applied_migrations().await?;
        let mut all: Vec<Migration> = M::migrations()
            .iter()
            .map(|migration| {
                let name = migration.name().to_owned();
                let is_applied = applied.contains(&name);
                let state = if is_applied {
                    State::Applied
                } else {
                    State::Missing
                };
                Migration { name, state }
            })
            .collect();
        let is_newer = |name: &String| all.iter().all(|migration| migration.name != *name);
        let mut newer: Vec<String> = applied.into_iter().filter(is_newer).collect();
        if newer.is_empty() {
            return Ok(all);
        }
        newer.sort();
        let compatible = self.names(COMPATIBLE, "name").await?;
        all.extend(newer.into_iter().map(|name| {
            let is_compatible = compatible.contains(&name);
            let state = if is_compatible {
                State::Compatible
            } else {
                State::Unknown
            };
            Migration { name, state }
        }));
        Ok(all)
    }

    /// The names in the migrator's table. The migrator's own query would create the table, and does not support SQLite
    /// without SeaORM's driver.
    async fn applied_migrations(&self) -> Result<Vec<String>, DbErr> {
        self.names("seaql_migrations", "version").await
    }

    /// The values of a column; none if there is no such table, as in an empty database.
    async fn names(&self, table: &str, column: &str) -> Result<Vec<String>, DbErr> {
        let exists = match self.backend() {
            Backend::Sqlite => {
                format!("SELECT name FROM sqlite_schema WHERE type = 'table' AND name = '{table}'")
            }
            Backend::Postgres => format!("SELECT 'x' AS name WHERE to_regclass('{table}') IS NOT NULL"),
        };
        let query = |sql: String| Statement::from_string(self.get_database_backend(), sql);
        if self.query_one_raw(query(exists)).await?.is_none() {
            return Ok(Vec::new());
        }
        let rows = self
            .query_all_raw(query(format!("SELECT {column} FROM {table}")))
            .await?;
        rows.iter().map(|row| row.try_get("", column)).collect()
    }
}

/// Runs migrations as one transaction of the writer.
async fn on_writer<F, Fut>(writer: &Writer, migrate: F) -> Result<(), DbErr>
where
    F: FnOnce(DatabaseConnection) -> Fut + Send + 'static,
    Fut: Future<Output = Result<(), DbErr>> + Send,
{
    writer
        .run(move |connection| {
            let run = async { migrate(proxy::connect(connection).await?).await };
            run.now_or_never().unwrap_or_else(|| Err(body_not_ready()))
        })
        .await
}

/// Runs migrations as one transaction, without limits on how long a statement may take.
///
/// While a migration waits for a table that another session reads, all other sessions that need the table queue behind it.
/// So it gives up after [`LOCK_TIMEOUT`] or a deadlock, and tries again after a pause in which the others can proceed.
async fn on_postgres<F, Fut>(postgres: &Postgres, lock: MigrationLock, migrate: F) -> Result<(), DbErr>
where
    F: Fn(DatabaseConnection) -> Fut,
    Fut: Future<Output = Result<(), DbErr>>,
{
    let mut attempt = 0;
    loop {
        attempt += 1;
        let transaction = Arc::new(postgres.begin_unlimited().await?);
        let db = postgres::proxy::connect(&transaction).await?;
        // The settings end with the transaction.
        let begin = format!(
            "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;
             SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock({}); SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'",
            lock.0
        );
        let result = match db.execute_unprepared(&begin).await {
            Ok(_) => migrate(db.clone()).await,
            Err(error) => Err(error),
        };
        drop(db);
        let transaction = Arc::into_inner(transaction)
            .ok_or_else(|| DbErr::Custom("a migration has not released its connection".to_owned()))?;
        match result {
            Ok(()) => return transaction.commit().await,
            Err(error) => {
                transaction.rollback().await;
                if attempt >= LOCK_ATTEMPTS || !postgres::error::is_lock_conflict(&error) {
                    return Err(error);
                }
                tracing::info!("a table is in use; trying the migrations again");
                tokio::time::sleep(LOCK_PAUSE).await;
            }
        }
    }
}
