//! Serves an axum [`Router`](axum::Router) over HTTP/1 and HTTP/2 to untrusted clients, and has the parts of HTTP that
//! every API needs.
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
//!     fn connection_accepted(&self) {}
//!     fn shutdown_started(&self) {}
//!     async fn wait_until_finished(&self) {}
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
//! - **Timeouts** for the first bytes of a connection, for the head of a request, for idle connections, and for a client
//!   that does not read its response.
//! - **Bounds** on the number of connections, which depends on the limit of open files, on the size of a head and on the
//!   streams of an HTTP/2 connection. Connections beyond the bound wait in the kernel's queue.
//! - **No lost responses.** A body that the handler did not read is read and discarded, up to a limit, so that the client
//!   gets the response instead of a connection reset.
//! - **Graceful shutdown.** Connections in the kernel's queue are still served, running requests have a limited time to
//!   finish, and then [`serve`] returns.
//! - Routes are reachable with and without a trailing slash, and a 404 response has no `Allow` header.
//!
//! # Modules
//!
//! | module | contents |
//! | --- | --- |
//! | `serve`, `io_timeouts`, `drain_body`, `unread_body` | connections |
//! | [`origin`] | the client's address and the requested host, also behind proxies |
//! | [`cors`] | cross-origin requests |
//! | [`body`] | JSON bodies, with a size limit and a timeout |
//! | [`embedded`] | files that are part of the program |
//! | [`header`], [`precondition`] | headers with several values; `If-Match` and `If-None-Match` |
//! | [`version_tag`] | entity tags of objects with versions |
//! | [`probe`] | a request to the server itself, for health checks |
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
pub mod probe;
pub mod request_id;
pub mod security;
mod serve;
mod trailing_slash;
mod unread_body;
pub mod version_tag;

pub use self::serve::{Program, serve, serve_with};
pub use self::unread_body::ReadLimits;
