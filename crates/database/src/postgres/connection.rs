//! One connection to a server, driven by the task that uses it.
//!
//! `tokio-postgres` separates a client from the future that reads and writes the socket, which is meant to run as a
//! separate task, at the cost of two switches between tasks for each statement. Here that future is polled by the task that
//! waits for the response. An idle connection is not polled; [`Connection::is_alive`] checks whether the server has closed it.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::future::join;
use futures_util::task::noop_waker;
use futures_util::{FutureExt as _, TryStreamExt as _};
use sea_orm::Statement;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{CancelToken, Client, Row, RowStream, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::Error;
use super::statements::Statements;
use super::value::{Parameter, parameters};

/// The time limit of a request to cancel a statement.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(2);

/// The future that reads and writes the socket.
pub(super) type Socket = Pin<Box<dyn Future<Output = Result<(), tokio_postgres::Error>> + Send>>;

/// The state of prepared statements that all connections of a pool share.
pub(super) struct PreparationState {
    /// Whether statements are prepared by name at all.
    pub(super) is_enabled: AtomicBool,
    /// Incremented when prepared statements have become stale. Each connection checks it before its next statement.
    pub(super) epoch: AtomicU64,
}

/// The rows that a statement returned, and the number of rows that it changed.
pub(super) struct Response {
    pub(super) rows: Vec<Row>,
    pub(super) affected: u64,
}

pub(super) struct Connection {
    client: Client,
    driver: Driver,
    tls: MakeRustlsConnect,
    statements: Statements,
    preparation: Arc<PreparationState>,
    epoch: u64,
    pub(super) opened_at: Instant,
    /// Whether a transaction was begun and has not ended.
    pub(super) in_transaction: bool,
    /// Whether the connection can't be used any more.
    pub(super) is_broken: bool,
}

impl Connection {
    pub(super) fn new(
        client: Client,
        socket: Socket,
        tls: MakeRustlsConnect,
        preparation: Arc<PreparationState>,
    ) -> Self {
        Self {
            client,
            driver: Driver {
                socket,
                is_busy: false,
                is_ended: false,
            },
            tls,
            statements: Statements::default(),
            epoch: preparation.epoch.load(Ordering::Relaxed),
            preparation,
            opened_at: Instant::now(),
            in_transaction: false,
            is_broken: false,
        }
    }

    /// Whether the connection can be given to another caller without cleaning it up.
    pub(super) fn is_clean(&self) -> bool {
        !(self.driver.is_busy || self.driver.is_ended || self.in_transaction || self.is_broken)
    }

    /// Reads what the server has sent in the meantime, without waiting. False if the server has closed the connection.
    pub(super) fn is_alive(&mut self) -> bool {
        if !self.driver.is_ended {
            let waker = noop_waker();
            let polled = self.driver.socket.as_mut().poll(&mut Context::from_waker(&waker));
            self.driver.is_ended = polled.is_ready();
        }
        !self.driver.is_ended
    }

    /// Runs a statement and reads its whole response.
    pub(super) async fn run(&mut self, statement: &Statement) -> Result<Response, Error> {
        self.run_after(None, statement).await
    }

    /// Sends `first`, if any, and then `statement` without waiting for the response to `first`. `first` must have no
    /// parameters and return no rows.
    pub(super) async fn run_after(
        &mut self,
        first: Option<&'static str>,
        statement: &Statement,
    ) -> Result<Response, Error> {
        let parameters = parameters(statement).map_err(Error::Value)?;
        let is_prepared =
            self.preparation.is_enabled.load(Ordering::Relaxed) && Statements::is_cacheable(&statement.sql);
        let epoch = self.preparation.epoch.load(Ordering::Relaxed);
        if epoch != self.epoch {
            self.statements.clear();
            self.epoch = epoch;
        }
        let types = parameters.iter().map(|(_, ty)| ty);
        let cached = is_prepared
            .then(|| self.statements.get(&statement.sql, types))
            .flatten();
        let (client, sql) = (&self.client, statement.sql.as_str());
        let second = async {
            if !is_prepared {
                let typed_parameters = parameters.iter().map(|(value, ty)| (as_dyn(value), ty.clone()));
                return read(client.query_typed_raw(sql, typed_parameters).await?)
                    .await
                    .map(|read| (read, None));
            }
            let (prepared, is_new) = match cached {
                Some(prepared) => (prepared, false),
                None => {
                    let types: Vec<Type> = parameters.iter().map(|(_, ty)| ty.clone()).collect();
                    // Boxed, so that the futures of cached statements stay small.
                    (Box::pin(client.prepare_typed(sql, &types)).await?, true)
                }
            };
            let values = parameters.iter().map(|(value, _)| as_dyn(value));
            let response = read(client.query_raw(&prepared, values).await?).await?;
            Ok((response, is_new.then_some(prepared)))
        };
        let first = async {
            match first {
                Some(first) => client.batch_execute(first).await,
                None => Ok(()),
            }
        };
        let both = join(first, second).map(|(first, second)| first.and(second));
        let result = self.driver.drive(pin!(both)).await;
        match result {
            Ok((response, prepared)) => {
                if let Some(prepared) = prepared {
                    self.statements.insert(sql, prepared);
                }
                Ok(response)
            }
            Err(error) => Err(self.handle_error(error)),
        }
    }

    /// Runs statements without parameters, separated by semicolons. The response has no rows.
    pub(super) async fn run_simple(&mut self, sql: &str) -> Result<Response, Error> {
        let messages = self.messages(sql).await?;
        let affected = messages.iter().rev().find_map(|message| match message {
            SimpleQueryMessage::CommandComplete(affected) => Some(*affected),
            _ => None,
        });
        Ok(Response {
            rows: Vec::new(),
            affected: affected.unwrap_or_default(),
        })
    }

    /// The first value of the first row that statements without parameters return, as text.
    pub(super) async fn text(&mut self, sql: &str) -> Result<Option<String>, Error> {
        let messages = self.messages(sql).await?;
        Ok(messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.try_get(0).ok().flatten().map(str::to_owned),
            _ => None,
        }))
    }

    async fn messages(&mut self, sql: &str) -> Result<Vec<SimpleQueryMessage>, Error> {
        let messages = self.driver.drive(pin!(self.client.simple_query(sql))).await;
        messages.map_err(|error| self.handle_error(error))
    }

    /// Rolls back an unfinished transaction, after reading the response to its last statement.
    pub(super) async fn clean(&mut self) -> Result<(), Error> {
        self.run_simple("ROLLBACK").await?;
        self.in_transaction = false;
        Ok(())
    }

    /// Asks the server to cancel the statement that is running, without waiting for it, and closes the connection.
    pub(super) fn abandon(self) {
        let (token, tls) = (self.client.cancel_token(), self.tls.clone());
        drop(self);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(cancel(token, tls));
        }
    }

    /// Records the effect of an error on the connection and on prepared statements.
    fn handle_error(&mut self, error: Error) -> Error {
        if error.is_lost() || error.is_read_only() {
            self.is_broken = true;
        }
        if error.is_stale_plan() {
            self.preparation.epoch.fetch_add(1, Ordering::Relaxed);
        }
        if error.is_foreign_statement() && self.preparation.is_enabled.swap(false, Ordering::Relaxed) {
            tracing::warn!(
                "a prepared statement was missing on the server, which suggests a pooler that shares connections; statements are no longer prepared"
            );
        }
        error
    }
}

