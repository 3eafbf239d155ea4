//! Why a source could not be read.

/// The source could not be read. Messages name neither SQL nor passwords.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is neither a file nor a PostgreSQL URL that can be used.
    #[error("{0}")]
    Address(String),
    /// The file could not be opened or read.
    #[error("cannot read the file: {0}")]
    Io(#[from] std::io::Error),
    /// Another program kept the file locked.
    #[error("the database is locked by another program; stop its writers and try again")]
    Busy,
    /// A crashed program left a rollback journal that only a writer may replay.
    #[error(
        "a crashed program left a journal beside the file; open the database once with Django, then try again"
    )]
    HotJournal,
    /// The file is damaged, or no database at all.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// A row is longer than [`crate::MAX_ROW_BYTES`].
    #[error("a row of {table} is longer than {} MiB", crate::MAX_ROW_BYTES >> 20)]
    TooLong {
        /// The table it is in.
        table: String,
    },
    /// Reading took far more steps than the size of the file explains.
    #[error("reading {table} takes more steps than a file of this size can need")]
    TooMuchWork {
        /// The table that was read.
        table: String,
    },
    /// There are more tables, columns or groups than an installation has.
    #[error("more than {limit} {what}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many are read.
        limit: usize,
    },
    /// The database refused a statement.
    #[error("{table} cannot be read: {reason}")]
    Query {
        /// The table that was read.
        table: String,
        /// The database's reason.
        reason: String,
    },
    /// PostgreSQL could not be reached, or ended the connection.
    #[error("no connection to PostgreSQL: {0}")]
    Connection(String),
    /// A `--map` or `--tenant` names something that is not there.
    #[error("{0}")]
    Option(String),
    /// The caller gave up.
    #[error("cancelled")]
    Cancelled,
}

/// What reading returns.
pub type Result<T> = std::result::Result<T, Error>;
