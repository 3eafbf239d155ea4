//! Face two: `/graphql`. What surrounds the schema is in these files; the schema itself is beside them.

pub mod answer;
pub mod document;
pub mod documents;
pub mod engine;
pub mod limits;
pub mod refusal;
pub mod scan;
pub mod shape;
pub mod variables;
pub mod weight;

/// A value in a document, which may hold variables; `async_graphql::Value` is one without.
pub(crate) use async_graphql_value::Value as Input;
