//! The crate against real databases: SQLite always, PostgreSQL when `STOCKROOM_TEST_POSTGRES` names a server.

#![expect(clippy::expect_used, reason = "a panic is a failed test")]

/// Runs each test on a new database of both kinds.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        $(mod $name {
            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                let place = crate::place::Place::sqlite();
                super::$name(place.open().await).await;
                place.remove().await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                let Some(place) = crate::place::Place::postgres().await else {
                    return;
                };
                super::$name(place.open().await).await;
                place.remove().await;
            }
        })+
    };
}

mod bulk;
mod close;
mod dialect;
mod migrations;
mod observer;
mod place;
mod postgres;
mod reading;
mod schema;
mod server;
mod transactions;
