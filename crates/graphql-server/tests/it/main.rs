//! The service over a small schema and a small host, without a database.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic here is a test that fails"
)]

mod arguments;
mod bench;
mod documents;
mod execution;
mod executor;
mod host;
mod hostile_documents;
mod http;
mod requests;
mod schema;
