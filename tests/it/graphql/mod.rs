//! The GraphQL API.

mod analytics;
mod batches;
mod closed_sockets;
mod documents;
mod events;
mod filters;
mod grammar;
mod http;
mod invalid_arguments;
mod limits;
mod nested_orders;
mod nesting;
mod paging;
mod row_fields;
mod socket;
mod statements;
mod validation;
mod values;
