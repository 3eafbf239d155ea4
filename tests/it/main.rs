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
                let (sqlite, rest) = (crate::support::test_database::Database::Sqlite, crate::support::api::Face::Rest);
                crate::support::gateway::run(sqlite, rest, super::$test).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let (postgres, rest) = (crate::support::test_database::Database::Postgres, crate::support::api::Face::Rest);
                crate::support::gateway::run(postgres, rest, super::$test).await;
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
                        let (sqlite, graphql) = (crate::support::test_database::Database::Sqlite, crate::support::api::Face::GraphQl);
                        crate::support::gateway::run(sqlite, graphql, super::super::$test).await;
                    }

                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn postgres() {
                        let (postgres, graphql) = (crate::support::test_database::Database::Postgres, crate::support::api::Face::GraphQl);
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
mod repository;
mod rest;
mod support;
mod webhooks;
