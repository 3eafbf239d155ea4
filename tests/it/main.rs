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
                crate::gateway::run(crate::place::Database::Sqlite, super::$test).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                crate::gateway::run(crate::place::Database::Postgres, super::$test).await;
            }
        }
    )+ };
}

// What the tests stand on.
mod actors;
mod answer;
mod described;
mod face;
mod gateway;
mod place;
mod program;
mod raw;
mod receiver;
mod sample;

// What they test.
mod auth;
mod bodies;
mod both_faces;
mod both_lists;
mod cli;
mod closing;
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
mod filters;
mod fresh;
mod history;
mod house;
mod inflow;
mod kill9;
mod labels;
mod lists;
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
mod statements;
mod stock;
mod tokens;
mod twins;
mod webhook_receivers;
mod webhooks;
