//! Authentication and permissions.
//!
//! `permission`, `actor` and `accounts` depend on neither `Services` nor `Ctx`. The other modules work on a request:
//! `identify` turns a bearer token into an [`Actor`], `permit` checks permissions, `login` issues tokens and ends sessions,
//! and `session` is the login of a connection that outlives one request.

pub mod accounts;
pub mod actor;
pub mod identify;
pub mod login;
pub mod permission;
pub mod permit;
pub mod session;

pub use actor::Actor;
pub use permission::{Permission, PermissionSet, Verb};
pub use permit::{Add, Change, Delete, Permit, Read};
