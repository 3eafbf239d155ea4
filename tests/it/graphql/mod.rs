//! The GraphQL API.

mod analytics;
mod batches;
mod documents;
mod events;
mod filters;
mod grammar;
mod http;
mod limits;
mod nesting;
mod paging;
mod refusals;
mod socket;
mod socket_ends;
mod statements;
mod strictness;
mod values;
