//! Applies and reverts the program's migrations.

use std::sync::Arc;

use database::migrations::{Migration, State};
use database::{Database, MigrationLock};
use migration::Migrator;

use crate::error::{Error, Result};

/// "stock" in ASCII. It must be the same in all versions of the program.
const LOCK: MigrationLock = MigrationLock(0x73_746f_636b);

// The crates `database` and `entity` must agree on the form of stored amounts.
const _: () = assert!(
    database::MONEY_WHOLE_DIGITS == entity::money::WHOLE_DIGITS
        && database::MONEY_DECIMALS == entity::money::DECIMALS
);

/// Applies the missing migrations, all or none. Then updates the folded texts whose form has changed, in batches. If that is
/// interrupted, the next call continues with the remaining rows. Does nothing to a schema that a newer version has changed
/// compatibly.
///
/// # Errors
/// Fails if a newer version has changed the schema in another way.
pub async fn migrate_up(db: &Database) -> Result<()> {
    let migrations = migrations(db).await?;
    match SchemaStatus::of(&migrations) {
        SchemaStatus::Current => {}
        SchemaStatus::Compatible(_) => return Ok(()),
        SchemaStatus::Outdated => db.migrate_up::<Migrator>(LOCK).await?,
        SchemaStatus::TooNew(name) => return Err(too_new(name)),
    }
    while db
        .transaction(Arc::new(()), |transaction| {
            Box::pin(async move { Ok::<_, Error>(migration::refold_batch(transaction).await?) })
        })
        .await?
    {}
    Ok(())
}

/// Reverts the last `steps` migrations.
///
/// # Errors
/// Fails if a newer version has applied migrations, which only that version can revert.
pub async fn migrate_down(db: &Database, steps: u32) -> Result<()> {
    match SchemaStatus::of(&migrations(db).await?) {
        SchemaStatus::Compatible(name) | SchemaStatus::TooNew(name) => Err(Error::internal(format!(
            "the migration {name} belongs to a newer version of this program: revert it with that version first"
        ))),
        SchemaStatus::Current | SchemaStatus::Outdated => {
            Ok(db.migrate_down::<Migrator>(LOCK, steps).await?)
        }
    }
}

/// The migrations of this version with their states, and those that newer versions have applied.
pub async fn migrations(db: &Database) -> Result<Vec<Migration>> {
    Ok(db.migrations::<Migrator>().await?)
}

/// Whether this version can use the database, by its migrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaStatus<'m> {
    Current,
    /// Newer versions have applied migrations that are compatible with this one. Contains the name of the first.
    Compatible(&'m str),
    /// Migrations are missing.
    Outdated,
    /// A newer version has applied this migration, which is not marked as compatible, or is the first compatible one in a
    /// database that lacks migrations of this version.
    TooNew(&'m str),
}

impl<'m> SchemaStatus<'m> {
    pub fn of(migrations: &'m [Migration]) -> Self {
        let first = |state| {
            let mut names = migrations
                .iter()
                .filter(move |migration| migration.state == state);
            names.next().map(|migration| &*migration.name)
        };
        match (
            first(State::Unknown),
            first(State::Compatible),
            first(State::Missing),
        ) {
            (Some(name), ..) | (None, Some(name), Some(_)) => Self::TooNew(name),
            (None, None, Some(_)) => Self::Outdated,
            (None, Some(name), None) => Self::Compatible(name),
            (None, None, None) => Self::Current,
        }
    }
}

/// The error for a schema that this version can't use.
pub fn too_new(migration: &str) -> Error {
    Error::internal(format!(
        "a newer version of this program has applied the migration {migration}, which this version can't use: run the newer version"
    ))
}
