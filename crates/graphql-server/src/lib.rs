//! A GraphQL service around any [async-graphql] schema: HTTP, server-sent events and WebSocket, with every check that a
//! public endpoint needs before a resolver runs.
//!
//! A program implements [`Host`] (login, rate limits, observation, shutdown), builds an [`Engine`] from its schema and
//! mounts [`router`]. `examples/books.rs` is a complete program.
//!
//! # Guarantees
//!
//! **The specifications.** GraphQL over HTTP, all 61 audits of `graphql-http`; `graphql-transport-ws` with its close codes;
//! `graphql-sse` in distinct connections mode; automatic persisted queries; trusted documents. Where async-graphql 7.2.1
//! differs from the GraphQL specification, the engine corrects it: values of literals and variables are checked
//! before execution, selections with the same response key are merged, absent variables are not passed as null, a failed
//! field nulls its nearest nullable parent, and keys are in the order of the document.
//!
//! **Every request is checked before it is executed.** It passes these checks in this order, each of them in linear time:
//!
//! 1. the size of the document, its tokens and nested brackets, while it is parsed
//! 2. its fields, aliases, directives and levels, and the cost of each operation; fragments are counted once
//! 3. literals, and async-graphql's own validation
//! 4. the login, unless the operation selects only [`Settings::public_fields`]
//! 5. variables, and the cost with their values
//! 6. [`Host::check_arguments`], for each field that is selected and not skipped
//! 7. rate limits
//!
//! The first three run once for each document text, and the result is cached.
//!
//! **Everything is bounded**: documents, bodies, messages, connections, operations, queues, the time to execute, to read
//! and to write, and the number and length of errors. [`Limits`] has the numbers.
//!
//! **Revoked and expired logins stop working.** The host verifies the login for each request, and again before each event
//! of a subscription. Streams and WebSockets are closed when the login expires.
//!
//! **Other origins can't change anything.** A request that a browser sends without a preflight has no effect: mutations
//! need `POST` with `application/json`, and WebSockets are opened only from origins that the host allows.
//!
//! **Errors do not reveal internals.** Each has a code of [`ErrorCode`] or one that a resolver has set. A panic, or an
//! error that was not written for clients, becomes `SERVER_ERROR`; the cause is logged.
//!
//! # Other integrations
//!
//! [`Engine`] implements async-graphql's `Executor`, so that any integration of the library can mount it. All checks
//! apply; media types, limits on bodies and WebSocket handling are those of the integration.
//!
//! [async-graphql]: https://docs.rs/async-graphql/7.2.1

mod cost;
mod document;
mod document_store;
mod engine;
mod error;
mod executor;
mod host;
mod http;
mod json;
mod limits;
mod null_propagation;
mod parse;
mod planner;
pub mod resolve;
mod response;
mod schema;
mod schema_description;
mod schema_index;
mod service;
mod validate;
mod ws;

pub use cost::QueryCost;
pub use document_store::{DocumentRef, SetupError};
pub use engine::{Engine, GraphQlRequest, Prepared};
pub use error::{ErrorCode, MAX_ERRORS, MAX_MESSAGE, RequestError};
pub use host::{Host, KeyedAction, KeyedMutation, Observation, ScalarCheck, Settings, Usage};
pub use http::handler::router;
pub use limits::Limits;
pub use response::GraphQlResponse;
pub use validate::arguments::SelectedField;
