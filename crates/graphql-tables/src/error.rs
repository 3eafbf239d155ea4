//! Errors of fields and arguments.

/// Why a field can't be resolved, or why its arguments are invalid.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// An argument is invalid.
    #[error("{name}: {reason}")]
    Argument {
        name: &'static str,
        /// The reason, for people.
        reason: &'static str,
    },
    /// A page is larger than the maximum.
    #[error("{name}: the page is too large")]
    PageSize {
        /// The argument with the size.
        name: &'static str,
    },
    /// A row refers to a row that does not exist.
    #[error("the {0} is missing")]
    MissingRow(&'static str),
    /// Rows can't be read.
    #[error(transparent)]
    Query(#[from] table_query::Error),
}

impl Error {
    pub(crate) const fn argument(name: &'static str, reason: &'static str) -> Self {
        Self::Argument { name, reason }
    }
}
