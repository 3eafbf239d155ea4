//! The REST API, `/api/v1`. It reads requests and renders responses; the rules are in `resolvers`.

mod caller;
mod delivery;
pub(crate) mod error;
mod inflow;
mod label;
mod list_query;
mod openapi;
mod outflow;
mod path;
mod product;
mod representation;
mod route;
mod routes;
mod token;
mod value;
mod verbs;
mod webhook_endpoint;

pub use self::path::ROOT;
pub(crate) use self::route::has_numeric_ids;
pub use self::routes::openapi_description;
pub(crate) use self::routes::routes;
