//! Integration tests over HTTP on SQLite and PostgreSQL: one binary, one file for each subject.
//!
//! A test is an `async fn` with its own [`gateway::Gateway`]; `on_both_databases!` at the top of each file lists the
//! file's tests and runs each on both databases.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic is a failed test"
)]

/// Runs each of these tests twice, as `name::sqlite` and as `name::postgres`.
macro_rules! on_both_databases {
    ($($test:ident),+ $(,)?) => { $(
        mod $test {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let (sqlite, rest) = (crate::support::test_database::Database::Sqlite, crate::support::api::Api::Rest);
                crate::support::gateway::run(sqlite, rest, super::$test).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let (postgres, rest) = (crate::support::test_database::Database::Postgres, crate::support::api::Api::Rest);
                crate::support::gateway::run(postgres, rest, super::$test).await;
            }
        }
    )+ };
}

/// Runs each of these tests four times: on both databases, through both APIs. They are written as REST
/// requests, which `support/rest_over_graphql.rs` translates to GraphQL.
macro_rules! on_both_databases_and_apis {
    ($($test:ident),+ $(,)?) => {
        on_both_databases![$($test),+];

        mod through_graphql {
            $(
                mod $test {
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn sqlite() {
                        let (sqlite, graphql) = (crate::support::test_database::Database::Sqlite, crate::support::api::Api::GraphQl);
                        crate::support::gateway::run(sqlite, graphql, super::super::$test).await;
                    }

                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn postgres() {
                        let (postgres, graphql) = (crate::support::test_database::Database::Postgres, crate::support::api::Api::GraphQl);
                        crate::support::gateway::run(postgres, graphql, super::super::$test).await;
                    }
                }
            )+
        }
    };
}

mod accounts;
mod graphql;
mod idempotency;
mod import;
mod inventory;
mod operations;
mod proxies;
mod repository;
mod rest;
mod support;
mod webhooks;
