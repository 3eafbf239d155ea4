//! Hooks for logs, metrics and traces.

use crate::Backend;

/// Callbacks for each statement and each group commit.
pub trait StatementObserver: Send + Sync {
    /// Called before a statement is sent. The returned span, if any, is finished when the statement's result arrives;
    /// it is dropped unfinished if the caller stops waiting.
    ///
    /// It is called in the task that sends the statement, or on the writer's thread for a transaction on SQLite.
    fn statement_started(&self, backend: Backend, sql: &str) -> Option<Box<dyn StatementSpan>>;

    /// Called when SQLite's writer begins a group of this many transactions, which share one commit.
    fn group_started(&self, transactions: usize) {
        let _ = transactions;
    }
}

/// A statement that is running.
pub trait StatementSpan: Send {
    /// Ends the span; `succeeded` is false if the statement returned an error.
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
