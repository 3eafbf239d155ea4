//! Serves an axum [`Router`](axum::Router) over HTTP/1 and HTTP/2 to clients that can't be trusted, and has the parts of
//! HTTP that every API needs.
//!
//! [`serve`] accepts connections until a future completes:
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use axum::Router;
//! use axum::routing::get;
//! use http_server::{Program, serve};
//!
//! struct Example;
//!
//! impl Program for Example {
//!     type Connection = ();
//!     fn connected(&self) {}
//!     fn stop(&self) {}
//!     async fn finished(&self) {}
//! }
//!
//! # async fn run() -> std::io::Result<()> {
//! let router = Router::new().route("/", get(async || "hello"));
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
//! serve(&Arc::new(Example), router, listener, std::future::pending()).await;
//! # Ok(())
//! # }
//! ```
//!
//! # Guarantees
//!
//! - **Time limits** for the first bytes of a connection, for a request's head, for idle connections, and for a response that
//!   its client does not read.
//! - **Bounds** on the number of connections, which follows the limit of open files, on the size of a head and on the streams
//!   of a connection. Connections beyond the bound wait in the kernel's queue.
//! - **Responses arrive.** A body that the handler did not read is read and discarded, up to a limit, so that the client sees
//!   the response instead of a connection reset.
//! - **Graceful stop.** Connections in the kernel's queue are still served, running requests may finish within a time limit,
//!   and then [`serve`] returns.
//! - Routes are reachable with and without a trailing slash, and a 404 has no `Allow`.
//!
//! # Modules
//!
//! | module | contents |
//! | --- | --- |
//! | `serve`, `io_timeouts`, `drain_body`, `unread_body` | connections |
//! | [`origin`] | the client's address and the host that it asked for, also behind proxies |
//! | [`cors`] | cross-origin requests |
//! | [`body`] | JSON bodies, within limits of size and time |
//! | [`embedded`] | files that are part of the program |
//! | [`header`], [`precondition`] | headers of several values; `If-Match` and `If-None-Match` |
//! | [`version_tag`] | entity tags of objects with versions |
//! | [`json`], [`request_id`], [`security`] | JSON responses, ids, headers for browsers |

pub mod body;
pub mod cors;
mod drain_body;
pub mod embedded;
pub mod header;
mod io_timeouts;
pub mod json;
pub mod origin;
pub mod precondition;
pub mod request_id;
pub mod security;
mod serve;
mod trailing_slash;
mod unread_body;
pub mod version_tag;

pub use self::serve::{Program, serve, serve_with};
pub use self::unread_body::ReadLimits;
