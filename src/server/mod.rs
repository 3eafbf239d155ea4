//! The HTTP server: connections, the router of both APIs, and the layers that every request passes.

mod cors;
mod drain_body;
mod health;
mod io_timeouts;
mod observe;
mod router;
mod serve;

pub use self::serve::serve;
