//! Authentication and permissions.
//!
//! The types (`right`, `actor`, `accounts`) lie below `Services`. What needs a request lies above
//! `Ctx`: `identify` turns a bearer token into an [`Actor`], `permit` checks rights, `login` issues and ends sessions,
//! `session` follows a connection that outlives one request.

pub mod accounts;
pub mod actor;
pub mod identify;
pub mod login;
pub mod permit;
pub mod right;
pub mod session;

pub use actor::Actor;
pub use permit::{Add, Change, Delete, Permit, Read};
pub use right::{Right, Rights, Verb};
