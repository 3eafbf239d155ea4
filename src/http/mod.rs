//! HTTP parts that both APIs use and that depend on neither of them.

pub(crate) mod bearer;
pub(crate) mod body;
pub(crate) mod idempotent_request;
pub(crate) mod pages;
pub(crate) mod stored_response;
