//! What the handlers of HTTP and WebSocket share.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use tokio::sync::Semaphore;

use crate::engine::Engine;
use crate::host::Host;

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
}

/// The value of the `Authorization` header.
pub(crate) fn authorization(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?;
    Some(value.as_bytes())
}
