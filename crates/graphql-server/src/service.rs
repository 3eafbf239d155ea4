//! What the handlers of HTTP and WebSocket share.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, header};
use tokio::sync::Semaphore;

use crate::engine::Engine;
use crate::error::{ErrorCode, RequestError};
use crate::host::Host;

/// Pauses between attempts to verify the login of a stream, in milliseconds: some six seconds in all.
const PAUSES: [u64; 7] = [50, 100, 200, 400, 800, 1_600, 3_200];

/// A schema that is served.
pub(crate) struct Service<H: Host> {
    pub engine: Engine<H>,
    /// One permit for each WebSocket that may be open.
    pub sockets: Arc<Semaphore>,
}

impl<H: Host> Service<H> {
    pub fn new(engine: Engine<H>) -> Self {
        let sockets = Arc::new(Semaphore::new(engine.settings().limits.sockets));
        Self { engine, sockets }
    }

    pub fn host(&self) -> &H {
        self.engine.host()
    }

    /// Verifies the login of a stream again, before an event is sent. An error that is not about the login, such as a
    /// database that is away for a moment, does not end the stream: the attempt is repeated.
    ///
    /// # Errors
    /// [`ErrorCode::Unauthenticated`] when the login has ended; the last error when all attempts have failed.
    pub async fn verify_again(&self, session: &H::Session) -> Result<(), RequestError> {
        let mut pauses = PAUSES.into_iter();
        loop {
            let Err(error) = self.host().begin(session).await else {
                return Ok(());
            };
            match pauses.next() {
                Some(pause) if error.code != ErrorCode::Unauthenticated => {
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                }
                _ => return Err(error),
            }
        }
    }
}

/// The value of the `Authorization` header.
pub(crate) fn authorization(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?;
    Some(value.as_bytes())
}
