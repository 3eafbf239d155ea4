//! Applying and reverting migrations, generic over SeaORM's `MigratorTrait`.

use std::future::Future;

use futures_util::FutureExt as _;
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, Statement, TransactionTrait};
use sea_orm_migration::MigratorTrait;

use crate::database::Link;
use crate::sqlite::{Writer, proxy};
use crate::transaction::waited;
use crate::{Backend, Database};

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
                let transaction = begin_locked(&postgres.pool, lock).await?;
                M::up(&transaction, None).await?;
                transaction.commit().await
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
                let transaction = begin_locked(&postgres.pool, lock).await?;
                M::down(&transaction, Some(steps)).await?;
                transaction.commit().await
            }
        }
    }

    /// The name of each migration and whether it is applied. Only reads.
    pub async fn migrations<M: MigratorTrait>(&self) -> Result<Vec<(String, bool)>, DbErr> {
        let applied = self.applied_migrations().await?;
        Ok(M::migrations()
            .iter()
            .map(|migration| {
                let name = migration.name().to_owned();
                let is_applied = applied.contains(&name);
                (name, is_applied)
            })
            .collect())
    }

    /// The names in the migrator's table, none for an empty database. The migrator's own query would create the table,
    /// and does not support SQLite without SeaORM's driver.
    async fn applied_migrations(&self) -> Result<Vec<String>, DbErr> {
        let table = match self.backend() {
            Backend::Sqlite => {
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'seaql_migrations'"
            }
            Backend::Postgres => "SELECT 'x' AS name WHERE to_regclass('seaql_migrations') IS NOT NULL",
        };
        let query = |sql: &str| Statement::from_string(self.get_database_backend(), sql);
        if self.query_one_raw(query(table)).await?.is_none() {
            return Ok(Vec::new());
        }
        let rows = self
            .query_all_raw(query("SELECT version FROM seaql_migrations"))
            .await?;
        rows.iter().map(|row| row.try_get("", "version")).collect()
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
            run.now_or_never().unwrap_or_else(|| Err(waited()))
        })
        .await
}

#[expect(
    clippy::disallowed_methods,
    reason = "migrations run on SeaORM's own transaction, without time limits"
)]
async fn begin_locked(pool: &DatabaseConnection, lock: MigrationLock) -> Result<DatabaseTransaction, DbErr> {
    let transaction = pool.begin().await?;
    // A migration may take long. The settings end with the transaction.
    transaction
        .execute_unprepared("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
        .await?;
    transaction
        .execute_unprepared(&format!("SELECT pg_advisory_xact_lock({})", lock.0))
        .await?;
    Ok(transaction)
}
