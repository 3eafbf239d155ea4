//! GraphQL over HTTP.

pub(crate) mod accept;
pub(crate) mod handler;
pub(crate) mod request;
pub(crate) mod sse;
