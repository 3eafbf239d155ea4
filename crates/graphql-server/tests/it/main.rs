//! The service over a small schema and a small host, without a database.

mod bench;
mod documents;
mod execution;
mod host;
mod hostile_documents;
mod requests;
mod schema;
