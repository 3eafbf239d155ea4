//! Opens the database for a command.

use std::sync::Arc;

use database::Database;
use database::migrations::{Migration, State};

use super::output::{explain, note};
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::schema::{self, SchemaStatus};
use crate::services::Services;

/// Opens the database and creates its tables if it is empty. Commands other than `serve` and `migrate up` do not change the
/// tables of a database in use.
///
/// # Errors
/// Fails if some of the migrations are missing, or a newer version has changed the schema so that this one can't use it.
pub(super) async fn open_current(config: Config) -> Result<Arc<Services>> {
    let services = Services::open(config, Clock::system()).await?;
    create_if_empty(&services.db).await?;
    Ok(services)
}

/// Like [`open_current`], for a command that only reads a few columns that every version has. Accepts a newer schema and
/// prints a note.
///
/// # Errors
/// Fails if some of the migrations are missing.
pub(super) async fn open_to_read(config: Config) -> Result<Arc<Services>> {
    let services = Services::open(config, Clock::system()).await?;
    match SchemaStatus::of(&schema::migrations(&services.db).await?) {
        SchemaStatus::TooNew(name) => note(&explain(&schema::too_new(name))),
        _ => create_if_empty(&services.db).await?,
    }
    Ok(services)
}

/// Creates the tables of an empty database.
///
/// # Errors
/// Fails in the same cases as [`open_current`].
pub(super) async fn create_if_empty(db: &Database) -> Result<()> {
    let migrations = schema::migrations(db).await?;
    if migrations
        .iter()
        .all(|migration| migration.state == State::Missing)
    {
        return schema::migrate_up(db).await;
    }
    require_usable(&migrations)
}

/// Checks that this version can use the database.
///
/// # Errors
/// Fails in the same cases as [`open_current`], and if the database is empty.
pub(super) async fn require_current(db: &Database) -> Result<()> {
    require_usable(&schema::migrations(db).await?)
}

fn require_usable(migrations: &[Migration]) -> Result<()> {
    match SchemaStatus::of(migrations) {
        SchemaStatus::Current => Ok(()),
        SchemaStatus::Compatible(name) => {
            note_compatible(name);
            Ok(())
        }
        SchemaStatus::Outdated => Err(Error::internal(
            "migrations are missing: run `stockroom migrate up`, or start the server",
        )),
        SchemaStatus::TooNew(name) => Err(schema::too_new(name)),
    }
}

/// Reports on standard error that a newer version has changed the schema.
pub(super) fn note_compatible(migration: &str) {
    note(&format!(
        "a newer version of this program has applied the migration {migration}, with which this version is compatible"
    ));
}

/// Opens the database and applies missing migrations.
pub(super) async fn open_migrated(config: Config) -> Result<Arc<Services>> {
    let services = Services::open(config, Clock::system()).await?;
    schema::migrate_up(&services.db).await?;
    if let SchemaStatus::Compatible(name) = SchemaStatus::of(&schema::migrations(&services.db).await?) {
        tracing::warn!(
            migration = name,
            "a newer version of this program has changed the schema; this version is compatible with it"
        );
    }
    Ok(services)
}
