//! Opens the database for a command.

use std::sync::Arc;

use database::Database;

use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::schema;
use crate::services::Services;

/// Opens the database and creates its tables if it is empty. Commands other than `serve` and `migrate up` do not change the
/// tables of a database in use.
///
/// # Errors
/// Fails if migrations are missing in a database that has others.
pub(super) async fn open_current(config: Config) -> Result<Arc<Services>> {
    let services = Services::open(config, Clock::system()).await?;
    create_if_empty(&services.db).await?;
    Ok(services)
}

/// Creates the tables of an empty database.
///
/// # Errors
/// Fails if migrations are missing in a database that has others.
pub(super) async fn create_if_empty(db: &Database) -> Result<()> {
    let migrations = schema::migrations(db).await?;
    let applied = migrations.iter().filter(|(_, applied)| *applied).count();
    if applied == 0 {
        return schema::migrate_up(db).await;
    }
    if applied < migrations.len() {
        return Err(Error::internal(
            "migrations are missing: run `stockroom migrate up`, or start the server",
        ));
    }
    Ok(())
}

/// Opens the database and applies missing migrations.
pub(super) async fn open_migrated(config: Config) -> Result<Arc<Services>> {
    let services = Services::open(config, Clock::system()).await?;
    schema::migrate_up(&services.db).await?;
    Ok(services)
}
