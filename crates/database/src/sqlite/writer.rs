//! The only connection that writes, with group commit.
//!
//! `synchronous=FULL` makes each commit wait for the disk, from a fraction of a millisecond to several milliseconds. So
//! all jobs that are waiting when the writer is free share one SQLite transaction: each runs in a savepoint, which is
//! rolled back if the job fails, one commit waits for the disk, and only then do the callers get their results.
//! Measured throughput: 489 transactions per second one at a time, 57,000 in groups.
//!
//! The jobs run on the writer's own thread and call SQLite directly, so a transaction neither waits nor switches
//! threads between its statements.

use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use sea_orm::DbErr;
use tokio::sync::{mpsc, oneshot};

use super::Connection;
use super::error::rolled_back;
use super::wal::Wal;
use crate::failure::unavailable;
use crate::observer::StatementObserver;

/// The maximum number of requests in the queue. When it is full, callers wait until there is room.
const QUEUE: usize = 1024;
/// The maximum number of jobs that share one commit, which limits how long the first of them waits.
const GROUP: usize = 256;

type SharedConnection = Arc<Mutex<Connection>>;
/// A job, called with the connection inside a transaction, or with the error if no transaction could begin.
type Job = Box<dyn FnOnce(Result<&SharedConnection, DbErr>) -> Outcome + Send>;

/// What a job returns: whether its changes are kept, and a callback for the result of the commit.
struct Outcome {
    keep: bool,
    reply: Box<dyn FnOnce(Result<(), DbErr>) + Send>,
}

enum Request {
    Run(Job),
    Stop(oneshot::Sender<()>),
}

/// A handle to the writer's thread, which ends when the last handle is dropped.
#[derive(Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Request>,
}

impl Writer {
    /// Opens the file and starts the thread.
    pub(crate) fn start(path: &Path, observer: Arc<dyn StatementObserver>) -> Result<Self, DbErr> {
        let connection = Arc::new(Mutex::new(Connection::writer(path)?));
        let (queue, requests) = mpsc::channel(QUEUE);
        let wal = Wal::of(path);
        thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || work(connection, requests, &*observer, wal))
            .map_err(|error| DbErr::Custom(format!("the writer's thread did not start: {error}")))?;
        Ok(Self { queue })
    }

    /// The number of requests in the queue.
    pub(crate) fn queue_length(&self) -> usize {
        self.queue.max_capacity().saturating_sub(self.queue.capacity())
    }

    /// Runs a job in a transaction and returns its result once its changes are on disk. Its changes are kept only if it
    /// returns `Ok`. A job that has entered the queue runs even if the caller stops waiting.
    pub(crate) async fn run<T: Send + 'static, E: From<DbErr> + Send + 'static>(
        &self,
        job: impl FnOnce(&SharedConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let (reply, result) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let result = match connection {
                Ok(connection) => panic::catch_unwind(AssertUnwindSafe(|| job(connection)))
                    .unwrap_or_else(|_| Err(DbErr::Custom("a transaction panicked".to_owned()).into())),
                Err(error) => Err(error.into()),
            };
            let keep = result.is_ok();
            let reply = Box::new(move |committed: Result<(), DbErr>| {
                let result = if keep {
                    committed.map_err(E::from).and(result)
                } else {
                    result
                };
                // The receiver is gone when the caller has stopped waiting.
                let _ = reply.send(result);
            });
            Outcome { keep, reply }
        });
        self.queue
            .send(Request::Run(job))
            .await
            .map_err(|_| stopped_error())?;
        result.await.map_err(|_| stopped_error())?
    }

    /// Runs the jobs in the queue and ends the thread.
    pub(crate) async fn stop(&self) {
        let (done, stopped) = oneshot::channel();
        if self.queue.send(Request::Stop(done)).await.is_ok() {
            let _ = stopped.await;
        }
    }
}

fn stopped_error() -> DbErr {
    unavailable("the writer has stopped")
}

