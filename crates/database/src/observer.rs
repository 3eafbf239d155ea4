//! Hooks for logs, metrics and traces.

use crate::Backend;

/// Is called for each statement and each group commit.
pub trait StatementObserver: Send + Sync {
    /// A statement is about to be sent. The span that is returned, if any, is finished when its result is there; it is
    /// dropped unfinished when the caller stops waiting.
    ///
    /// Called on the task that sends the statement, and for transactions on SQLite on the writer's thread.
    fn statement_started(&self, backend: Backend, sql: &str) -> Option<Box<dyn StatementSpan>>;

    /// SQLite's writer begins a commit of this many transactions.
    fn group_started(&self, transactions: usize) {
        let _ = transactions;
    }
}

/// A statement that is running.
pub trait StatementSpan: Send {
    fn finished(self: Box<Self>, succeeded: bool);
}

/// Observes nothing.
impl StatementObserver for () {
    fn statement_started(&self, _: Backend, _: &str) -> Option<Box<dyn StatementSpan>> {
        None
    }
}

pub(crate) fn finish<T, E>(span: Option<Box<dyn StatementSpan>>, result: &Result<T, E>) {
    if let Some(span) = span {
        span.finished(result.is_ok());
    }
}
