//! Face two: `/graphql`. Translates between GraphQL and the rules and decides nothing.
//!
//! Each resource has the same file name here as in every layer, and a second file with its mutations where there are many.
//! What all resources share is in `kit`; `problem.rs` defines how errors look.
//!
//! Objects resolve their fields one after the other (`serial`): their relations are loaded for all siblings at once, so
//! there is little to wait for side by side, and the keys of an answer come in the order in which they were asked for,
//! as the specification has it.

use async_graphql::{Context, SDLExportOptions, SchemaBuilder};

use crate::config::Config;
use crate::ctx::Ctx;
use crate::error::{Error, Result};

pub mod accept;
pub(crate) mod account;
pub(crate) mod analytics;
pub mod answer;
pub mod caller;
pub mod cost;
pub(crate) mod delivery;
pub(crate) mod delivery_input;
pub mod document;
pub mod document_store;
pub mod engine;
pub mod field_merging;
pub mod guard;
pub mod handler;
pub(crate) mod inflow;
pub mod instrument;
pub(crate) mod kit;
pub(crate) mod label;
pub(crate) mod label_input;
pub(crate) mod ledger;
pub mod limits;
pub mod literals;
pub(crate) mod movement;
pub(crate) mod mutation;
pub mod null_propagation;
pub mod operation;
pub(crate) mod outflow;
pub mod planner;
pub mod problem;
pub(crate) mod product;
pub(crate) mod product_input;
pub mod protocol;
pub(crate) mod query;
pub mod refusal;
pub mod request;
pub mod resolve;
pub mod schema_index;
pub mod sse;
pub(crate) mod subscription;
pub mod variables;
pub(crate) mod webhook_endpoint;
pub(crate) mod webhook_endpoint_input;
pub(crate) mod webhook_mutation;
pub mod websocket;

/// A value in a document, which may hold variables; `async_graphql::Value` is one without.
pub(crate) use async_graphql_value::Value as Input;

#[cfg(test)]
mod tests;

pub use handler::routes;

use engine::{Engine, Settings};
use mutation::Mutation;
use query::Query;
use subscription::Subscription;

/// The schema that is served.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// The schema by these settings, to be finished.
fn builder(config: &Config) -> SchemaBuilder<Query, Mutation, Subscription> {
    let schema = async_graphql::Schema::build(Query, Mutation::default(), Subscription).disable_suggestions();
    if config.graphql_introspection {
        schema
    } else {
        schema.disable_introspection()
    }
}

/// The schema by these settings.
pub fn schema(config: &Config) -> Schema {
    builder(config).finish()
}

/// The schema with all that stands before it.
///
/// # Errors
/// When the documents that the settings name can't be read or are not valid.
fn engine(config: &Config) -> Result<Engine> {
    let settings = Settings {
        introspection: config.graphql_introspection,
        documents: config.graphql_documents.as_deref(),
        documents_only: config.graphql_documents_only,
        is_of_scalar: kit::is_valid_scalar,
    };
    Engine::new(|| builder(config), settings)
}

/// The schema as a document, the same on every run.
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by()
        .use_space_ident();
    async_graphql::Schema::new(Query, Mutation::default(), Subscription).sdl_with_options(options)
}

impl Ctx {
    /// The request that a resolver works for; whoever executes an operation gives it as data.
    ///
    /// # Errors
    /// [`Error::Internal`] when it was not given.
    pub fn of<'c>(cx: &Context<'c>) -> Result<&'c Self> {
        cx.data_opt()
            .ok_or_else(|| Error::internal("an operation was executed without its context"))
    }
}