fn work(
    connection: SharedConnection,
    mut queue: mpsc::Receiver<Request>,
    observer: &dyn StatementObserver,
    mut wal: Wal,
) {
    while let Some(request) = queue.blocking_recv() {
        let (mut jobs, mut stop) = (Vec::new(), None);
        let mut next = Some(request);
        while let Some(request) = next.take() {
            match request {
                Request::Run(job) => jobs.push(job),
                Request::Stop(done) => stop = Some(done),
            }
            if stop.is_none() && jobs.len() < GROUP {
                next = queue.try_recv().ok();
            }
        }
        match run(&connection, "BEGIN IMMEDIATE") {
            Ok(()) => {
                observer.group_started(jobs.len());
                commit_group(&connection, jobs);
                wal.truncate_if_long(&connection);
            }
            // Another process holds the file's lock, or the disk has failed. Jobs that arrived during the wait fail
            // too, so that no caller waits for the lock twice. All are taken off the queue before the first reply,
            // because callers may retry at once.
            Err(error) => {
                while stop.is_none()
                    && let Ok(request) = queue.try_recv()
                {
                    match request {
                        Request::Run(job) => jobs.push(job),
                        Request::Stop(done) => stop = Some(done),
                    }
                }
                for job in jobs {
                    fail(job, &error);
                }
            }
        }
        if let Some(done) = stop {
            // A request sent while the receiver is being dropped could stay in the queue unanswered for as long as a
            // sender exists. So close the queue first and receive the rest.
            queue.close();
            let late_requests: Vec<Request> = std::iter::from_fn(|| queue.blocking_recv()).collect();
            run(&connection, "PRAGMA optimize")
                .unwrap_or_else(|error| tracing::debug!(%error, "could not optimize the database"));
            // Closing the last connection moves the write-ahead log into the database file and deletes the log, so
            // close before replying.
            drop(connection);
            let _ = done.send(());
            // Dropping the late requests makes `run` return an error to their callers; none of them was executed.
            drop(late_requests);
            return;
        }
    }
}

/// Runs jobs inside the open transaction, commits it, and replies to the jobs.
fn commit_group(connection: &SharedConnection, jobs: Vec<Job>) {
    let mut uncommitted: Vec<Outcome> = Vec::with_capacity(jobs.len());
    for job in jobs {
        // When the disk is full or fails, SQLite rolls back the whole transaction, including the changes of earlier
        // jobs.
        if is_rolled_back(connection)
            && let Err(error) = run(connection, "BEGIN IMMEDIATE")
        {
            fail(job, &error);
            continue;
        }
        if let Err(error) = run(connection, "SAVEPOINT job") {
            fail(job, &error);
            reply_if_rolled_back(connection, &mut uncommitted);
            continue;
        }
        let outcome = job(Ok(connection));
        let ended = if is_rolled_back(connection) {
            Err(rolled_back())
        } else if outcome.keep {
            run(connection, "RELEASE job")
        } else {
            run(connection, "ROLLBACK TO job").and_then(|()| run(connection, "RELEASE job"))
        };
        match ended {
            Ok(()) => uncommitted.push(outcome),
            Err(error) => (outcome.reply)(Err(error)),
        }
        reply_if_rolled_back(connection, &mut uncommitted);
    }
    if is_rolled_back(connection) {
        return;
    }
    let committed = run(connection, "COMMIT");
    if committed.is_err() {
        run(connection, "ROLLBACK").unwrap_or_else(|error| tracing::debug!(%error, "nothing to roll back"));
    }
    for outcome in uncommitted {
        (outcome.reply)(committed.clone());
    }
}

/// Replies to the uncommitted jobs if SQLite has rolled back their changes.
fn reply_if_rolled_back(connection: &SharedConnection, uncommitted: &mut Vec<Outcome>) {
    if is_rolled_back(connection) {
        for outcome in uncommitted.drain(..) {
            (outcome.reply)(Err(rolled_back()));
        }
    }
}

fn fail(job: Job, error: &DbErr) {
    (job(Err(error.clone())).reply)(Ok(()));
}

fn is_rolled_back(connection: &SharedConnection) -> bool {
    connection
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .is_autocommit()
}

fn run(connection: &SharedConnection, sql: &'static str) -> Result<(), DbErr> {
    connection
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .run_prepared(sql)
}

#[cfg(test)]
mod tests;