fn as_dyn<'p>(parameter: &'p Parameter<'p>) -> &'p (dyn ToSql + Sync) {
    parameter
}

async fn cancel(token: CancelToken, tls: MakeRustlsConnect) {
    match tokio::time::timeout(CANCEL_TIMEOUT, token.cancel_query(tls)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a statement could not be cancelled"),
        Err(_) => tracing::debug!("a statement could not be cancelled in time"),
    }
}

async fn read(rows: RowStream) -> Result<Response, tokio_postgres::Error> {
    let mut stream = pin!(rows);
    let mut rows = Vec::new();
    while let Some(row) = stream.try_next().await? {
        rows.push(row);
    }
    let affected = stream.rows_affected().unwrap_or_default();
    Ok(Response { rows, affected })
}

struct Driver {
    socket: Socket,
    /// Whether a request was sent and its response has not been read.
    is_busy: bool,
    /// Whether the future has completed.
    is_ended: bool,
}

impl Driver {
    /// Polls the socket until the request has its response. If the future is dropped earlier, the connection stays busy. The
    /// caller pins the request: passed by value, it would be stored twice in the future of this function.
    async fn drive<T>(
        &mut self,
        mut request: Pin<&mut impl Future<Output = Result<T, tokio_postgres::Error>>>,
    ) -> Result<T, Error> {
        if self.is_ended {
            return Err(Error::Ended);
        }
        self.is_busy = true;
        // The request waits only for the socket, which is polled in the same call, so it needs no waker.
        let waker = noop_waker();
        let result = poll_fn(|context| {
            let mut idle = Context::from_waker(&waker);
            if let Poll::Ready(result) = request.as_mut().poll(&mut idle) {
                return Poll::Ready(result.map_err(Error::from));
            }
            let ended = self.socket.as_mut().poll(context);
            self.is_ended = ended.is_ready();
            if let Poll::Ready(result) = request.as_mut().poll(&mut idle) {
                return Poll::Ready(result.map_err(Error::from));
            }
            match ended {
                Poll::Pending => Poll::Pending,
                Poll::Ready(Err(error)) => Poll::Ready(Err(error.into())),
                Poll::Ready(Ok(())) => Poll::Ready(Err(Error::Ended)),
            }
        })
        .await;
        self.is_busy = false;
        result
    }
}
