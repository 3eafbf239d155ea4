//! Stockroom: an inventory gateway. GraphQL and REST over SQLite or PostgreSQL, in one binary.
//!
//! Business rules live in [`resolvers`] and use neither HTTP nor GraphQL; the two APIs, [`rest`] and [`graphql`],
//! translate and render. A resource, such as product, has the same file name in every module.
//!
//! | module | content |
//! | --- | --- |
//! | [`clock`], [`kind`], [`error`], [`config`] | types that all other modules use |
//! | [`telemetry`], [`limits`] | metrics and the log line of a failure; the documented rate limits |
//! | [`services`] | state shared by all requests: database, caches, metrics, queues |
//! | [`ctx`], [`tx`] | a request's context; its transaction |
//! | [`idempotency`] | idempotency keys: a repeated request is not executed again |
//! | [`auth`] | authentication, permissions and permits |
//! | [`query`] | lists: collections, listings and their pages, checks of drafts |
//! | [`stock`] | movements and the ledger |
//! | [`webhooks`] | events sent to other programs |
//! | [`resolvers`] | the rules, one file for each resource |
//! | [`rest`], [`graphql`] | the APIs, `/api/v1` and `/graphql` |
//! | `http` | HTTP parts that both APIs use |
//! | [`server`] | connections, the router, and the layers of every request |
//! | [`background`] | periodic tasks |
//! | `import` | imports a Django installation |
//! | [`app`] | the server with its workers |
//! | [`cli`] | the commands |

pub mod app;
pub mod auth;
pub mod background;
pub mod cli;
pub mod clock;
pub mod config;
mod copy;
pub mod ctx;
pub mod db_error;
pub mod error;
pub mod graphql;
mod http;
pub mod idempotency;
mod import;
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
