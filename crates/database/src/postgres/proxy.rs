//! A transaction as a `DatabaseConnection`, which SeaORM's migrator requires.

use std::fmt;
use std::sync::Arc;

use sea_orm::{
    DatabaseConnection, DbBackend, DbErr, ProxyDatabaseTrait, ProxyExecResult, ProxyRow, Statement,
};

use super::rows::proxy_rows;
use super::transaction::PostgresTransaction;

/// Wraps a transaction. Transactions begun on the result are part of this one.
pub(crate) async fn connect(transaction: &Arc<PostgresTransaction>) -> Result<DatabaseConnection, DbErr> {
    let proxy: Box<dyn ProxyDatabaseTrait> = Box::new(Proxy(Arc::clone(transaction)));
    sea_orm::Database::connect_proxy(DbBackend::Postgres, Arc::new(proxy)).await
}

struct Proxy(Arc<PostgresTransaction>);

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proxy")
    }
}

#[async_trait::async_trait]
impl ProxyDatabaseTrait for Proxy {
    async fn query(&self, statement: Statement) -> Result<Vec<ProxyRow>, DbErr> {
        proxy_rows(&self.0.run(&statement).await?.rows)
    }

    async fn execute(&self, statement: Statement) -> Result<ProxyExecResult, DbErr> {
        let response = match statement.values {
            None => self.0.run_simple(&statement.sql).await?,
            Some(_) => self.0.run(&statement).await?,
        };
        Ok(ProxyExecResult::new(0, response.affected))
    }
}
