//! Support for tests: a gateway, clients of each protocol, and servers that a gateway connects to.

pub mod actors;
pub mod api;
pub mod cluster;
pub mod command;
pub mod event_stream;
pub mod gateway;
pub mod graphql_request;
pub mod graphql_wording;
pub mod openapi_index;
pub mod program;
pub mod raw_http;
pub mod redis;
pub mod response;
pub mod rest_over_graphql;
pub mod samples;
pub mod test_database;
pub mod trace_collector;
pub mod waiting;
pub mod webhook_receiver;
pub mod websocket_client;
