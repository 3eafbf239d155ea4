//! `Record`: what is noted of a request while it runs, by whoever knows it, for its line in the log and its answer's
//! headers.
//!
//! It travels with the task that answers the request, so that neither the database nor a rule has to be handed it; what
//! works for the request on another thread (SQLite's writer) has it from `Ctx`.

use std::future::Future;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use database::Backend;

use super::traces::{Span, Statement};

tokio::task_local! {
    static CURRENT: Arc<Record>;
}

/// What is known of one request.
#[derive(Default)]
pub struct Record {
    id: String,
    /// What it is in its trace, if anybody will see that.
    span: OnceLock<Span>,
    /// The part of it under which the next statements stand.
    part: Mutex<Option<Span>>,
    statements: AtomicU64,
    /// 0 for nobody: ids count from 1.
    user: AtomicI64,
    quota: Mutex<Option<Quota>>,
}

/// What is left of a rate limit.
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
    /// A request that has this id.
    pub fn new(id: String) -> Arc<Self> {
        Arc::new(Self {
            id,
            ..Self::default()
        })
    }

    /// The record of the request that this task answers; an empty one, which nobody reads, outside of requests.
    pub fn current() -> Arc<Self> {
        CURRENT.try_with(Arc::clone).unwrap_or_default()
    }

    /// The id of the request that this task answers.
    pub fn current_id() -> Option<String> {
        CURRENT.try_with(|record| record.id.clone()).ok()
    }

    /// Notes a statement that this task sends.
    pub fn sends_here(backend: Backend, sql: &str) -> Option<Statement> {
        // Nobody asks how many statements a command sends.
        CURRENT
            .try_with(|record| record.sends(backend, sql))
            .ok()
            .flatten()
    }

    /// Runs what answers the request.
    pub async fn during<F: Future>(self: &Arc<Self>, answering: F) -> F::Output {
        CURRENT.scope(Arc::clone(self), answering).await
    }

    /// The request's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether it is a request's, and not of what goes on beside them.
    pub fn is_of_a_request(&self) -> bool {
        !self.id.is_empty()
    }

    /// Notes a statement; whoever sends it says when it has ended.
    pub fn sends(&self, backend: Backend, sql: &str) -> Option<Statement> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        let span = self.span.get()?;
        let part = self.part.lock().unwrap_or_else(PoisonError::into_inner);
        let system = match backend {
            Backend::Sqlite => "sqlite",
            Backend::Postgres => "postgresql",
        };
        Some(part.as_ref().unwrap_or(span).statement(system, sql))
    }

    /// It is part of a trace from here on.
    pub fn is_traced(&self, span: Span) {
        // Only the first is the request's.
        let _ = self.span.set(span);
    }

    /// What it is in its trace, if anybody will see that.
    pub fn span(&self) -> Option<&Span> {
        self.span.get()
    }

    /// The statements that follow belong to this part of it, or to itself again.
    pub fn goes_on_in(&self, part: Option<Span>) {
        *self.part.lock().unwrap_or_else(PoisonError::into_inner) = part;
    }

    /// How many statements were sent.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Notes who asks.
    pub fn identified(&self, user: Option<i64>) {
        self.user.store(user.unwrap_or_default(), Ordering::Relaxed);
    }

    /// Who asks, if anybody we know.
    pub fn user(&self) -> Option<i64> {
        Some(self.user.load(Ordering::Relaxed)).filter(|user| *user != 0)
    }

    /// Records what is left of a rate limit that the request counts against.
    pub fn record_quota(&self, quota: Quota) {
        *self.quota.lock().unwrap_or_else(PoisonError::into_inner) = Some(quota);
    }

    /// What is left of the rate limit that the request counted against last.
    pub fn quota(&self) -> Option<Quota> {
        *self.quota.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_found_by_what_runs_for_the_request_and_by_nobody_else() {
        let record = Record::new("7".to_owned());
        record
            .during(async {
                assert!(Record::sends_here(Backend::Sqlite, "SELECT 1").is_none());
                Record::current().identified(Some(5));
                assert_eq!(Record::current_id().as_deref(), Some("7"));
            })
            .await;
        assert!(Record::sends_here(Backend::Sqlite, "SELECT 1").is_none());
        Record::current().identified(Some(6));
        assert_eq!((record.statements(), record.user()), (1, Some(5)));
        assert_eq!(Record::current_id(), None);
    }
}
