//! Applies and reverts the program's migrations.

use std::sync::Arc;

use database::{Database, MigrationLock};
use migration::Migrator;

use crate::error::{Error, Result};

/// Must be the same in all versions of the program: "stock" in ASCII.
const LOCK: MigrationLock = MigrationLock(0x73_746f_636b);

// The crates `database` and `entity` must agree on the form of stored amounts.
const _: () = assert!(
    database::MONEY_WHOLE_DIGITS == entity::money::WHOLE_DIGITS
        && database::MONEY_DECIMALS == entity::money::DECIMALS
);

/// Applies the missing migrations, all or none. Then updates the folded texts whose form has changed, in batches. If that is
/// interrupted, the next call continues with the remaining rows.
pub async fn migrate_up(db: &Database) -> Result<()> {
    db.migrate_up::<Migrator>(LOCK).await?;
    while db
        .transaction(Arc::new(()), |transaction| {
            Box::pin(async move { Ok::<_, Error>(migration::refold_batch(transaction).await?) })
        })
        .await?
    {}
    Ok(())
}

/// Reverts the last `steps` migrations.
pub async fn migrate_down(db: &Database, steps: u32) -> Result<()> {
    Ok(db.migrate_down::<Migrator>(LOCK, steps).await?)
}

/// The name of each migration and whether it is applied.
pub async fn migrations(db: &Database) -> Result<Vec<(String, bool)>> {
    Ok(db.migrations::<Migrator>().await?)
}

/// Whether the database responds and all migrations are applied.
pub async fn is_current(db: &Database) -> Result<bool> {
    Ok(migrations(db).await?.iter().all(|(_, applied)| *applied))
}
