//! State that the HTTP and WebSocket handlers share.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, header};
use tokio::sync::Semaphore;

use crate::engine::Engine;
use crate::error::{ErrorCode, RequestError};
use crate::host::Host;

/// Pauses between attempts to begin a request, in milliseconds.
const PAUSES: [u64; 7] = [50, 100, 200, 400, 800, 1_600, 3_200];
/// The time after which no further attempt is made. The pauses take about six seconds in total; the attempts take
/// additional time.
const RETRY_TIME: Duration = Duration::from_secs(7);

/// An engine that is served over HTTP and WebSocket.
pub(crate) struct Service<H: Host> {
    pub engine: Engine<H>,
    /// One permit for each WebSocket that can be open.
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

    /// Begins a request of a stream or a WebSocket. After an error that is not about the login, such as an unavailable
    /// database, the attempt is repeated, so that a short outage does not end the stream.
    ///
    /// # Errors
    /// [`ErrorCode::Unauthenticated`] when the login is not valid; the last error when all attempts have failed.
    pub async fn begin(&self, session: &H::Session) -> Result<H::Context, RequestError> {
        let (start, mut pauses) = (Instant::now(), PAUSES.into_iter());
        loop {
            let error = match self.host().begin(session).await {
                Ok(context) => return Ok(context),
                Err(error) => error,
            };
            match pauses.next() {
                Some(pause) if error.code != ErrorCode::Unauthenticated && start.elapsed() < RETRY_TIME => {
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
