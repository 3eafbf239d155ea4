//! HTTP parts that both APIs use and that depend on neither of them.

pub(crate) mod bearer;
pub(crate) mod body;
pub(crate) mod header;
pub(crate) mod json;
pub(crate) mod pages;
pub(crate) mod precondition;
