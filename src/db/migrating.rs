//! How migrations reach SQLite: through SeaORM's proxy, on the writer, inside one transaction.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DbBackend, DbErr, ProxyDatabaseTrait, ProxyExecResult,
    ProxyRow, Statement, from_query_result_to_proxy_row,
};

use super::{Backend, Database, SqliteConnection, Writer};
use crate::error::{Error, Result};

/// The names of the migrations that a database has, none for an empty one. It changes nothing, unlike the migrator's
/// own question, and asks in each database's own words, which the migrator lacks without SeaORM's SQLite driver.
pub async fn applied(db: &Database) -> Result<Vec<String>> {
    let table = match db.backend() {
        Backend::Sqlite => {
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'seaql_migrations'"
        }
        Backend::Postgres => "SELECT 'x' AS name WHERE to_regclass('seaql_migrations') IS NOT NULL",
    };
    let query = |sql: &str| Statement::from_string(db.get_database_backend(), sql);
    if db.query_one_raw(query(table)).await?.is_none() {
        return Ok(Vec::new());
    }
    let rows = db
        .query_all_raw(query("SELECT version FROM seaql_migrations"))
        .await?;
    rows.iter().map(|row| Ok(row.try_get("", "version")?)).collect()
}

/// Runs a migration as one job of the writer, which commits it whole or not at all.
pub async fn on_sqlite<F, Fut>(writer: &Writer, migrate: F) -> Result<()>
where
    F: FnOnce(DatabaseConnection) -> Fut + Send + 'static,
    Fut: Future<Output = Result<(), DbErr>> + Send,
{
    writer
        .run(move |connection| {
            let run = async {
                let proxy: Box<dyn ProxyDatabaseTrait> = Box::new(Proxy(Arc::clone(connection)));
                let db = sea_orm::Database::connect_proxy(DbBackend::Sqlite, Arc::new(proxy)).await?;
                migrate(db).await
            };
            run.now_or_never()
                .ok_or_else(|| Error::internal("a migration waited for something"))?
                .map_err(Error::from)
        })
        .await
}

/// The writer's connection as SeaORM's proxy wants to see it.
struct Proxy(Arc<Mutex<SqliteConnection>>);

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proxy")
    }
}

#[async_trait::async_trait]
impl ProxyDatabaseTrait for Proxy {
    async fn query(&self, statement: Statement) -> Result<Vec<ProxyRow>, DbErr> {
        let rows = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .query(&statement)?;
        Ok(rows.iter().map(from_query_result_to_proxy_row).collect())
    }

    async fn execute(&self, statement: Statement) -> Result<ProxyExecResult, DbErr> {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if statement.values.is_none() {
            connection.run(&statement.sql)?;
            return Ok(ProxyExecResult::default());
        }
        Ok(connection.execute(&statement)?.into())
    }
}
