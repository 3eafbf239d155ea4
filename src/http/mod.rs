//! HTTP parts that both APIs use and that depend on neither of them.

pub(crate) mod answer;
pub(crate) mod bearer;
pub(crate) mod body;
pub(crate) mod once;
pub(crate) mod pages;
