//! Reading: short statements run on the calling thread, long ones on a blocking thread.
//!
//! SQLite finds a row by id in a few microseconds, less than it takes to hand the statement to another thread. So each
//! statement starts on the calling thread, and the progress handler interrupts it after a fraction of a millisecond. Then
//! it starts again on one of tokio's blocking threads; readers use at most [`LONG_STATEMENTS`] of these at a time. A statement
//! that was long when it last ran starts on such a thread.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use sea_orm::{DbErr, QueryResult, Statement};
use tokio::sync::Semaphore;

use super::Connection;
use super::error::is_interrupted;
use crate::database::Connections;

/// The maximum number of long statements that run at the same time.
const LONG_STATEMENTS: usize = 4;
/// The maximum number of entries in [`Readers::long_texts`], which is cleared when it is full.
const LONG_TEXTS: usize = 256;

/// The connections that read one file. Each is opened when it is first needed.
pub(crate) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    used: AtomicUsize,
    long_statements: Arc<Semaphore>,
    /// The texts of statements that were long when they last ran.
    long_texts: RwLock<HashSet<String>>,
}

impl Readers {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            idle: Mutex::default(),
            used: AtomicUsize::new(0),
            long_statements: Arc::new(Semaphore::new(LONG_STATEMENTS)),
            long_texts: RwLock::default(),
        }
    }

    pub(crate) async fn query(self: &Arc<Self>, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.read(statement, Connection::query).await
    }

    /// Runs a statement with `read`, which is called again if the statement turns out to be long.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        statement: Statement,
        read: fn(&Connection, &Statement) -> Result<T, DbErr>,
    ) -> Result<T, DbErr> {
        if !self.is_long(&statement) {
            match self.run(&statement, read, true) {
                Err(error) if is_interrupted(&error) => {}
                result => return result,
            }
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

    /// Whether the statement was long when it last ran.
    fn is_long(&self, statement: &Statement) -> bool {
        let texts = self.long_texts.read().unwrap_or_else(PoisonError::into_inner);
        texts.contains(&statement.sql)
    }

    fn set_is_long(&self, statement: &Statement, is_long: bool) {
        if self.is_long(statement) == is_long {
            return;
        }
        let mut texts = self.long_texts.write().unwrap_or_else(PoisonError::into_inner);
        if !is_long {
            texts.remove(&statement.sql);
            return;
        }
        if texts.len() >= LONG_TEXTS {
            texts.clear();
        }
        texts.insert(statement.sql.clone());
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
        if !short_only {
            self.set_is_long(statement, connection.was_long());
        }
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
        result
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::DbBackend;

    use super::*;

    /// A statement that counts to `end`, in about 12 steps for each number.
    fn count_to(end: i64) -> Statement {
        let sql = "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?)
                   SELECT COUNT(*) FROM number";
        Statement::from_sql_and_values(DbBackend::Sqlite, sql, [end.into()])
    }

    #[tokio::test]
    async fn a_long_statement_starts_on_a_blocking_thread_until_it_is_short() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("long.db");
        drop(Connection::writer(&path).expect("a file"));
        let readers = Arc::new(Readers::new(path));
        let count = async |end| {
            let counted = readers.read(count_to(end), Connection::numbers::<1>).await;
            assert_eq!(counted.expect("a number"), Some([end]));
            readers.is_long(&count_to(end))
        };
        assert!(!count(500).await);
        assert!(count(50_000).await);
        assert!(count(50_000).await);
        assert!(!count(500).await);
        assert!(!count(500).await);
    }

    #[test]
    fn the_number_of_long_texts_is_limited() {
        let readers = Readers::new(PathBuf::new());
        let statement = |n| Statement::from_string(DbBackend::Sqlite, format!("SELECT {n}"));
        for n in 0..=LONG_TEXTS {
            readers.set_is_long(&statement(n), true);
        }
        assert!(!readers.is_long(&statement(0)) && readers.is_long(&statement(LONG_TEXTS)));
    }
}
