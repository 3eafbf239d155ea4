//! `Record`: data collected during a request, for its log line and the headers of its response.
//!
//! The record is task-local, so that most code needs no parameter for it. Code that runs on another thread, such as
//! SQLite's writer, gets it as a parameter.

use std::future::Future;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use database::Backend;

use crate::traces::{DbSpan, Span};

tokio::task_local! {
    static CURRENT: Arc<Record>;
}

/// Data collected during one request.
#[derive(Default)]
pub struct Record {
    id: String,
    /// Set if the request is traced.
    span: OnceLock<Span>,
    /// The parent span of the following statements, if it is not the span of the request.
    statement_parent: Mutex<Option<Span>>,
    statements: AtomicU64,
    /// The id of the user, or 0 without one, since ids begin at 1.
    user: AtomicI64,
    quota: Mutex<Option<Quota>>,
    outage: OnceLock<&'static str>,
}

/// The state of a rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The limit's name.
    pub name: &'static str,
    /// Operations admitted in one window.
    pub limit: u32,
    /// Operations that the current window still admits.
    pub remaining: u32,
    /// Time until the next window opens.
    pub reset: Duration,
}

impl Record {
    /// The record of the request with this id.
    pub fn new(id: String) -> Arc<Self> {
        Arc::new(Self {
            id,
            ..Self::default()
        })
    }

    /// The record of the current task's request. Outside of requests, an empty record that is discarded.
    pub fn current() -> Arc<Self> {
        CURRENT.try_with(Arc::clone).unwrap_or_default()
    }

    /// The id of the current task's request.
    pub fn current_id() -> Option<String> {
        CURRENT.try_with(|record| record.id.clone()).ok()
    }

    /// Counts a statement of the current task's request, and begins its span if the request is traced. Does nothing outside
    /// of requests.
    pub fn statement_of_current(backend: Backend, sql: &str) -> Option<DbSpan> {
        CURRENT
            .try_with(|record| record.statement(backend, sql))
            .ok()
            .flatten()
    }

    /// Runs a future with this as the current record.
    pub async fn scope<F: Future>(self: &Arc<Self>, future: F) -> F::Output {
        CURRENT.scope(Arc::clone(self), future).await
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether this is the record of a request. Outside of requests, [`current`](Self::current) returns a record for which
    /// this is false.
    pub fn belongs_to_request(&self) -> bool {
        !self.id.is_empty()
    }

    /// Counts a statement and begins its span, if the request is traced.
    pub fn statement(&self, backend: Backend, sql: &str) -> Option<DbSpan> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        let span = self.span.get()?;
        let parent = self
            .statement_parent
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let system = match backend {
            Backend::Sqlite => "sqlite",
            Backend::Postgres => "postgresql",
        };
        Some(parent.as_ref().unwrap_or(span).statement(system, sql))
    }

    /// Sets the request's span. Further calls have no effect.
    pub fn set_span(&self, span: Span) {
        let _ = self.span.set(span);
    }

    /// The request's span, if it is traced.
    pub fn span(&self) -> Option<&Span> {
        self.span.get()
    }

    /// Sets the parent span of the following statements. `None` means the request's span.
    pub fn set_statement_parent(&self, span: Option<Span>) {
        *self
            .statement_parent
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = span;
    }

    /// The number of statements so far.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Records the caller.
    pub fn set_user(&self, user: Option<i64>) {
        self.user.store(user.unwrap_or_default(), Ordering::Relaxed);
    }

    /// The caller's id, if the request has a login.
    pub fn user(&self) -> Option<i64> {
        Some(self.user.load(Ordering::Relaxed)).filter(|user| *user != 0)
    }

    /// Records the cause of an outage that affects the request. Only the first cause is kept.
    pub fn record_outage(&self, cause: &'static str) {
        let _ = self.outage.set(cause);
    }

    /// The cause of the outage that affected the request.
    pub fn outage(&self) -> Option<&'static str> {
        self.outage.get().copied()
    }

    /// Records the state of a rate limit that applies to the request.
    pub fn record_quota(&self, quota: Quota) {
        *self.quota.lock().unwrap_or_else(PoisonError::into_inner) = Some(quota);
    }

    /// The state of the last recorded rate limit.
    pub fn quota(&self) -> Option<Quota> {
        *self.quota.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_record_is_current_only_within_its_scope() {
        let record = Record::new("7".to_owned());
        record
            .scope(async {
                assert!(Record::statement_of_current(Backend::Sqlite, "SELECT 1").is_none());
                Record::current().set_user(Some(5));
                assert_eq!(Record::current_id().as_deref(), Some("7"));
            })
            .await;
        assert!(Record::statement_of_current(Backend::Sqlite, "SELECT 1").is_none());
        Record::current().set_user(Some(6));
        assert_eq!((record.statements(), record.user()), (1, Some(5)));
        assert_eq!(Record::current_id(), None);
    }
}
