//! Stockroom: an inventory gateway. GraphQL and REST over SQLite or PostgreSQL, one binary.
//!
//! The map of the house. A *rule* lives in `resolvers` and knows neither HTTP nor GraphQL; the two *faces*, `rest` and
//! `graphql`, translate and render. The same noun has the same file name in every room.
//!
//! | room | what lives there |
//! | --- | --- |
//! | `entity` (crate) | the tables |
//! | `migration` (crate) | their history |
//! | [`resolvers`] | the rules, noun by noun |
//! | [`query`] | what lists are made of: order, filters, pages, batched relations |
//! | [`stock`] | movements and the ledger |
//! | [`auth`] | who is calling and what they may do |
//! | [`tx`] | the door for changes: begin, repeat, commit |
//! | [`webhooks`] | telling other programs what happened |
//! | `database` (crate) | SQLite and PostgreSQL |
//! | [`rest`] | face one: `/api/v1` |
//! | [`graphql`] | face two: `/graphql` |
//! | `http` | HTTP parts that both APIs use |
//! | [`server`] | connections, the router, and the layers of every request |
//! | [`limits`] | how often anybody may ask |
//! | [`telemetry`] | what an operator sees: a request's line of log, the figures |
//! | [`background`] | periodic tasks |
//! | [`cli`] | the commands |

pub mod app;
pub mod auth;
pub mod background;
pub mod cli;
pub mod clock;
pub mod config;
pub mod ctx;
pub mod db_error;
pub mod error;
pub mod graphql;
mod http;
pub mod kind;
pub mod limits;
mod origin;
pub mod query;
pub mod resolvers;
pub mod resource;
pub mod rest;
pub mod schema;
pub mod server;
pub mod services;
pub mod stock;
pub mod telemetry;
pub mod tx;
pub mod webhooks;
