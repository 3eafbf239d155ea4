//! A GraphQL service around any async-graphql schema.

mod cost;
mod document;
mod document_store;
mod engine;
mod error;
mod executor;
mod guard;
mod host;
mod http;
mod limits;
mod null_propagation;
mod parse;
mod planner;
pub mod resolve;
mod response;
mod schema;
mod schema_index;
mod service;
mod validate;
mod ws;

pub use cost::QueryCost;
pub use document_store::{DocumentRef, SetupError};
pub use engine::{Engine, GraphQlRequest, Prepared};
pub use error::{ErrorCode, MAX_ERRORS, MAX_MESSAGE, RequestError};
pub use host::{Host, Observation, ScalarCheck, Settings, Usage};
pub use http::handler::router;
pub use limits::Limits;
pub use response::GraphQlResponse;

/// A value in a document, which may contain variables; `async_graphql::Value` may not.
pub(crate) use async_graphql_value::Value as Literal;
