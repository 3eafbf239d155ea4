//! State that the HTTP and WebSocket handlers share.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, header};
use tokio::sync::Semaphore;

use crate::engine::Engine;
use crate::error::{ErrorCode, RequestError};
use crate::host::Host;

/// Pauses between attempts to verify the login of a stream, in milliseconds: about six seconds in total.
const PAUSES: [u64; 7] = [50, 100, 200, 400, 800, 1_600, 3_200];

/// An engine that is served over HTTP and WebSocket.
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

    /// Verifies the login of a stream again, before an event is sent. After an error that is not about the login, such as
    /// an unavailable database, the verification is retried, so that a short outage does not end the stream.
    ///
    /// # Errors
    /// [`ErrorCode::Unauthenticated`] when the login is no longer valid; the last error when all attempts have failed.
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
