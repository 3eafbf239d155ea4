//! The database's observers: statements are noted in the record of their request, commits in the metrics.

use database::{Backend, StatementObserver, StatementSpan};

use super::Record;
use super::metrics::Sizes;
use super::traces::Statement;

/// Notes statements outside of transactions in the record of the current task.
pub struct DatabaseObserver {
    pub commit_sizes: Sizes,
}

impl StatementObserver for DatabaseObserver {
    fn statement_started(&self, backend: Backend, sql: &str) -> Option<Box<dyn StatementSpan>> {
        boxed(Record::sends_here(backend, sql))
    }

    fn group_started(&self, transactions: usize) {
        self.commit_sizes.observe(transactions);
    }
}

/// Notes the statements of a transaction, which may run on another thread.
impl StatementObserver for Record {
    fn statement_started(&self, backend: Backend, sql: &str) -> Option<Box<dyn StatementSpan>> {
        boxed(self.sends(backend, sql))
    }
}

fn boxed(statement: Option<Statement>) -> Option<Box<dyn StatementSpan>> {
    let statement: Box<dyn StatementSpan> = Box::new(statement?);
    Some(statement)
}

impl StatementSpan for Statement {
    fn finished(mut self: Box<Self>, succeeded: bool) {
        self.ended(&if succeeded { Ok(()) } else { Err(()) });
    }
}
