//! GraphQL over WebSocket.

mod operation;
mod protocol;
pub(crate) mod socket;
