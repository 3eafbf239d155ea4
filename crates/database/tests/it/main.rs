//! The crate against real databases: SQLite always, PostgreSQL when `STOCKROOM_TEST_POSTGRES` names a server.

#![expect(clippy::expect_used, reason = "a panic is a failed test")]

/// Runs each test on a new database of both kinds.
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        $(mod $name {
            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                let test_database = crate::test_database::TestDatabase::sqlite();
                super::$name(test_database.open().await).await;
                test_database.remove().await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                let Some(test_database) = crate::test_database::TestDatabase::postgres().await else {
                    return;
                };
                super::$name(test_database.open().await).await;
                test_database.remove().await;
            }
        })+
    };
}

mod bulk;
mod close;
mod dialect;
mod migrations;
mod observer;
mod postgres;
mod reading;
mod schema;
mod server;
mod test_database;
mod transactions;
