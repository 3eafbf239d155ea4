//! The GraphQL API, `/graphql`: translates between GraphQL and the rules, and contains no rules itself.
//!
//! Each resource has its own file, which combines the parts in `kit`. `host.rs` connects the program to the crate
//! `graphql-server`, which parses, checks and executes operations.
//!
//! Objects resolve their fields in sequence (`serial`). Relations are loaded for all siblings at once, so there is little
//! to run concurrently, and the keys of a response have the order of the document.

use std::sync::Arc;

use async_graphql::{ContextBase, SDLExportOptions, SchemaBuilder};
use axum::Router;
use axum::http::HeaderName;
use graphql_server::{Engine, Limits, Settings, router};

use crate::config::Config;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::services::Services;

pub(crate) mod account;
pub(crate) mod analytics;
pub(crate) mod delivery;
mod host;
pub(crate) mod inflow;
pub(crate) mod kit;
pub(crate) mod label;
pub(crate) mod ledger;
pub(crate) mod movement;
pub(crate) mod mutation;
pub(crate) mod outflow;
pub(crate) mod product;
pub(crate) mod query;
pub(crate) mod subscription;
pub(crate) mod webhook_endpoint;
pub(crate) mod webhook_mutation;

use host::StockroomHost;
use mutation::Mutation;
use query::Query;
use subscription::Subscription;

/// The request header that adds the cost of the operation to the response, as `extensions.cost`.
const COST: HeaderName = HeaderName::from_static("x-stockroom-cost");

/// The text of `__schema { description }`.
const DESCRIPTION: &str = "\
Stockroom: products with their brands, categories and suppliers, and the movements of their stock.

Log in with the mutation `login`, and send its access token with each request: `Authorization: Bearer …`.

Lists are connections: `first` with `after` goes forwards, `last` with `before` backwards, and `totalCount` counts all of \
their items.

An operation that is invalid as written is rejected before anything is executed. A field that has to be read separately, such as \
the brand of a product or a list, is null if it can't be read, and `errors` has the reason. Its object is still returned, so \
that a payload always shows what a mutation has changed.

A mutation with invalid input changes nothing and returns the reasons in `userErrors`, each with a stable `code`. All other \
failures are in `errors`, with a code in `extensions.code`.";

/// `/graphql`: HTTP, server-sent events and WebSocket.
///
/// # Errors
/// Fails if the trusted documents that the settings name can't be read or are not valid.
pub fn routes(services: &Arc<Services>) -> Result<Router<Arc<Services>>> {
    let config = &services.config;
    if config.graphql_documents_only && config.graphql_documents.is_none() {
        let message =
            "GRAPHQL_DOCUMENTS_ONLY is set, but GRAPHQL_DOCUMENTS is not: nothing could be executed";
        return Err(Error::internal(message));
    }
    let settings = Settings {
        introspection: config.graphql_introspection,
        description: DESCRIPTION,
        trusted_documents: config.graphql_documents.clone(),
        trusted_documents_only: config.graphql_documents_only,
        public_fields: &["viewer", "login", "refreshToken", "verifyToken", "logout"],
        scalar_check: graphql_tables::is_valid_scalar,
        cost_header: Some(COST),
        limits: Limits::DEFAULT,
    };
    let engine = Engine::new(
        StockroomHost::new(Arc::clone(services)),
        || builder(config),
        settings,
    );
    Ok(router("/graphql", engine.map_err(Error::internal)?))
}

fn builder(config: &Config) -> SchemaBuilder<Query, Mutation, Subscription> {
    let schema = async_graphql::Schema::build(Query, Mutation::default(), Subscription);
    if config.graphql_introspection {
        schema
    } else {
        // Suggestions would disclose names of the schema.
        schema.disable_suggestions().disable_introspection()
    }
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
    /// The context of the request that a resolver runs for, which the host adds to each operation.
    ///
    /// # Errors
    /// [`Error::Internal`] when the host has not added it.
    pub fn of<'c, T>(cx: &ContextBase<'c, T>) -> Result<&'c Self> {
        cx.data_opt()
            .ok_or_else(|| Error::internal("an operation was executed without its context"))
    }
}
