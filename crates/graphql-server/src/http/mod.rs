//! GraphQL over HTTP.

pub(crate) mod accept;
pub(crate) mod handler;
mod idempotency;
pub(crate) mod request;
pub(crate) mod sse;
