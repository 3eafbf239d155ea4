//! Observers of the database, which count and trace the statements of a request, and record the sizes of commits.

use database::{Backend, StatementObserver, StatementSpan};

use crate::database_metrics::CommitSizes;
use crate::record::Record;
use crate::traces::DbSpan;

/// Observes statements outside of transactions. They are recorded for the request of the current task.
pub struct DatabaseObserver {
    pub commit_sizes: CommitSizes,
}

impl StatementObserver for DatabaseObserver {
    fn statement_started(&self, backend: Backend, sql: &str) -> Option<Box<dyn StatementSpan>> {
        boxed(Record::statement_of_current(backend, sql))
    }

    fn group_started(&self, transactions: usize) {
        self.commit_sizes.observe(transactions);
    }
}

/// Observes the statements of a transaction, which can run on another thread.
impl StatementObserver for Record {
    fn statement_started(&self, backend: Backend, sql: &str) -> Option<Box<dyn StatementSpan>> {
        boxed(self.statement(backend, sql))
    }
}

fn boxed(statement: Option<DbSpan>) -> Option<Box<dyn StatementSpan>> {
    let statement: Box<dyn StatementSpan> = Box::new(statement?);
    Some(statement)
}

impl StatementSpan for DbSpan {
    fn finished(mut self: Box<Self>, succeeded: bool) {
        self.end(&if succeeded { Ok(()) } else { Err(()) });
    }
}
