//! SQLite's readers: a short statement runs where it is asked, a long one on a thread where it holds up nobody.
//!
//! A row by id takes SQLite a few microseconds, less than handing it to another thread. So a statement starts in place,
//! and SQLite's progress handler gives it up when it has done more than a fraction of a millisecond of work; then it runs
//! again, from the beginning, on the blocking threads, of which readers use only a few at a time.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::{DbErr, QueryResult, Statement};
use tokio::sync::Semaphore;

use super::Connections;
use super::sqlite::{Connection, is_interrupted};

/// Long statements that run at the same time.
const LONG_STATEMENTS: usize = 4;

/// The connections that read one file.
pub struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    used: AtomicUsize,
    long: Arc<Semaphore>,
}

impl Readers {
    /// Readers of a file; each connection opens when it is first needed.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            idle: Mutex::default(),
            used: AtomicUsize::new(0),
            long: Arc::new(Semaphore::new(LONG_STATEMENTS)),
        }
    }

    /// Runs a statement.
    pub async fn query(self: &Arc<Self>, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.read(statement, Connection::query).await
    }

    /// Runs a statement the way that `read` says.
    pub async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        statement: Statement,
        read: fn(&Connection, &Statement) -> Result<T, DbErr>,
    ) -> Result<T, DbErr> {
        match self.run(&statement, read, true) {
            Err(error) if is_interrupted(&error) => {}
            finished => return finished,
        }
        let permit = Arc::clone(&self.long)
            .acquire_owned()
            .await
            .map_err(|error| DbErr::Custom(error.to_string()))?;
        let readers = Arc::clone(self);
        let running = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            readers.run(&statement, read, false)
        });
        running.await.map_err(|error| DbErr::Custom(error.to_string()))?
    }

    /// How many are open.
    pub fn connections(&self) -> Connections {
        Connections {
            idle: self.idle.lock().unwrap_or_else(PoisonError::into_inner).len(),
            used: self.used.load(Ordering::Relaxed),
        }
    }

    /// Nothing waits while a connection is out, so there are never more of them than threads that ask.
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
        connection.keep_short(short_only);
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
