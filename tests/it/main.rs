//! What Stockroom promises, over real HTTP, on SQLite and on PostgreSQL: one test binary, one file for each subject.
//!
//! A test is an `async fn` that is given a [`gateway::Gateway`] of its own; `on_both!` at the top of each file names the
//! file's tests and runs each on both databases. None of them knows which.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "what panics here is a test that fails"
)]

/// Runs each of these tests twice, as `name::sqlite` and as `name::postgres`.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => { $(
        mod $test {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let (sqlite, rest) = (crate::place::Database::Sqlite, crate::face::Face::Rest);
                crate::gateway::run(sqlite, rest, super::$test).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let (postgres, rest) = (crate::place::Database::Postgres, crate::face::Face::Rest);
                crate::gateway::run(postgres, rest, super::$test).await;
            }
        }
    )+ };
}

/// Runs each of these tests of a rule four times: on both databases, and through both faces. They are written in REST's
/// words; `interpreter.rs` asks them of GraphQL.
macro_rules! on_both_through_both {
    ($($test:ident),+ $(,)?) => {
        on_both![$($test),+];

        mod through_graphql {
            $(
                mod $test {
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn sqlite() {
                        let (sqlite, graphql) = (crate::place::Database::Sqlite, crate::face::Face::GraphQl);
                        crate::gateway::run(sqlite, graphql, super::super::$test).await;
                    }

                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn postgres() {
                        let (postgres, graphql) = (crate::place::Database::Postgres, crate::face::Face::GraphQl);
                        crate::gateway::run(postgres, graphql, super::super::$test).await;
                    }
                }
            )+
        }
    };
}

// What the tests stand on.
mod actors;
mod answer;
mod asking;
mod cluster;
mod collector;
mod described;
mod event_stream;
mod face;
mod gateway;
mod interpreter;
mod place;
mod program;
mod raw;
mod receiver;
mod sample;
mod socket;
mod wording;

// What they test.
mod auth;
mod backup;
mod bad_days;
mod bad_days_postgres;
mod bodies;
mod both_faces;
mod both_lists;
mod cli;
mod cors;
mod demo;
mod docs;
mod endpoint_deliveries;
mod endpoint_endings;
mod endpoint_keeping;
mod endpoint_lists;
mod endpoint_outages;
mod endpoint_routes;
mod endpoint_targets;
mod endpoints;
mod etag;
mod figures;
mod filters;
mod fresh;
mod graphql_analytics;
mod graphql_batches;
mod graphql_documents;
mod graphql_events;
mod graphql_filters;
mod graphql_http;
mod graphql_limits;
mod graphql_nesting;
mod graphql_paging;
mod graphql_socket;
mod graphql_socket_ends;
mod graphql_statements;
mod graphql_strictness;
mod graphql_values;
mod history;
mod house;
mod inflow;
mod kill9;
mod labels;
mod lists;
mod malformed;
mod money;
mod observability;
mod openapi;
mod openapi_document;
mod openapi_webhooks;
mod ordering;
mod origin;
mod outflow;
mod pages;
mod product;
mod product_fields;
mod races;
mod rate_limits;
mod resilience;
mod rest_document;
mod rest_document_stock;
mod rest_errors;
mod rights;
mod search;
mod sessions;
mod settings;
mod slow_clients;
mod statements;
mod stock;
mod tallies;
mod tokens;
mod traces;
mod twins;
mod two_gateways;
mod webhook_latency;
mod webhook_receivers;
mod webhooks;
