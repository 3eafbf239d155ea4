//! The writer's connection as a `DatabaseConnection`, which SeaORM's migrator requires.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::{
    DatabaseConnection, DbBackend, DbErr, ProxyDatabaseTrait, ProxyExecResult, ProxyRow, Statement,
    from_query_result_to_proxy_row,
};

use super::Connection;

/// Wraps a connection. Its futures are ready when they are first polled.
pub(crate) async fn connect(connection: &Arc<Mutex<Connection>>) -> Result<DatabaseConnection, DbErr> {
    let proxy: Box<dyn ProxyDatabaseTrait> = Box::new(Proxy(Arc::clone(connection)));
    sea_orm::Database::connect_proxy(DbBackend::Sqlite, Arc::new(proxy)).await
}

struct Proxy(Arc<Mutex<Connection>>);

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
