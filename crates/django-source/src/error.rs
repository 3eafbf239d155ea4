//! The errors of reading a source.

/// The reason why a source could not be read. Messages contain neither SQL nor passwords.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is neither a file nor a usable PostgreSQL URL.
    #[error("{0}")]
    Address(String),
    /// The file could not be opened or read.
    #[error("cannot read the file: {0}")]
    Io(#[from] std::io::Error),
    /// Another program kept the file locked.
    #[error("the database is locked by another program; stop its writers and try again")]
    Busy,
    /// A crashed program left a rollback journal, which has to be applied by a program that can write to the file.
    #[error(
        "a crashed program left a journal beside the file; open the database once with Django, then try again"
    )]
    HotJournal,
    /// The file is damaged, or is not a database.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// A row is longer than [`crate::MAX_ROW_BYTES`].
    #[error("a row of {table} is longer than {} MiB", crate::MAX_ROW_BYTES >> 20)]
    TooLong { table: String },
    /// Reading took more steps than a file of this size can need.
    #[error("reading {table} takes more steps than a file of this size can need")]
    TooMuchWork { table: String },
    /// There are more tables, columns, groups or permissions than the limit.
    #[error("more than {limit} {items}")]
    TooMany { items: &'static str, limit: usize },
    /// The database refused a statement.
    #[error("{table} cannot be read: {reason}")]
    Query { table: String, reason: String },
    /// PostgreSQL could not be reached, or ended the connection.
    #[error("no connection to PostgreSQL: {0}")]
    Connection(String),
    /// A flag is invalid, or names something that does not exist.
    #[error("{0}")]
    Option(String),
    /// The caller cancelled reading.
    #[error("cancelled")]
    Cancelled,
}

pub type Result<T> = std::result::Result<T, Error>;
