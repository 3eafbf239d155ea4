//! The prepared statements of one connection.

use std::collections::HashMap;

use tokio_postgres::Statement;
use tokio_postgres::types::Type;

/// The maximum number of prepared statements of a connection. The server keeps a plan for each.
const CAPACITY: usize = 200;
/// The maximum length in bytes of a statement that is prepared. Longer ones are rarely sent twice.
const MAX_LENGTH: usize = 16 * 1024;

/// The statements by their text, up to [`CAPACITY`]; the least recently used one is closed first.
#[derive(Default)]
pub(super) struct Statements {
    prepared: HashMap<String, CachedStatement>,
    uses: u64,
}

struct CachedStatement {
    statement: Statement,
    last_use: u64,
}

impl Statements {
    /// Whether a statement with this text is short enough to be prepared.
    pub(super) fn is_cacheable(sql: &str) -> bool {
        sql.len() <= MAX_LENGTH
    }

    /// The statement, if it was prepared for parameters of these types.
    pub(super) fn get<'t>(
        &mut self,
        sql: &str,
        types: impl ExactSizeIterator<Item = &'t Type>,
    ) -> Option<Statement> {
        self.uses += 1;
        let prepared = self.prepared.get_mut(sql)?;
        if !prepared.statement.params().iter().eq(types) {
            return None;
        }
        prepared.last_use = self.uses;
        Some(prepared.statement.clone())
    }

    pub(super) fn insert(&mut self, sql: &str, statement: Statement) {
        if self.prepared.len() >= CAPACITY {
            let oldest = self.prepared.iter().min_by_key(|(_, prepared)| prepared.last_use);
            if let Some(text) = oldest.map(|(text, _)| text.clone()) {
                // Dropping the statement closes it on the server.
                self.prepared.remove(&text);
            }
        }
        let last_use = self.uses;
        self.prepared
            .insert(sql.to_owned(), CachedStatement { statement, last_use });
    }

    /// Closes all statements.
    pub(super) fn clear(&mut self) {
        self.prepared.clear();
    }
}
