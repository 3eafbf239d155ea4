//! Reading: short statements run on the calling thread, long ones on a blocking thread.
//!
//! SQLite finds a row by id in a few microseconds, less than it takes to hand the statement to another thread. So each
//! statement starts on the calling thread, and the progress handler interrupts it after a fraction of a millisecond. Then
//! it starts again on one of tokio's blocking threads; readers use at most [`LONG_STATEMENTS`] of these at a time.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::{DbErr, QueryResult, Statement};
use tokio::sync::Semaphore;

use super::Connection;
use super::error::is_interrupted;
use crate::database::Connections;

/// The maximum number of long statements that run at the same time.
const LONG_STATEMENTS: usize = 4;

/// The connections that read one file. Each is opened when it is first needed.
pub(crate) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    used: AtomicUsize,
    long_statements: Arc<Semaphore>,
}

impl Readers {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            idle: Mutex::default(),
            used: AtomicUsize::new(0),
            long_statements: Arc::new(Semaphore::new(LONG_STATEMENTS)),
        }
    }

    pub(crate) async fn query(self: &Arc<Self>, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.read(statement, Connection::query).await
    }

    /// Runs a statement with `read`, which may be called twice.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        statement: Statement,
        read: fn(&Connection, &Statement) -> Result<T, DbErr>,
    ) -> Result<T, DbErr> {
        match self.run(&statement, read, true) {
            Err(error) if is_interrupted(&error) => {}
            result => return result,
        }
        // Boxed, so that the futures of short statements stay small.
        Box::pin(Arc::clone(self).read_long(statement, read)).await
    }

    async fn read_long<T: Send + 'static>(
        self: Arc<Self>,
        statement: Statement,
        read: fn(&Connection, &Statement) -> Result<T, DbErr>,
    ) -> Result<T, DbErr> {
        let permit = Arc::clone(&self.long_statements)
            .acquire_owned()
            .await
            .map_err(|error| DbErr::Custom(error.to_string()))?;
        let running = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            self.run(&statement, read, false)
        });
        running.await.map_err(|error| DbErr::Custom(error.to_string()))?
    }

    pub(crate) fn connections(&self) -> Connections {
        Connections {
            idle: self.idle.lock().unwrap_or_else(PoisonError::into_inner).len(),
            used: self.used.load(Ordering::Relaxed),
        }
    }

    /// Runs `read` with an idle or a new connection. There is no await point while a connection is in use, so there are at most
    /// as many connections as threads.
    fn run<T>(
        &self,
        statement: &Statement,
        read: fn(&Connection, &Statement) -> Result<T, DbErr>,
        short_only: bool,
    ) -> Result<T, DbErr> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => Connection::reader(&self.path)?,
        };
        connection.set_short_only(short_only);
        self.used.fetch_add(1, Ordering::Relaxed);
        let result = read(&connection, statement);
        self.used.fetch_sub(1, Ordering::Relaxed);
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
        result
    }
}
