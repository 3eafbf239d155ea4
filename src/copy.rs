//! Copies a database of the program into an empty database of either kind.

use database::{Database, Transaction};
use database_copy::{Comparison, Plan, Progress};
use futures_util::future::BoxFuture;

use crate::error::{Error, Result};
use crate::import::require_empty;
use crate::schema::{self, SchemaStatus};

const PLAN: Plan = Plan {
    // Triggers of the target fill `tally` and `revision`, whose form differs between the databases. `stockroom check` verifies
    // the former.
    ignored_tables: &["seaql_migrations", "compatible_migration", "tally", "revision"],
    last_tables: &["account_epoch"],
    seeded_tables: &["account_epoch", "group", "permission", "refold_due"],
    summed_columns: &["quantity", "change"],
};

/// Copies all rows and returns the comparison of each table. If a table differs, nothing is stored.
///
/// # Errors
/// Fails, and stores nothing, if migrations of the source are missing, the schemas differ, the target is not empty,
/// `progress` is cancelled, or a statement fails.
pub(crate) async fn run(
    source: &Database,
    target: &Database,
    progress: &Progress,
) -> Result<Vec<Comparison>> {
    match SchemaStatus::of(&schema::migrations(source).await?) {
        SchemaStatus::Current => {}
        SchemaStatus::Outdated => {
            return Err(Error::internal(
                "migrations of the source are missing; run `stockroom migrate up` on it first",
            ));
        }
        // The copy would lack what the newer version has added.
        SchemaStatus::Compatible(name) | SchemaStatus::TooNew(name) => return Err(schema::too_new(name)),
    }
    database_copy::run(source, target, PLAN, check, progress).await
}

/// Fails if the target is not empty, or has groups or permissions that were added by hand.
fn check(transaction: &Transaction) -> BoxFuture<'_, Result<()>> {
    Box::pin(require_empty(transaction))
}
