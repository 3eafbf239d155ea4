//! The driver for PostgreSQL against real servers and poolers.

use std::sync::Arc;
use std::time::Duration;

use database::{Database, Location, Settings, Timeouts};
use sea_orm::{DbErr, Statement};

mod connections;
mod interruptions;
mod poolers;
mod row_batches;
mod tls;

/// The settings of these tests.
fn settings() -> Settings {
    Timeouts::Short.into()
}

async fn open(url: &str, settings: Settings) -> Result<Database, DbErr> {
    Database::open(&Location::Postgres(url.to_owned()), settings, Arc::new(())).await
}

fn sql(text: &str) -> Statement {
    Statement::from_sql_and_values(sea_orm::DbBackend::Postgres, text, [])
}

/// The integer that a query returns.
async fn number(db: &Database, text: &str) -> Result<i64, DbErr> {
    db.number(sql(text)).await
}

/// Waits until a query returns this integer.
async fn wait_until(db: &Database, text: &str, expected: i64) {
    let waited = tokio::time::timeout(Duration::from_secs(10), async {
        while number(db, text).await != Ok(expected) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(waited.await.is_ok(), "{text} is never {expected}");
}
