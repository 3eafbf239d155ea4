//! A transaction on one connection.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::{DbErr, Statement};
use tokio::sync::Mutex;

use super::connection::Response;
use super::error::Error;
use super::pool::Lease;
use super::{Postgres, is_read};

/// The time limit of a rollback, after which it is left to the pool, which cleans up or closes the connection.
const ROLLBACK_TIMEOUT: Duration = Duration::from_secs(1);

/// A transaction. If it is dropped, it is rolled back in the background.
pub(crate) struct PostgresTransaction {
    /// `None` after the connection was lost or abandoned.
    lease: Mutex<Option<Lease>>,
    postgres: Postgres,
    is_lost: AtomicBool,
}

impl PostgresTransaction {
    pub(super) fn new(lease: Lease, postgres: Postgres) -> Self {
        Self {
            lease: Mutex::new(Some(lease)),
            postgres,
            is_lost: AtomicBool::new(false),
        }
    }

    /// Whether the server ended the connection before a commit was sent, so that nothing has changed.
    pub(crate) fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed)
    }

    /// Runs a statement; the first one begins the transaction.
    pub(super) async fn run(&self, statement: &Statement) -> Result<Response, Error> {
        let mut lease = self.lease.lock().await;
        let Some(connection) = lease.as_mut() else {
            return Err(Error::Ended);
        };
        let is_begun = connection.in_transaction;
        connection.in_transaction = true;
        let run = async {
            if is_begun {
                return connection.run(statement).await;
            }
            // A statement that only reads can be sent together with BEGIN: if BEGIN fails, the statement changes nothing.
            if is_read(&statement.sql) {
                return connection.run_after(Some("BEGIN"), statement).await;
            }
            connection.run_simple("BEGIN").await?;
            connection.run(statement).await
        };
        let result = self.postgres.with_time_limit(pin!(run)).await;
        self.handle_result(&mut lease, result)
    }

    /// Runs statements without parameters.
    pub(super) async fn run_simple(&self, sql: &str) -> Result<Response, Error> {
        let mut lease = self.lease.lock().await;
        let Some(connection) = lease.as_mut() else {
            return Err(Error::Ended);
        };
        let is_begun = connection.in_transaction;
        connection.in_transaction = true;
        let run = async {
            if !is_begun {
                connection.run_simple("BEGIN").await?;
            }
            connection.run_simple(sql).await
        };
        let result = self.postgres.with_time_limit(pin!(run)).await;
        self.handle_result(&mut lease, result)
    }

    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        let Some(mut connection) = self.lease.into_inner() else {
            return Err(Error::Ended.into());
        };
        if !connection.in_transaction {
            return Ok(());
        }
        let result = self
            .postgres
            .with_time_limit(pin!(connection.run_simple("COMMIT")))
            .await;
        match result {
            Ok(_) => {
                connection.in_transaction = false;
                Ok(())
            }
            Err(error) => {
                self.postgres.replace_if_read_only(&error);
                if matches!(error, Error::TimedOut(_)) {
                    connection.abandon();
                }
                Err(error.into())
            }
        }
    }

    /// Rolls back, waiting up to [`ROLLBACK_TIMEOUT`].
    pub(crate) async fn rollback(self) {
        let Some(mut connection) = self.lease.into_inner() else {
            return;
        };
        if connection.in_transaction && !connection.is_broken {
            // After a failure the pool cleans up the connection.
            let _ = tokio::time::timeout(ROLLBACK_TIMEOUT, connection.clean()).await;
        }
    }

    fn handle_result(
        &self,
        lease: &mut Option<Lease>,
        result: Result<Response, Error>,
    ) -> Result<Response, Error> {
        if let Err(error) = &result {
            self.postgres.replace_if_read_only(error);
            if error.is_lost() {
                // After 25P03 (the transaction was idle for too long) it is not repeated, because its body would be idle again.
                self.is_lost
                    .store(error.code() != Some("25P03"), Ordering::Relaxed);
                *lease = None;
            } else if matches!(error, Error::TimedOut(_))
                && let Some(lease) = lease.take()
            {
                lease.abandon();
            }
        }
        result
    }
}
