//! Errors of a copy.

use sea_orm::DbErr;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// [`Progress::cancel`](crate::Progress::cancel) was called.
    #[error("cancelled")]
    Cancelled,
    /// The two databases can't be copied as they are. The message contains the reason.
    #[error("{0}")]
    Failed(String),
    /// A statement failed.
    #[error(transparent)]
    Database(#[from] DbErr),
}

impl Error {
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }
}
