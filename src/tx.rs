//! The transactions of a request, and the notifications that follow a commit.
//!
//! The body of a transaction runs again if transactions conflict, so it must have no effects outside the transaction.
//! Notifications for other parts of the program are collected in [`Tx`] and published after the commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use database::{Backend, Table, Transaction};
use futures_util::future::BoxFuture;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use crate::ctx::Ctx;
use crate::error::Result;
use crate::kind::Kind;
use crate::services::Services;

/// A running transaction, as a `ConnectionTrait`.
pub struct Tx {
    transaction: Transaction,
    ctx: Ctx,
    changes: Arc<Changes>,
}

/// The changes to be published after the commit.
#[derive(Default)]
struct Changes {
    inflows: AtomicU64,
    outflows: AtomicU64,
    /// Whether to wake the webhook worker.
    webhooks: AtomicBool,
}

impl Ctx {
    /// Runs `body` in a transaction, which is committed if it returns `Ok` and rolled back otherwise. On a conflict with
    /// another transaction it runs again, a few times.
    ///
    /// # Errors
    /// The error of `body`; [`Error::Unavailable`](crate::error::Error::Unavailable) when the database can't be written
    /// or there were too many conflicts.
    pub async fn transaction<T, F>(&self, body: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> Fn(&'t Tx) -> BoxFuture<'t, Result<T>> + Send + Sync + 'static,
    {
        let changes = Arc::<Changes>::default();
        let (ctx, collected) = (self.clone(), Arc::clone(&changes));
        let wrap = move |transaction| {
            // Discard the changes of an earlier attempt.
            collected.clear();
            Tx {
                transaction,
                ctx: ctx.clone(),
                changes: Arc::clone(&collected),
            }
        };
        let result = self.db().transaction_as(self.record.clone(), wrap, body).await;
        self.labels.clear();
        if result.is_ok() {
            changes.publish(&self.services);
        }
        result
    }
}

impl Services {
    /// Publishes a committed change that was made without [`Ctx::transaction`]: `count` movements of this kind.
    pub fn publish_movements(&self, kind: Kind, count: usize, wake_webhooks: bool) {
        let changes = Changes::default();
        changes.add_movements(kind, u64::try_from(count).unwrap_or(u64::MAX));
        changes.webhooks.store(wake_webhooks, Ordering::Relaxed);
        changes.publish(self);
    }
}

impl Changes {
    fn add_movements(&self, kind: Kind, count: u64) {
        match kind {
            Kind::Inflow => &self.inflows,
            Kind::Outflow => &self.outflows,
            _ => return,
        }
        .fetch_add(count, Ordering::Relaxed);
    }

    fn clear(&self) {
        self.inflows.store(0, Ordering::Relaxed);
        self.outflows.store(0, Ordering::Relaxed);
        self.webhooks.store(false, Ordering::Relaxed);
    }

    fn publish(&self, services: &Services) {
        let metrics = &services.metrics;
        metrics.count_movements(Kind::Inflow, self.inflows.load(Ordering::Relaxed));
        metrics.count_movements(Kind::Outflow, self.outflows.load(Ordering::Relaxed));
        if self.webhooks.load(Ordering::Relaxed) {
            services.webhook_signal.notify_one();
        }
        services.commits.send_replace(());
    }
}

impl Tx {
    /// Wakes the webhook worker after the commit.
    pub(crate) fn wake_webhooks(&self) {
        self.changes.webhooks.store(true, Ordering::Relaxed);
    }

    /// Counts a movement in the metrics after the commit.
    pub fn count_movement(&self, kind: Kind) {
        self.changes.add_movements(kind, 1);
    }

    pub fn ctx(&self) -> &Ctx {
        &self.ctx
    }

    pub fn backend(&self) -> Backend {
        self.transaction.backend()
    }

    /// The rows of a statement that selects or returns columns of the table. Columns that are not selected have their default.
    pub(crate) async fn models<E: Table>(&self, statement: Statement) -> Result<Vec<E::Model>, DbErr> {
        self.transaction.models::<E>(statement).await
    }
}

impl From<Tx> for Transaction {
    fn from(tx: Tx) -> Self {
        tx.transaction
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.transaction.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.transaction.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.transaction.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.transaction.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.transaction.query_all_raw(statement).await
    }
}
