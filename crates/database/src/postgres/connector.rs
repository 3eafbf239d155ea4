//! Opens connections, and sets the server's time limits by startup parameters unless a pooler rejects these.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::address::Address;
use super::connection::{Connection, PreparationState};
use super::error::Error;

/// The server's time limits for waiting for a lock, for a statement, and for an idle transaction.
const SERVER_TIMEOUTS: &str =
    "-c lock_timeout=4s -c statement_timeout=10s -c idle_in_transaction_session_timeout=15s";

pub(super) struct Connector {
    address: Address,
    /// Whether connections set the server's limits.
    sets_limits: AtomicBool,
    preparation: Arc<PreparationState>,
}

/// The reason why a connection could not be opened.
pub(super) struct ConnectFailure {
    pub(super) error: Error,
    /// Whether the server or a pooler has no room for another connection.
    pub(super) is_full: bool,
}

impl Connector {
    pub(super) fn new(address: Address, sets_limits: bool, preparation: Arc<PreparationState>) -> Self {
        Self {
            address,
            sets_limits: AtomicBool::new(sets_limits),
            preparation,
        }
    }

    pub(super) async fn connect(&self) -> Result<Connection, ConnectFailure> {
        let sets_limits = self.sets_limits.load(Ordering::Relaxed);
        match self.connect_with(sets_limits).await {
            Err(error) if sets_limits && is_parameter_rejected(&error) => {
                if self.sets_limits.swap(false, Ordering::Relaxed) {
                    tracing::warn!(
                        "the pooler rejects startup parameters; set the time limits on the role instead"
                    );
                }
                self.connect_with(false).await
            }
            result => result,
        }
        .map_err(|error| ConnectFailure {
            is_full: is_full(&error),
            error: Error::Connect(self.describe(&error)),
        })
    }

    async fn connect_with(&self, sets_limits: bool) -> Result<Connection, ConnectError> {
        let tls = self.address.tls.clone();
        let result = if sets_limits {
            let mut config = self.address.config.clone();
            config.options(SERVER_TIMEOUTS);
            config.connect(tls.clone()).await
        } else {
            self.address.config.connect(tls.clone()).await
        };
        let (client, socket) = result.map_err(ConnectError::Driver)?;
        if let Some(encoding) = socket.parameter("server_encoding")
            && encoding != "UTF8"
        {
            return Err(ConnectError::Encoding(encoding.to_owned()));
        }
        let preparation = Arc::clone(&self.preparation);
        Ok(Connection::new(client, Box::pin(socket), tls, preparation))
    }

    /// The reason why a connection could not be opened, without secrets.
    fn describe(&self, error: &ConnectError) -> String {
        let servers = self.address.servers();
        let error = match error {
            ConnectError::Encoding(encoding) => {
                return format!(
                    "the database at {servers} has the encoding {encoding}, which can't hold all texts: create it with ENCODING 'UTF8'"
                );
            }
            ConnectError::Driver(error) => error,
        };
        if let Some(sent) = error.as_db_error() {
            return format!(
                "PostgreSQL at {servers} refused the connection: {}",
                sent.message()
            );
        }
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause.and_then(std::error::Error::source) {
            cause = Some(inner);
        }
        match cause {
            Some(cause) => format!("PostgreSQL at {servers} can't be reached: {cause}"),
            None => format!("PostgreSQL at {servers} can't be reached: {error}"),
        }
    }
}

enum ConnectError {
    Driver(tokio_postgres::Error),
    Encoding(String),
}

impl ConnectError {
    fn server_error(&self) -> Option<&tokio_postgres::error::DbError> {
        match self {
            Self::Driver(error) => error.as_db_error(),
            Self::Encoding(_) => None,
        }
    }
}

/// Whether a pooler rejected the connection because of its startup parameters.
fn is_parameter_rejected(error: &ConnectError) -> bool {
    error
        .server_error()
        .is_some_and(|sent| sent.message().contains("unsupported startup parameter"))
}

/// Whether the server, the role, the database or a pooler has no room for another connection.
fn is_full(error: &ConnectError) -> bool {
    error.server_error().is_some_and(|sent| {
        sent.code().code() == "53300" || sent.message().contains("no more connections allowed")
    })
}
