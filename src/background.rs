//! Periodic tasks: deleting expired idempotency keys, and on PostgreSQL merging the changes of row counts and vacuuming
//! products.

use std::sync::Arc;
use std::time::Duration;

use database::{Backend, TableVacuum};

use crate::ctx::Ctx;
use crate::error::Result;
use crate::idempotency;
use crate::query::row_count;
use crate::services::Services;
use crate::telemetry::log_failure;

/// Delay between a commit and the merge, which then includes the commits made during the delay.
const MERGE_DELAY: Duration = Duration::from_secs(1);

/// Time between two deletions of expired keys.
const PRUNE_INTERVAL: Duration = Duration::from_secs(600);
/// How often the clock is checked for the next deletion.
const POLL: Duration = Duration::from_secs(30);
/// The maximum number of batches per deletion. The next deletion continues with the rest.
const MAX_BATCHES: usize = 1_000;
/// Pause between two batches, for other transactions.
const BATCH_PAUSE: Duration = Duration::from_millis(20);

/// The number of updates of products, such as movements, after which they are vacuumed. Then searches within a category are
/// read from an index alone again.
const UPDATES_PER_VACUUM: i64 = 500;
/// How often the number of updates is checked.
const VACUUM_INTERVAL: Duration = Duration::from_secs(60);

/// Starts the tasks, which run until shutdown.
pub fn start(services: &Arc<Services>) {
    services.tasks.spawn(prune_keys(Arc::clone(services)));
    // SQLite has nothing to merge, because its triggers update one row for each table, and nothing to vacuum.
    if services.db.backend() == Backend::Sqlite {
        return;
    }
    services.tasks.spawn(vacuum_products(Arc::clone(services)));
    let services = Arc::clone(services);
    let mut commits = services.commits.subscribe();
    services.tasks.clone().spawn(async move {
        let merging = async {
            while commits.changed().await.is_ok() {
                tokio::time::sleep(MERGE_DELAY).await;
                commits.mark_unchanged();
                if let Err(error) = row_count::merge(&services.db).await {
                    // The next merge includes these changes.
                    log_failure(&error);
                }
            }
        };
        tokio::select! {
            () = merging => {}
            () = services.wait_for_shutdown() => {}
        }
    });
}

/// Vacuums products after [`UPDATES_PER_VACUUM`] updates, at most once per [`VACUUM_INTERVAL`].
async fn vacuum_products(services: Arc<Services>) {
    let vacuuming = async {
        let mut products = TableVacuum::new("product", UPDATES_PER_VACUUM);
        loop {
            if let Err(error) = products.run_if_due(&services.db).await {
                tracing::warn!(%error, "products could not be vacuumed");
            }
            tokio::time::sleep(VACUUM_INTERVAL).await;
        }
    };
    tokio::select! {
        () = vacuuming => {}
        () = services.wait_for_shutdown() => {}
    }
}

/// Deletes expired idempotency keys every [`PRUNE_INTERVAL`].
async fn prune_keys(services: Arc<Services>) {
    let mut next = services.clock.monotonic();
    while !services.is_stopping() {
        if services.clock.monotonic() >= next {
            next = services.clock.monotonic() + PRUNE_INTERVAL;
            if let Err(error) = prune_in_batches(&services).await {
                log_failure(&error);
            }
        }
        tokio::select! {
            () = services.wait_for_shutdown() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

async fn prune_in_batches(services: &Arc<Services>) -> Result<()> {
    for _ in 0..MAX_BATCHES {
        if services.is_stopping() || !idempotency::store::prune(&Ctx::system(Arc::clone(services))).await? {
            break;
        }
        tokio::time::sleep(BATCH_PAUSE).await;
    }
    Ok(())
}
