//! The service over a small schema and a small host, without a database.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic fails the test"
)]

mod arguments;
mod documents;
mod execution;
mod executor;
mod fixture;
mod host;
mod hostile_documents;
mod http;
mod requests;
mod schema;
