//! SQLite's one writer, which commits waiting work together.
//!
//! `synchronous=FULL` makes every commit wait for the disk, a fraction of a millisecond to several of them. So whatever
//! waits when the writer is free becomes one transaction: each job runs in a savepoint of its own, a refused one leaves
//! no trace, the commit waits for the disk once, and only then is anybody told that their work is done. Measured
//! beforehand: 489 transactions a second one by one, 57,000 together.
//!
//! The jobs run on the writer's own thread with SQLite beneath them, so between the statements of a rule there is no
//! waiting, no other thread and no lock that anybody else holds.

use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use sea_orm::DbErr;
use tokio::sync::{mpsc, oneshot};

use super::sqlite::{self, Connection};
use super::wal::Wal;
use crate::error::{Error, Result};
use crate::telemetry::metrics::Sizes;

/// Jobs that wait; whoever comes then waits to be let in.
const QUEUE: usize = 1024;
/// Jobs that one commit makes durable, at most: bounds how long the first of them waits.
const TOGETHER: usize = 256;

/// What a job makes of the connection: whether its changes are kept, and whom to tell after the commit.
pub struct Outcome {
    keep: bool,
    tell: Box<dyn FnOnce(Result<(), DbErr>) + Send>,
}

type Shared = Arc<Mutex<Connection>>;
/// A job is given the connection inside its transaction, or why there is none.
type Job = Box<dyn FnOnce(Result<&Shared, DbErr>) -> Outcome + Send>;

enum Message {
    Job(Job),
    Stop(oneshot::Sender<()>),
}

/// A handle to the writer's thread, which ends with the last handle.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Message>,
    sizes: Sizes,
}

impl Writer {
    /// Opens the file and starts the thread.
    pub fn start(path: &Path) -> Result<Self> {
        let connection = Arc::new(Mutex::new(Connection::writer(path)?));
        let (queue, jobs) = mpsc::channel(QUEUE);
        let (sizes, wal) = (Sizes::of_commits(), Wal::of(path));
        let observed = sizes.clone();
        thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || write(connection, jobs, &observed, wal))
            .map_err(Error::internal)?;
        Ok(Self { queue, sizes })
    }

    /// How many jobs wait to be begun.
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity().saturating_sub(self.queue.capacity())
    }

    /// How many jobs its commits made durable together.
    pub fn sizes(&self) -> &Sizes {
        &self.sizes
    }

    /// Runs a job in a transaction and returns what it returned, once that is on the disk. What it changed is kept only
    /// if it returned `Ok`.
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Shared) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (done, result) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let result = match connection {
                Ok(connection) => panic::catch_unwind(AssertUnwindSafe(|| job(connection)))
                    .unwrap_or_else(|_| Err(Error::internal("a transaction panicked"))),
                Err(error) => Err(error.into()),
            };
            let keep = result.is_ok();
            let tell = Box::new(move |committed: Result<(), DbErr>| {
                let result = if keep {
                    committed.map_err(Error::from).and(result)
                } else {
                    result
                };
                // Nobody listens any more when the client has gone; the work is done all the same.
                let _ = done.send(result);
            });
            Outcome { keep, tell }
        });
        self.queue.send(Message::Job(job)).await.map_err(|_| stopped())?;
        result.await.map_err(|_| stopped())?
    }

    /// Finishes what waits and ends the thread.
    pub async fn stop(&self) {
        let (done, stopped) = oneshot::channel();
        if self.queue.send(Message::Stop(done)).await.is_ok() {
            let _ = stopped.await;
        }
    }
}

fn stopped() -> Error {
    Error::unavailable("the writer has stopped")
}

fn write(connection: Shared, mut queue: mpsc::Receiver<Message>, sizes: &Sizes, mut wal: Wal) {
    while let Some(message) = queue.blocking_recv() {
        let (mut jobs, mut stop) = (Vec::new(), None);
        let mut next = Some(message);
        while let Some(message) = next.take() {
            match message {
                Message::Job(job) => jobs.push(job),
                Message::Stop(done) => stop = Some(done),
            }
            if stop.is_none() && jobs.len() < TOGETHER {
                next = queue.try_recv().ok();
            }
        }
        match run(&connection, "BEGIN IMMEDIATE") {
            Ok(()) => {
                sizes.observe(jobs.len());
                commit_together(&connection, jobs);
                wal.keep_short(&connection);
            }
            // Another process holds the file, or the disk is gone: everyone is told, those too who came while it was
            // waited for, so that nobody waits for it twice.
            Err(error) => {
                // All of them first: whoever is told may come back at once.
                while stop.is_none()
                    && let Ok(message) = queue.try_recv()
                {
                    match message {
                        Message::Job(job) => jobs.push(job),
                        Message::Stop(done) => stop = Some(done),
                    }
                }
                for job in jobs {
                    refuse(job, &error);
                }
            }
        }
        if let Some(done) = stop {
            // From here on nobody is let in. Whoever is on the way is waited for: what comes into a queue while its
            // reader goes can stay there, unheard, for as long as somebody holds the other end.
            queue.close();
            let late: Vec<Message> = std::iter::from_fn(|| queue.blocking_recv()).collect();
            run(&connection, "PRAGMA optimize")
                .unwrap_or_else(|error| tracing::debug!(%error, "not optimized"));
            // Closed before anybody hears of it: the last one to close leaves one whole file.
            drop(connection);
            let _ = done.send(());
            // Those who came too late are told by this that nothing was done.
            drop(late);
            return;
        }
    }
}

/// Runs jobs inside the transaction that has begun, and ends it.
fn commit_together(connection: &Shared, jobs: Vec<Job>) {
    let mut waiting: Vec<Outcome> = Vec::with_capacity(jobs.len());
    for job in jobs {
        // A disk that is full or fails makes SQLite undo the whole transaction, the neighbours' work with it.
        if is_undone(connection)
            && let Err(error) = run(connection, "BEGIN IMMEDIATE")
        {
            refuse(job, &error);
            continue;
        }
        if let Err(error) = run(connection, "SAVEPOINT job") {
            refuse(job, &error);
            tell_if_undone(connection, &mut waiting);
            continue;
        }
        let outcome = job(Ok(connection));
        let settled = if is_undone(connection) {
            Err(sqlite::undone())
        } else if outcome.keep {
            run(connection, "RELEASE job")
        } else {
            run(connection, "ROLLBACK TO job").and_then(|()| run(connection, "RELEASE job"))
        };
        match settled {
            Ok(()) => waiting.push(outcome),
            Err(error) => (outcome.tell)(Err(error)),
        }
        tell_if_undone(connection, &mut waiting);
    }
    if is_undone(connection) {
        return;
    }
    let committed = run(connection, "COMMIT");
    if committed.is_err() {
        run(connection, "ROLLBACK").unwrap_or_else(|error| tracing::debug!(%error, "nothing to roll back"));
    }
    for outcome in waiting {
        (outcome.tell)(committed.clone());
    }
}

/// Tells those who wait for the commit when there is nothing left to commit.
fn tell_if_undone(connection: &Shared, waiting: &mut Vec<Outcome>) {
    if is_undone(connection) {
        for outcome in waiting.drain(..) {
            (outcome.tell)(Err(sqlite::undone()));
        }
    }
}

fn refuse(job: Job, error: &DbErr) {
    (job(Err(error.clone())).tell)(Ok(()));
}

fn is_undone(connection: &Shared) -> bool {
    connection
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .is_outside_transaction()
}

fn run(connection: &Shared, sql: &'static str) -> Result<(), DbErr> {
    connection
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .run_prepared(sql)
}

#[cfg(test)]
mod tests;
