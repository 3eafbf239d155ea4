//! The prepared statements of one connection.

use std::collections::HashMap;

use tokio_postgres::Statement;
use tokio_postgres::types::Type;

/// Prepared statements kept by each connection. The server keeps a plan for each.
const CAPACITY: usize = 200;
/// The longest text that is kept, in bytes. Longer ones are rarely sent twice.
const LONGEST: usize = 16 * 1024;

/// The statements by their text, up to [`CAPACITY`]; the one that was not used for longest is closed first.
#[derive(Default)]
pub(super) struct Statements {
    prepared: HashMap<String, Prepared>,
    uses: u64,
}

struct Prepared {
    statement: Statement,
    last_use: u64,
}

impl Statements {
    /// Whether a statement with this text is to be prepared.
    pub(super) fn is_kept(sql: &str) -> bool {
        sql.len() <= LONGEST
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
                // Dropping it closes it.
                self.prepared.remove(&text);
            }
        }
        let last_use = self.uses;
        self.prepared
            .insert(sql.to_owned(), Prepared { statement, last_use });
    }

    /// Closes all.
    pub(super) fn clear(&mut self) {
        self.prepared.clear();
    }
}
