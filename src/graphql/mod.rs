//! Face two: `/graphql`. Translates between GraphQL and the rules and decides nothing.
//!
//! The same noun has its file here as everywhere. `connection.rs`, `filter.rs`, `payload.rs` and `scalar.rs` are what nouns
//! share; `problem.rs` says what a refusal looks like.
//!
//! Objects resolve their fields one after the other (`serial`): their relations are loaded for all siblings at once, so
//! there is little to wait for side by side, and the keys of an answer come in the order in which they were asked for,
//! as the specification has it.

use async_graphql::{Context, SDLExportOptions, SchemaBuilder};

use crate::config::Config;
use crate::ctx::Ctx;
use crate::error::{Error, Result};

pub mod accept;
pub mod account;
pub mod analytics;
pub mod answer;
pub mod caller;
pub mod connection;
pub mod cost;
pub mod delivery;
pub mod document;
pub mod document_store;
pub mod engine;
pub mod field_merging;
pub mod filter;
pub mod guard;
pub mod handler;
pub mod inflow;
pub mod instrument;
pub mod label;
pub mod ledger;
pub mod limits;
pub mod literals;
pub mod movement;
pub mod mutation;
pub mod null_propagation;
pub mod operation;
pub mod outflow;
pub mod payload;
pub mod planner;
pub mod problem;
pub mod product;
pub mod product_input;
pub mod protocol;
pub mod query;
pub mod refusal;
pub mod request;
pub mod resolve;
pub mod scalar;
pub mod schema_index;
pub mod sse;
pub mod subscription;
pub mod variables;
pub mod webhook_endpoint;
pub mod webhook_mutation;
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
        is_of_scalar: scalar::is_of,
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
