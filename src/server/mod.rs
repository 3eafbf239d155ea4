//! The HTTP server: the router of both APIs, and the layers that every request passes. The crate `http-server`
//! manages the connections.

mod cors;
mod guard;
mod health;
mod observe;
mod router;
mod serve;

pub use self::serve::serve;
